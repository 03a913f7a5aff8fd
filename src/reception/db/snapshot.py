"""What a tenant's tables hold, row by row as JSON: for grading and for moving a conversation into a scenario."""

import re
from typing import Any

from sqlalchemy import text
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
