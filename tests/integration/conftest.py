"""Fixtures of every integration test."""

from tests.support.postgres import data_dir, database, postgres
from tests.support.scenarios import hasty_database

__all__ = ["data_dir", "database", "hasty_database", "postgres"]
