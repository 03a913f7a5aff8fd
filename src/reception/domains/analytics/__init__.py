"""Figures of a business over time; reads what the other domains have stored."""
