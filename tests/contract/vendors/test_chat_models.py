"""Each vendor's chat models, against a server that speaks its wire format and fails in every way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from reception.core.errors import ProviderError, ProviderRefused, ProviderTimeout
from reception.ports.language import ChatMessage, ChatModel, ChatRequest, OutputSchema
from reception.providers.access import RequestSeen
from reception.providers.account import account
from reception.providers.llm.catalogue import check_model
from reception.providers.llm.chat import LangChainChatModel
from reception.providers.llm.choice import ModelChoice
from reception.providers.llm.metered import MeteredChatModel
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.language import ResilientChatModel
from tests.support.vendors.chat_models import (
    AnthropicChatServer,
    CompatibleChatServer,
    GroqChatServer,
    OpenAiChatServer,
    Prompt,
    Writes,
)
from tests.support.vendors.faults import FAILURES, KEY, Fault, assert_told, ends_at_once

MESSAGES = (ChatMessage("system", "Answer."), ChatMessage("user", "Is there parking?"))
ANSWER = "Yes. Parking is free behind the house, for as long as you stay."
OUTPUT = OutputSchema(
    "reading",
    "What was said.",
    {"type": "object", "additionalProperties": False, "required": ["said"], "properties": {"said": {"type": "string"}}},
)
JSON = '{"said": "Is there parking?"}'


@dataclass(frozen=True)
class Case:
    vendor: str
    server: type[OpenAiChatServer]
    model: str

    @property
    def choice(self) -> ModelChoice:
        return ModelChoice(self.vendor, self.model)

    def serve(self, brain: Callable[[Prompt], Writes] = lambda prompt: _writes(prompt)) -> OpenAiChatServer:
        return self.server(brain, self.model)


def _writes(prompt: Prompt) -> Writes:
    return Writes(JSON if prompt.output else ANSWER)


@pytest.fixture
async def models() -> AsyncIterator["Models"]:
    made: list[LangChainChatModel] = []

    def model_at(case: Case, server: OpenAiChatServer) -> LangChainChatModel:
        made.append(LangChainChatModel(case.choice, KEY, server.base_url))
        return made[-1]

    yield model_at
    for model in made:
        await model.aclose()


Models = Callable[[Case, OpenAiChatServer], LangChainChatModel]
CASES = [
    Case("openai", OpenAiChatServer, "gpt-4.1-mini"),
    Case("groq", GroqChatServer, "openai/gpt-oss-20b"),
    Case("anthropic", AnthropicChatServer, "claude-haiku-4-5"),
    Case("compatible", CompatibleChatServer, "qwen3:8b"),
]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.vendor)


def request(output: OutputSchema | None = None, *, patient: bool = True) -> ChatRequest:
    return ChatRequest(MESSAGES, 200, *((20.0, 20.0, 20.0) if patient else (0.2, 0.2, 20.0)), output)


def guarded(model: ChatModel) -> ResilientChatModel:
    return ResilientChatModel([Link(model.provider, model, _no_probe)], Probes(), lambda _: None)


async def _no_probe() -> None:
    return None


async def whole(model: ChatModel, asked: ChatRequest) -> str:
    return "".join([piece async for piece in model.stream(asked)])


@EACH
async def test_what_is_written_comes_in_order_piece_by_piece(case: Case, models: Models) -> None:
    async with case.serve() as server:
        model = models(case, server)
        pieces = [piece async for piece in model.stream(request())]
        assert "".join(pieces) == ANSWER
        assert len(pieces) > 1
        (prompt,) = server.prompts
        assert (prompt.system, prompt.user, prompt.output) == ("Answer.", "Is there parking?", "")
        assert model.provider == f"{case.vendor}:{case.model}"


@EACH
async def test_the_first_piece_is_there_before_the_last_is_written(case: Case, models: Models) -> None:
    async with case.serve() as server:
        server.fault = Fault.GATED
        pieces = guarded(models(case, server)).stream(request())
        first = await anext(pieces)
        assert ANSWER.startswith(first)
        server.gate.set()
        assert first + "".join([piece async for piece in pieces]) == ANSWER


@EACH
async def test_json_comes_by_the_schema_that_was_asked_for(case: Case, models: Models) -> None:
    async with case.serve() as server:
        assert await whole(models(case, server), request(OUTPUT)) == JSON
        assert server.prompts[0].output == "reading"


@EACH
async def test_tokens_are_those_that_the_vendor_counts(case: Case, models: Models) -> None:
    seen: list[RequestSeen] = []
    account.set(Ledger(seen))
    async with case.serve() as server:
        asked = request()
        assert await whole(MeteredChatModel(models(case, server)), asked) == ANSWER
        counted = {"anthropic": (25, 15)}.get(case.vendor, (20, 10))
        assert (asked.usage.read, asked.usage.written) == counted
        assert {one.part: one.units for one in seen} == dict(zip(("llm_in", "llm_out"), counted, strict=True))


@EACH
async def test_tokens_of_a_request_that_was_ended_early_are_estimated(case: Case, models: Models) -> None:
    seen: list[RequestSeen] = []
    account.set(Ledger(seen))
    async with case.serve() as server:
        server.fault = Fault.GATED
        async with aclosing(MeteredChatModel(models(case, server)).stream(request())) as pieces:
            await anext(pieces)
        server.gate.set()
    units = {one.part: one.units for one in seen}
    assert units["llm_out"] > 0
    assert units["llm_in"] > 0


@dataclass
class Ledger:
    seen: list[RequestSeen]

    def add(self, seen: RequestSeen) -> None:
        self.seen.append(seen)


@EACH
async def test_a_model_that_is_cancelled_ends_its_request_at_once(case: Case, models: Models) -> None:
    async with case.serve() as server:
        server.fault = Fault.STALL
        pieces = guarded(models(case, server)).stream(request())
        await anext(pieces)
        task = asyncio.ensure_future(_rest(pieces))
        await asyncio.sleep(0)
        await ends_at_once(task)
        await server.hung_up.wait()


async def _rest(pieces: object) -> object:
    return [piece async for piece in pieces]  # type: ignore[attr-defined]


@EACH
async def test_a_stream_that_is_closed_ends_its_request(case: Case, models: Models) -> None:
    async with case.serve() as server:
        server.fault = Fault.STALL
        pieces = guarded(models(case, server)).stream(request())
        await anext(pieces)
        await pieces.aclose()
        await server.hung_up.wait()


@EACH
@FAILURES
async def test_every_failure_is_told_as_one_of_ours(case: Case, fault: Fault, models: Models) -> None:
    async with case.serve() as server:
        server.fault = fault
        model = guarded(models(case, server))
        impatient = fault in {Fault.SLOW_FIRST_BYTE, Fault.STALL}
        with pytest.raises(ProviderError) as raised:
            await whole(model, request(patient=not impatient))
        assert_told(raised.value, fault, f"{case.vendor}:{case.model}")


@EACH
async def test_connections_are_kept_for_the_next_request(case: Case, models: Models) -> None:
    async with case.serve() as server:
        model = models(case, server)
        for _ in range(3):
            await whole(model, request())
        assert server.connections == 1


@EACH
@pytest.mark.filterwarnings("ignore:Received unexpected tool content block")
async def test_a_tool_that_was_not_given_is_not_called(case: Case, models: Models) -> None:
    async with case.serve(lambda prompt: Writes('{"sql": "drop table"}', tool="run_sql")) as server:
        for asked in (request(), request(OUTPUT)):
            with pytest.raises(ProviderError, match="called a tool"):
                await whole(models(case, server), asked)


@EACH
async def test_what_is_cut_off_by_its_length_is_no_answer(case: Case, models: Models) -> None:
    async with case.serve(lambda prompt: Writes("So much to", ending="length")) as server:
        with pytest.raises(ProviderError, match="wrote more than it may"):
            await whole(models(case, server), request())


@EACH
async def test_a_model_that_is_missing_is_named_with_those_there_are(case: Case) -> None:
    async with case.server(_writes, case.model, models=["other-model", "another"]) as server:
        with pytest.raises(ProviderRefused) as raised:
            await check_model(case.choice, KEY, server.base_url)
        assert case.model in raised.value.detail
        assert "other-model, another" in raised.value.detail


@EACH
async def test_a_model_that_is_there_is_found(case: Case) -> None:
    async with case.serve() as server:
        assert await check_model(case.choice, KEY, server.base_url) == case.choice


@EACH
@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.BROKEN, Fault.GARBAGE, Fault.HALF_CLOSED], ids=str)
async def test_a_catalogue_that_cannot_be_read_says_why(case: Case, fault: Fault) -> None:
    async with case.serve() as server:
        server.fault = fault
        with pytest.raises(ProviderError) as raised:
            await check_model(case.choice, KEY, server.base_url)
        assert raised.value.retryable is (fault is not Fault.UNAUTHORIZED)
        assert KEY not in raised.value.detail


async def test_a_compatible_server_says_which_model_it_has(models: Models) -> None:
    async with CompatibleChatServer(_writes, "llama") as server:
        found = await check_model(ModelChoice("compatible", "", server.base_url))
        assert found.model == "llama"
        assert await whole(models(Case("compatible", CompatibleChatServer, found.model), server), request()) == ANSWER


async def test_a_refusal_of_openai_is_no_answer(models: Models) -> None:
    case = CASES[0]
    async with case.serve(lambda prompt: Writes("", refusal="I cannot help with that.")) as server:
        assert await whole(models(case, server), request()) == ""
    async with CASES[2].serve(lambda prompt: Writes("I", ending="refusal")) as server:
        with pytest.raises(ProviderError, match="refused"):
            await whole(models(CASES[2], server), request())


async def test_a_model_that_writes_on_and_on_is_given_up(models: Models) -> None:
    case = CASES[0]
    async with case.serve() as server:
        server.fault = Fault.GATED
        asked = ChatRequest(MESSAGES, 200, 20.0, 20.0, 0.2)
        with pytest.raises(ProviderTimeout):
            await whole(guarded(models(case, server)), asked)
