"""What it means, of all that drivers and pools raise, that the database cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reception.core.errors import Unavailable

# A transaction that was ended for being idle too long is an `InternalError`.
_NO_ANSWER = (
    OperationalError,
    InterfaceError,
    InternalError,
    PoolTimeout,
    # Of what goes past SQLAlchemy, to the driver and to the queue.
    psycopg.OperationalError,
    psycopg.InterfaceError,
    ConnectorException,
)


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Raises `Unavailable` in place of whatever says that the database is away or does not answer in time."""
    try:
        yield
    except _NO_ANSWER as error:
        raise Unavailable("The database does not answer") from error
