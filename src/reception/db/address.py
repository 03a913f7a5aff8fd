"""Database addresses: one driver, and the options a run-time connection is opened with."""

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from reception.core.errors import InvalidInput

DRIVER = "postgresql+psycopg"
RUNTIME_ROLE = "reception_app"
RUNTIME_OPTIONS = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=120s -c jit=off"
"""Of every run-time connection, for libpq: the limits that the server keeps; no statement is worth compiling."""


def parse(address: str) -> URL:
    """Read `postgres://`, `postgresql://` or `postgresql+psycopg://` as an address for psycopg 3.

    Raises:
        InvalidInput: it is no PostgreSQL address. The address itself is not repeated: it may hold a password.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise InvalidInput("DATABASE_URL is not an address like postgresql://user:password@host/name") from error
    if url.drivername not in ("postgres", "postgresql", DRIVER):
        raise InvalidInput(f"DATABASE_URL must name a PostgreSQL database, not {url.drivername}")
    return url.set(drivername=DRIVER)


def with_options(url: URL, options: str) -> URL:
    """`url` with more libpq `options` after those it has."""
    present = url.query.get("options", "")
    before = present if isinstance(present, str) else " ".join(present)
    return url.update_query_dict({"options": f"{before} {options}".strip()})


def text(url: URL) -> str:
    """`url` written out, password included."""
    return url.render_as_string(hide_password=False)


def conninfo(address: str) -> str:
    """`address` as psycopg itself takes it."""
    url = parse(address)
    parts = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    return make_conninfo(**{name: str(value) for name, value in parts.items()})
