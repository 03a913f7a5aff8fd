"""One real server for the whole suite, and callers that phone it side by side.

A call lasts as long as it lasts: the scripted calls whose outcome is looked at by the selected tests run at the
same time, a few at once, and each test waits for its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time

import pytest
import pytest_asyncio

from reception.cli.phone import PhoneCall, dial
from reception.cli.phone_book import look_up
from reception.ports.audio import AudioFormat
from reception.runtime.demo.businesses import DemoBusiness, demo_businesses
from tests.support.callers import open_day
from tests.support.running_server import RunningServer, running_server

CALLS_AT_ONCE = 3
WIDEBAND = AudioFormat("pcm_s16le", 16000)
TELEPHONE = AudioFormat("mulaw", 8000)
PARKING = r"lot behind the restaurant|[Vv]alet parking"
"""What the demo restaurant's documents say of parking."""

Calls = dict[str, "asyncio.Task[PhoneCall]"]
Script = Callable[[RunningServer], Awaitable[PhoneCall]]
SCRIPTS: dict[str, Script] = {}


def scripted(name: str) -> Callable[[Script], Script]:
    """Registers a call that a test asks for as `@pytest.mark.parametrize("finished", [name], indirect=True)`."""

    def register(script: Script) -> Script:
        SCRIPTS[name] = script
        return script

    return register


@asynccontextmanager
async def phone_call(
    server: RunningServer, audio: AudioFormat, *, agent: str = "harbor-table"
) -> AsyncIterator[PhoneCall]:
    async with dial(await look_up(server.url, agent), audio) as call:
        yield call


def restaurant() -> DemoBusiness:
    return demo_businesses(datetime.now(UTC).date())[0]


def dinner_day(ahead: int = 3) -> date:
    """A day on which the demo restaurant serves dinner at half past seven."""
    spec = restaurant().spec
    return open_day(spec.hours, spec.timezone, time(19, 30), ahead=ahead)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calls(request: pytest.FixtureRequest, server: RunningServer) -> AsyncIterator[Calls]:
    """The scripted calls that the selected tests look at, under way."""
    wanted: dict[str, None] = {}
    for item in request.session.items:
        spec = getattr(item, "callspec", None)
        if spec is not None and "finished" in spec.params:
            wanted[spec.params["finished"]] = None
    lines = asyncio.Semaphore(CALLS_AT_ONCE)

    async def place(script: Script) -> PhoneCall:
        async with lines:
            return await script(server)

    tasks = {name: asyncio.create_task(place(SCRIPTS[name]), name=name) for name in wanted}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest_asyncio.fixture(loop_scope="session")
async def finished(request: pytest.FixtureRequest, calls: Calls) -> PhoneCall:
    """The scripted call named by the test's parameter, over and hung up."""
    return await calls[request.param]
