"""Sessions bound to a tenant, the embedded server, migrations."""
