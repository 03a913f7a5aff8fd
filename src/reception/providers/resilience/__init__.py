"""What keeps a call going when a provider is slow, dead or wrong."""
