"""Local servers that speak the vendors' wire formats, well or badly as a test asks."""
