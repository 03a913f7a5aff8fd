"""Recognition that goes on with another provider, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from structlog.testing import capture_logs

from reception.core.errors import ProviderError, ProviderRefused
from reception.core.telemetry import PROVIDER_FAILED
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import PROBED_WITHIN_S, Link, Probes
from reception.providers.resilience.health import LONGEST_REST_S
from reception.providers.resilience.recognition import ResilientRecognizer, ResilientStream
from tests.support.virtual_time import run_virtual
from tests.unit.resilience.fakes import RATE_HZ, Ears, Told, broken

HINTS = TranscriptionHints()


def open_stream(*ears: Ears, told: Told | None = None, probes: Probes | None = None) -> ResilientStream:
    links = [one.link() for one in ears]
    stream = ResilientRecognizer(links, probes or Probes(), told or Told(), Budget()).open(RATE_HZ)
    stream.feed(np.arange(RATE_HZ * 2, dtype=np.int16))
    return stream


async def ask(stream: ResilientStream, *, partial: bool = False) -> Transcript:
    return await stream.transcribe(500, 1500, HINTS, partial=partial)


def test_the_first_is_asked_alone_while_it_answers() -> None:
    async def call() -> None:
        first, second, told = Ears("first"), Ears("second"), Told()
        heard = await ask(open_stream(first, second, told=told))
        assert heard.provider == "first"
        assert heard.elapsed_ms == pytest.approx(100)
        assert (second.heard, told.path) == ([], [])

    run_virtual(call())


def test_one_that_fails_costs_its_own_time_only_and_the_call_is_told() -> None:
    async def call() -> None:
        first, second, told = Ears("first", delay_s=0.02, error=broken("first")), Ears("second"), Told()
        began_s = asyncio.get_running_loop().time()
        heard = await ask(open_stream(first, second, told=told))
        assert heard.provider == "second"
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(0.12)
        assert told.path == [("first", "second", "provider_error")]
        assert np.array_equal(second.audio[0], np.arange(RATE_HZ // 2, RATE_HZ * 3 // 2, dtype=np.int16))

    run_virtual(call())


@pytest.mark.parametrize("partial", [False, True])
def test_a_defect_of_one_is_a_failure_like_any_other(partial: bool) -> None:
    async def call() -> None:
        first = Ears("first", error=UnicodeEncodeError("ascii", "Bearer abc“", 10, 11, "a secret"))
        second, told = Ears("second"), Told()
        stream = open_stream(first, second, told=told)
        with capture_logs() as logs:
            for _ in range(4):
                assert (await ask(stream, partial=partial)).provider == "second"
        assert {(line["event"], line["provider"], line["exc_info"]) for line in logs} == {
            (PROVIDER_FAILED, "first", first.error)
        }
        if not partial:
            assert told.path == [("first", "second", "provider_error")]

    run_virtual(call())


def test_one_that_hangs_is_overtaken_and_then_left_alone_for_a_while() -> None:
    async def call() -> None:
        first, second, told = Ears("first", delay_s=60), Ears("second"), Told()
        stream = open_stream(first, second, told=told)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await ask(stream)
        assert loop.time() - began_s == pytest.approx(0.55)
        await ask(stream)
        assert loop.time() - began_s == pytest.approx(0.65)
        assert told.path == [("first", "second", "provider_timeout")]
        await asyncio.sleep(30)
        first.delay_s = 0.1
        assert (await ask(stream)).provider == "first"
        assert told.path[1:] == [("second", "first", "recovered")]

    run_virtual(call())


def test_who_is_late_but_still_first_wins() -> None:
    async def call() -> None:
        heard = await ask(open_stream(Ears("first", delay_s=0.5), Ears("second", delay_s=0.3)))
        assert heard.provider == "first"

    run_virtual(call())


def test_partial_transcripts_come_from_whoever_gives_them_and_say_nothing_of_health() -> None:
    async def call() -> None:
        told = Told()
        stream = open_stream(Ears("first", error=broken("first")), Ears("second"), told=told)
        for _ in range(5):
            assert (await ask(stream, partial=True)).provider == "second"
        assert told.path == []

    run_virtual(call())


def test_when_all_fail_the_last_failure_is_told() -> None:
    async def call() -> None:
        stream = open_stream(Ears("first", error=broken("first")), Ears("second", error=broken("second")))
        for _ in range(6):
            with pytest.raises(ProviderError, match="answered 500"):
                await ask(stream)

    run_virtual(call())


def test_a_dead_provider_is_skipped_by_every_call_and_taken_back_after_a_probe() -> None:
    async def call() -> None:
        first, second, probes = Ears("first", error=broken("first")), Ears("second"), Probes()
        links = [first.link(), second.link()]

        async def one_call() -> str:
            stream = ResilientRecognizer(links, probes, Told(), Budget()).open(RATE_HZ)
            stream.feed(np.ones(RATE_HZ * 2, np.int16))
            return (await ask(stream)).provider

        for _ in range(4):
            assert await one_call() == "second"
        assert len(first.heard) == 3
        await asyncio.sleep(2.1)
        first.error = None
        assert await one_call() == "second", "the caller does not wait for the probe"
        await asyncio.sleep(0.2)
        assert await one_call() == "first"
        await probes.aclose()

    run_virtual(call())


async def _raises() -> None:
    raise UnicodeEncodeError("ascii", "Bearer abc“", 10, 11, "a secret")


async def _hangs() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("probe", [_raises, _hangs])
def test_a_probe_that_goes_wrong_in_any_way_is_followed_by_another(probe: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        probes, health = Probes(), Ears("first").link().health
        health.failed(ProviderError("first", retryable=True), at_once=True)
        probes.send(Link("first", Ears("first"), probe, health))
        await asyncio.sleep(PROBED_WITHIN_S + LONGEST_REST_S)
        assert health.probe_due
        await probes.aclose()

    run_virtual(call())


def test_a_refused_key_is_tried_once() -> None:
    async def call() -> None:
        first = Ears("first", error=ProviderRefused("first", of_key=True))
        stream = open_stream(first, Ears("second"))
        for _ in range(3):
            await ask(stream)
        assert len(first.heard) == 1

    run_virtual(call())


def test_who_cancels_leaves_nobody_at_work_and_blames_nobody() -> None:
    async def call() -> None:
        first, told = Ears("first", delay_s=10), Told()
        stream = open_stream(first, Ears("second", delay_s=10), told=told)
        task = asyncio.create_task(ask(stream))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        first.delay_s = 0.1
        assert (await ask(stream)).provider == "first"
        assert told.path == []

    run_virtual(call())


def test_whoever_stands_in_late_hears_what_was_said_before_and_after() -> None:
    async def call() -> None:
        first, second = Ears("first", error=broken("first")), Ears("second")
        stream = open_stream(first, second)
        stream.forget(300)
        await ask(stream)
        stream.feed(np.full(RATE_HZ, 7, np.int16))
        await stream.transcribe(1900, 2500, HINTS, partial=False)
        assert second.audio[1][:800].tolist() == list(range(15_200, 16_000))
        assert set(second.audio[1][800:].tolist()) == {7}
        await stream.aclose()
        with pytest.raises(ProviderError):
            await ask(stream)

    run_virtual(call())
