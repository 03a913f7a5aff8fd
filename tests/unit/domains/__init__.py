"""Pure parts of the domains."""
