"""Fixtures of every integration test."""

from tests.support.postgres import data_dir, database, postgres

__all__ = ["data_dir", "database", "postgres"]
