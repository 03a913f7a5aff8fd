"""Usage: what a tenant has used of providers, and what that costs."""
