"""What waits in the memory of a process to be stored, tenant by tenant."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Generic, TypeVar
from uuid import UUID

_Row = TypeVar("_Row")


class Backlog(Generic[_Row]):
    """In order; the oldest rows are dropped beyond `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: list[tuple[UUID, _Row]] = []

    def __iter__(self) -> Iterator[_Row]:
        return (row for _, row in self._rows)

    def put(self, tenant_id: UUID, row: _Row) -> None:
        self._rows.append((tenant_id, row))
        del self._rows[: -self._most]

    async def store(self, store: Callable[[UUID, Sequence[_Row]], Awaitable[bool]]) -> bool:
        """Have `store` take the rows of one tenant after the other. What it says False of waits on, and so does what is
        left when this is cancelled. Whether all of them were taken."""
        by_tenant: dict[UUID, list[_Row]] = defaultdict(list)
        for tenant_id, row in self._rows:
            by_tenant[tenant_id].append(row)
        self._rows = []
        all_stored = True
        try:
            for tenant_id in list(by_tenant):
                rows = by_tenant.pop(tenant_id)
                try:
                    stored = await store(tenant_id, rows)
                except asyncio.CancelledError:
                    by_tenant[tenant_id] = rows
                    raise
                if not stored:
                    by_tenant[tenant_id] = rows
                    all_stored = False
        finally:
            self._rows[:0] = [(tenant_id, row) for tenant_id, rows in by_tenant.items() for row in rows]
            del self._rows[: -self._most]
        return all_stored
