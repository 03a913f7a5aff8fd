"""The speech of whole calls through vendors that listen and go wrong in the middle: every utterance is heard once.

Each utterance is asked for by its place in the call, as a call does; another vendor stands behind the first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest

from reception.ports.events import ProviderSwitched
from reception.ports.speech import Recognizer, TranscriptionHints
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.recognition import ResilientRecognizer, ResilientStream
from tests.contract.vendors.conftest import Connect
from tests.contract.vendors.test_listeners import CASES, AnyCase, Ears, eventually
from tests.support.vendors.faults import Fault
from tests.support.vendors.ws_vendor import quiet, speech

HINTS = TranscriptionHints(names=("Lumen",))
SAID = ("one two", "three four five", "six", "seven eight one", "two three", "four")
BREAKS_AT = 2
"""The utterance in which the vendor fails; it is well again two later."""
FAULTS = (Fault.SLOW_FIRST_BYTE, Fault.STALL, Fault.HALF_CLOSED, Fault.GARBAGE, Fault.UNAUTHORIZED, Fault.BROKEN)


async def _no_probe() -> None:
    return None


@asynccontextmanager
async def call_heard_by(
    case: AnyCase, connect: Connect, told: list[ProviderSwitched]
) -> AsyncIterator[tuple[ResilientStream, Ears, Ears]]:
    """A call, the vendor it prefers, and the one that stands in."""
    async with AsyncExitStack() as stack:
        servers: list[Ears] = [await stack.enter_async_context(case.server()) for _ in range(2)]
        links: list[Link[Recognizer]] = []
        for server in servers:
            access = connect(case.provider, server.base_url, impatient=server is servers[0])
            name = "first" if server is servers[0] else "second"
            links.append(Link(name, case.make(access), _no_probe))
        probes = Probes()
        recognizer = ResilientRecognizer(links, probes, told.append, Budget(stt_hedge_s=0.1))
        stream = recognizer.open(8000, HINTS)
        try:
            yield stream, servers[0], servers[1]
        finally:
            await stream.aclose()
            await probes.aclose()


def go_wrong(server: Ears, fault: Fault) -> None:
    """A vendor that refuses does so to whoever connects anew: the connection that there is breaks."""
    server.fault = fault
    if fault in (Fault.UNAUTHORIZED, Fault.BROKEN):
        server.break_connections()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_no_utterance_is_lost_and_no_word_is_heard_twice_while_a_vendor_fails(
    case: AnyCase, fault: Fault, connect: Connect
) -> None:
    told: list[ProviderSwitched] = []
    heard: list[str] = []
    async with call_heard_by(case, connect, told) as (stream, first, _):
        at_ms = 0
        for number, words in enumerate(SAID):
            if number == BREAKS_AT:
                go_wrong(first, fault)
            elif number == BREAKS_AT + 2:
                first.fault = Fault.NONE
            for audio in (speech(words), quiet(200)):
                for start in range(0, audio.size, 160):
                    stream.feed(audio[start : start + 160])
                    await asyncio.sleep(0)
            end_ms = at_ms + 200 * len(words.split()) + 200
            heard.append((await stream.transcribe(at_ms, end_ms, HINTS, partial=False)).text)
            at_ms = end_ms
            stream.forget(at_ms)
    assert tuple(heard) == SAID
    assert [(one.from_provider, one.to_provider) for one in told][:1] == [("first", "second")]


@pytest.mark.parametrize("case", CASES)
async def test_a_vendor_that_loses_the_connection_hears_what_was_said_meanwhile(
    case: AnyCase, connect: Connect
) -> None:
    async with case.server() as server:
        access = connect(case.provider, server.base_url)
        stream = case.make(access).open(8000, HINTS)
        at_ms = 0
        for number, words in enumerate(SAID):
            if number:
                server.break_connections()
            for audio in (speech(words), quiet(200)):
                for start in range(0, audio.size, 160):
                    stream.feed(audio[start : start + 160])
                    await asyncio.sleep(0)
            end_ms = at_ms + 200 * len(words.split()) + 200
            asked = partial(stream.transcribe, at_ms, end_ms, HINTS, partial=False)
            assert (await eventually(asked)).text == words
            at_ms = end_ms
            stream.forget(at_ms)
        await stream.aclose()
