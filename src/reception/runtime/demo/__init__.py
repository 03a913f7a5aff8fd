"""Three fictional businesses that a fresh installation starts with."""
