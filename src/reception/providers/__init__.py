"""Adapters for speech and embedding models behind the ports."""
