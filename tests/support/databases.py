"""More databases on the test session's server, as an operator would make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from reception.core.ids import uuid7
from reception.db.embedded import OWNER_ROLE, EmbeddedPostgres


@dataclass(frozen=True, slots=True)
class OtherDatabase:
    """`owner_url` is by the role that owns it, `runtime_url` by the service's, `all_seeing_url` by the server's own."""

    owner_url: str
    runtime_url: str
    all_seeing_url: str
    host: str
    name: str

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What it holds, past every tenant's walls."""
        with psycopg.connect(host=self.host, user="postgres", dbname=self.name) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = self.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        return {name: self.rows(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in tables}


@contextmanager
def other_database(postgres: EmbeddedPostgres, owner: str = OWNER_ROLE) -> Iterator[OtherDatabase]:
    """An empty database with pgvector, dropped at the end."""
    name = f"other_{uuid7().hex}"
    host = str(make_url(postgres.owner_url).query["host"])
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
        with psycopg.connect(host=host, user="postgres", dbname=name, autocommit=True) as inside:
            inside.execute("CREATE EXTENSION vector")
            inside.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(owner)))
        try:
            owned, run_time = (
                make_url(url).set(database=name).render_as_string(hide_password=False)
                for url in (postgres.owner_url, postgres.runtime_url)
            )
            yield OtherDatabase(owned, run_time, f"postgresql://postgres@/{name}?host={host}", host, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
