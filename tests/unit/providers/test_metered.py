"""What chat models cost."""

from collections.abc import AsyncGenerator

from reception.ports.language import ChatMessage, ChatRequest
from reception.providers.access import RequestSeen
from reception.providers.account import account
from reception.providers.llm.metered import MeteredChatModel
from reception.providers.prices import Prices


class Model:
    provider = "groq:openai/gpt-oss-20b"

    async def aclose(self) -> None:
        return None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        yield "x" * 100
        yield "y" * 300


class Account:
    def __init__(self) -> None:
        self.seen: list[RequestSeen] = []

    def add(self, seen: RequestSeen) -> None:
        self.seen.append(seen)


async def test_what_is_read_and_what_is_written_go_on_the_account_also_when_it_is_broken_off() -> None:
    payer = Account()
    token = account.set(payer)
    request = ChatRequest((ChatMessage("user", "z" * 4000),), 100, 1.0, 1.0, 2.0)
    model = MeteredChatModel(Model())
    assert len("".join([piece async for piece in model.stream(request)])) == 400
    stream = model.stream(request)
    await anext(stream)
    await stream.aclose()
    account.reset(token)
    assert [(seen.part, seen.outcome, seen.units) for seen in payer.seen] == [
        ("llm_in", "ok", 1000),
        ("llm_out", "ok", 100),
        ("llm_in", "cancelled", 1000),
        ("llm_out", "cancelled", 25),
    ]
    assert Prices.load(None).cost_usd("llm_out", Model.provider, 1_000_000) == 0.3
