"""What a tenant's tables hold, row by row as JSON: for grading and for moving a conversation into a scenario."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_TABLES = text(
    "SELECT table_name FROM information_schema.columns "
    "WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY table_name"
)


async def tenant_tables(session: AsyncSession) -> tuple[str, ...]:
    """The names of the tables whose rows belong to a tenant."""
    return tuple((await session.execute(_TABLES)).scalars().all())


async def tenant_rows(
    session: AsyncSession, table: str, *, most: int = 5_000, without: str = "", **equal: str
) -> list[dict[str, Any]]:
    """The rows of `table` that the session's tenant may see, as PostgreSQL writes them as JSON; times have an offset.

    `without` leaves a column out; `equal` keeps the rows whose columns have these values, as text.

    Raises:
        ValueError: `table` is no table of tenants, or another name is none of a column.
    """
    if not _NAME.fullmatch(table) or table not in await tenant_tables(session):
        raise ValueError(f"{table[:63]} is no table of tenants")
    if not all(_NAME.fullmatch(name) for name in (*equal, without or "none")):
        raise ValueError("a column has a name of small letters, digits and underscores")
    where = " AND ".join(f'CAST(t."{name}" AS text) = :{name}' for name in equal) or "true"
    statement = f'SELECT to_jsonb(t) - CAST(:without AS text) FROM "{table}" t WHERE {where} LIMIT :most'  # noqa: S608
    rows = await session.execute(text(statement), {"most": most, "without": without, **equal})
    return list(rows.scalars().all())


async def row_counts(session: AsyncSession) -> dict[str, int]:
    """How many rows each table of tenants has for the session's tenant; tables without any are left out."""
    names = await tenant_tables(session)
    counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS rows FROM \"{name}\"" for name in names)  # noqa: S608
    found = await session.execute(text(counts))
    return {row.name: row.rows for row in found if row.rows}


async def emptied(session: AsyncSession, tables: Sequence[str]) -> bool:
    """Delete all that the session's tenant has in `tables`; false, and nothing is deleted, where that is not possible.

    Raises:
        ValueError: one is no table of tenants.
    """
    if not set(tables) <= set(await tenant_tables(session)):
        raise ValueError("there is a name of no table of tenants")
    try:
        async with session.begin_nested():
            for table in tables:
                await session.execute(text(f'DELETE FROM "{table}"'))  # noqa: S608
    except DBAPIError:
        return False
    return True
