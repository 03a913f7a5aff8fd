"""Credentials: the keys that a tenant has of its own for providers."""
