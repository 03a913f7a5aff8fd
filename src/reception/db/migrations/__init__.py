"""Alembic scripts, kept inside the package so that an installation can migrate itself."""
