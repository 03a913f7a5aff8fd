"""Protocols and values that the layers above and below agree on. No behaviour, no I/O."""
