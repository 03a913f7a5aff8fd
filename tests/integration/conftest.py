"""Fixtures of every integration test."""

from tests.support.postgres import database, postgres

__all__ = ["database", "postgres"]
