"""Businesses, each one tenant."""
