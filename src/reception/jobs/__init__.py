"""Background work: one task a file, and the worker that takes them from the queue in PostgreSQL."""
