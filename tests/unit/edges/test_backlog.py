"""What waits to be stored is stored once, whenever the process is told to stop."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from reception.runtime.backlog import Backlog
from tests.support.virtual_time import run_virtual

HERE, THERE = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("stopped_after_s", [0.0, 0.5, 1.5, 2.5, 3.5])
@pytest.mark.parametrize("reachable", [True, False])
def test_what_is_being_stored_when_the_process_stops_is_stored_once(stopped_after_s: float, reachable: bool) -> None:
    """Before, while and after the database takes it, for the first tenant or the second."""
    kept: list[int] = []

    async def scenario() -> None:
        waiting: Backlog[int] = Backlog(10)
        for tenant_id, row in ((HERE, 1), (THERE, 2), (HERE, 3)):
            waiting.put(tenant_id, row)
        there = reachable

        async def store(tenant_id: UUID, rows: Sequence[int]) -> bool:
            await asyncio.sleep(1.0)
            if there:
                kept.extend(rows)
            await asyncio.sleep(1.0)
            return there

        storing = asyncio.create_task(waiting.store(store))
        await asyncio.sleep(stopped_after_s)
        storing.cancel()
        await asyncio.gather(storing, return_exceptions=True)
        there = True
        assert await waiting.store(store)
        assert not list(waiting)

    run_virtual(scenario())
    assert sorted(kept) == [1, 2, 3]
