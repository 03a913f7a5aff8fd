"""Reads a business's web site: only what anybody may read, and only from the public internet."""
