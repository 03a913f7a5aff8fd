"""Adapters, one file for each wire format: what a vendor wants to be sent, and what its answers mean."""
