"""Flows, intents and transfer targets that a tenant describes as data."""
