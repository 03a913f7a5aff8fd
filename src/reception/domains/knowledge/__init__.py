"""A business's own documents, searchable."""
