import asyncio
import threading
from functools import partial

import pytest

from reception.core.errors import ProviderError
from reception.providers.embedded.lane import Lane


async def test_runs_in_order_and_hands_back_results_and_errors() -> None:
    lane = Lane("model")
    done: list[int] = []

    def work(number: int) -> int:
        done.append(number)
        if number == 2:
            raise ProviderError("model", "broken")
        return number * 10

    results = await asyncio.gather(*(lane.run(lambda n=n: work(n)) for n in range(4)), return_exceptions=True)  # type: ignore[misc]
    lane.close()
    assert done == [0, 1, 2, 3]
    assert results[0] == 0
    assert results[3] == 30
    assert isinstance(results[2], ProviderError)


async def occupy(lane: Lane) -> tuple[threading.Event, asyncio.Future[bool]]:
    """Start a job that runs until the event is set."""
    started, gate = threading.Event(), threading.Event()

    def work() -> bool:
        started.set()
        return gate.wait()

    running = asyncio.ensure_future(lane.run(work))
    await asyncio.to_thread(started.wait)
    return gate, running


async def test_what_was_cancelled_before_it_started_is_never_run() -> None:
    lane = Lane("model")
    gate, first = await occupy(lane)
    ran = threading.Event()
    second = asyncio.ensure_future(lane.run(ran.set))
    await asyncio.sleep(0)
    assert lane.waiting == 1
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert lane.waiting == 0
    gate.set()
    assert await first
    await lane.run(lambda: None)
    lane.close()
    assert not ran.is_set()


async def test_one_too_many_is_refused_as_retryable() -> None:
    lane = Lane("model", limit=1)
    gate, first = await occupy(lane)
    second = asyncio.ensure_future(lane.run(lambda: "second"))
    await asyncio.sleep(0)
    with pytest.raises(ProviderError) as refused:
        await lane.run(lambda: "third")
    assert refused.value.retryable
    gate.set()
    assert await first
    assert await second == "second"
    lane.close()


async def test_nothing_runs_after_close() -> None:
    lane = Lane("model")
    lane.close()
    lane.close()
    with pytest.raises(ProviderError):
        await lane.run(lambda: None)


async def test_what_is_urgent_goes_before_what_waited_longer() -> None:
    lane = Lane("model")
    done: list[str] = []
    gate, running = await occupy(lane)
    waiting = [
        lane.run(partial(done.append, name), urgent=name.startswith("urgent"))
        for name in ("batch 1", "batch 2", "urgent 1", "urgent 2")
    ]
    together = asyncio.gather(*waiting)
    await asyncio.sleep(0)
    assert lane.waiting == 4
    gate.set()
    await asyncio.gather(running, together)
    lane.close()
    assert done == ["urgent 1", "urgent 2", "batch 1", "batch 2"]
