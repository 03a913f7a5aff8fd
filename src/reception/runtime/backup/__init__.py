"""A whole installation in one file, and back: the database's rows, and the recordings where they lie in a folder."""
