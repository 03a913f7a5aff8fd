"""A chat model that another stands in for, in virtual time."""

import asyncio
import threading
from dataclasses import replace

import pytest

from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout
from reception.ports.language import ChatMessage, ChatModel, ChatRequest, OutputSchema
from reception.providers.llm.loading import LoadingChatModel
from reception.providers.packages import Package
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.language import ResilientChatModel
from tests.support.virtual_time import run_virtual
from tests.unit.resilience.fakes import Told, Writer, broken

TEXT = ChatRequest((ChatMessage("user", "Hi"),), 100, first_s=1.2, gap_s=0.6, within_s=5.0)
JSON = ChatRequest(TEXT.messages, 100, 1.2, 0.6, 1.2, OutputSchema("said", "What was said.", {"type": "object"}))


def chain(*writers: Writer, told: Told | None = None, probes: Probes | None = None) -> ResilientChatModel:
    return ResilientChatModel([one.link() for one in writers], probes or Probes(), told or Told())


async def whole(model: ResilientChatModel, request: ChatRequest = TEXT) -> str:
    return "".join([piece async for piece in model.stream(request)])


@pytest.mark.parametrize(
    "error",
    [
        broken("a"),
        ProviderRefused("a", "401", of_key=True),
        ProviderLimited("a", "429", retry_after_s=7.0),
    ],
    ids=["500", "401", "429"],
)
@pytest.mark.parametrize("request_", [TEXT, JSON], ids=["text", "JSON"])
def test_the_next_writes_within_the_same_request_when_one_fails(error: ProviderError, request_: ChatRequest) -> None:
    async def scene() -> None:
        bad, good, told = Writer("a", (error,)), Writer("b"), Told()
        model = chain(bad, good, told=told)
        began_s = asyncio.get_running_loop().time()
        assert await whole(model, request_) == "Hello. Good day."
        assert asyncio.get_running_loop().time() - began_s < 0.3
        assert told.path == [("a", "b", error.code)]
        assert (model.provider, await whole(model, request_)) == ("b", "Hello. Good day.")
        assert len(bad.asked) == 1
        assert len(told.path) == 1

    run_virtual(scene())


def test_one_that_does_not_begin_is_not_waited_for_alone_and_the_time_of_the_request_is_kept() -> None:
    async def scene() -> None:
        slow, good, told = Writer("a", delay_s=9.0), Writer("b"), Told()
        began_s = asyncio.get_running_loop().time()
        assert await whole(chain(slow, good, told=told)) == "Hello. Good day."
        assert asyncio.get_running_loop().time() - began_s < TEXT.first_s
        assert told.path == [("a", "b", "provider_timeout")]
        assert slow.closed == 1
        with pytest.raises(ProviderTimeout):
            await whole(chain(slow, Writer("b", delay_s=9.0)))
        assert asyncio.get_running_loop().time() - began_s < 2 * TEXT.first_s + 0.2

    run_virtual(scene())


@pytest.mark.parametrize("every_s", [0.05, 9.0], ids=["broken", "stalled"])
def test_one_that_breaks_off_is_told_of_and_the_next_is_asked_when_the_request_is_made_again(every_s: float) -> None:
    async def scene() -> None:
        bad, good, told = Writer("a", ("Hello. Go", broken("a")), every_s=every_s), Writer("b"), Told()
        model = chain(bad, good, told=told)
        stream = model.stream(TEXT)
        assert await anext(stream) == "Hello. Go"
        with pytest.raises(ProviderError):
            await anext(stream)
        assert await whole(model) == "Hello. Good day."
        assert (len(bad.asked), len(good.asked)) == (1, 1)
        assert [path[:2] for path in told.path] == [("a", "b")]

    run_virtual(scene())


def test_half_an_object_is_never_given_out() -> None:
    async def scene() -> None:
        for bad in (
            Writer("a", ('{"said":', broken("a"))),
            Writer("a", ('{"said":', "1}"), every_s=9.0),
        ):
            assert await whole(chain(bad, Writer("b", ('{"said":', "2}"))), JSON) == '{"said":2}'

    run_virtual(scene())


def test_all_calls_leave_alone_what_has_failed_thrice_and_a_request_of_our_own_finds_it_well_again() -> None:
    async def scene() -> None:
        bad = Writer("a", (broken("a"),))
        link, good, probes = bad.link(), Writer("b"), Probes()
        for _ in range(3):
            await whole(ResilientChatModel([link, good.link()], probes, Told()))
        await whole(ResilientChatModel([link, good.link()], probes, Told()))
        assert len(bad.asked) == 3
        bad.pieces = ("Yes.",)
        await asyncio.sleep(3.0)
        await whole(ResilientChatModel([link, good.link()], probes, Told()))
        await asyncio.sleep(1.0)
        assert "Answer with the word yes." in bad.asked[-1].messages[-1].text
        assert await whole(ResilientChatModel([link, good.link()], probes, Told())) == "Yes."
        await probes.aclose()

    run_virtual(scene())


def test_a_call_goes_back_to_the_first_after_a_while_and_is_told() -> None:
    async def scene() -> None:
        first, told = Writer("a", (broken("a"),)), Told()
        model = chain(first, Writer("b"), told=told)
        await whole(model)
        first.pieces = ("Here again.",)
        await asyncio.sleep(21.0)
        assert await whole(model) == "Here again."
        assert told.path[-1] == ("b", "a", "recovered")

    run_virtual(scene())


def test_nobody_is_asked_while_the_only_one_takes_no_requests() -> None:
    async def scene() -> None:
        limited = Writer("a", (ProviderLimited("a", "429", retry_after_s=7.0),))
        model = chain(limited)
        for _ in range(3):
            with pytest.raises(ProviderError):
                await whole(model)
        assert len(limited.asked) == 1
        limited.pieces = ("Yes.",)
        await asyncio.sleep(7.1)
        assert await whole(model) == "Yes."

    run_virtual(scene())


def test_who_is_cancelled_leaves_nothing_running() -> None:
    async def scene() -> None:
        one, other = Writer("a", delay_s=9.0), Writer("b", delay_s=9.0)
        task = asyncio.create_task(whole(chain(one, other)))
        await asyncio.sleep(0.8)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (one.closed, other.closed) == (1, 1)

    run_virtual(scene())


async def test_nobody_waits_for_a_package_that_is_being_loaded() -> None:
    may_load = threading.Event()

    def load() -> None:
        may_load.wait()

    package, told = Package("a", load), Told()
    loading = LoadingChatModel("a", package, lambda: Writer("a", ("From a.",), delay_s=0))
    link: Link[ChatModel] = Link("a", loading, lambda: asyncio.sleep(0))
    model = ResilientChatModel([link, Writer("b", ("From b.",), delay_s=0).link()], Probes(), told)
    request = replace(TEXT, first_s=1.0)
    try:
        for _ in range(2):
            assert await whole(model, request) == "From b."
        assert told.path == [("a", "b", "provider_loading")]
    finally:
        may_load.set()
    await package.ended(None)
    await loading.loaded()
    assert await whole(model, request) == "From a."


async def test_a_model_that_can_be_made_is_asked_though_its_package_did_not_load_by_itself() -> None:
    def load() -> None:
        raise ProviderError("a", "no key")

    package = Package("a", load)
    loading = LoadingChatModel("a", package, lambda: Writer("a", ("From a.",), delay_s=0))
    await package.ended(None)
    assert "".join([piece async for piece in loading.stream(TEXT)]) == "From a."
