"""Reception: a self-hosted, multi-tenant AI receptionist."""

__version__ = "0.1.0"
