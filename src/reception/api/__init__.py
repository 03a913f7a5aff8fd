"""HTTP, one resource a file, and the page at /."""
