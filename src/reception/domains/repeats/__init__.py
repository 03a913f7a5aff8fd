"""Repeats: requests that may be sent again, and are done once."""
