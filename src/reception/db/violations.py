"""What PostgreSQL refused, told from SQLAlchemy's wrapping of it."""

from psycopg import Error
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DBAPIError


def is_violation(error: DBAPIError, *kinds: type[Error]) -> bool:
    """Whether `error` wraps one of psycopg's `kinds`."""
    return isinstance(error.orig, kinds)


def constraint_of(error: DBAPIError) -> str:
    """The name of the constraint that was violated, or empty."""
    return (error.orig.diag.constraint_name or "") if isinstance(error.orig, Error) else ""


def is_transient(error: DBAPIError) -> bool:
    """Whether the same work may succeed when simply done again: a deadlock or a serialization failure."""
    return is_violation(error, DeadlockDetected, SerializationFailure)
