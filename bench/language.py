"""What our layer adds to a chat model's own time: the same request by a bare HTTP client and through the port.

    python -m bench.language [REQUESTS]

A local server answers at once, so that only what is on top of it is counted; both sides read the whole stream.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx
import orjson
from tests.support.vendors.chat_models import AnthropicChatServer, GroqChatServer, OpenAiChatServer, Prompt, Writes
from tests.support.vendors.faults import KEY

from reception.ports.language import ChatMessage, ChatRequest
from reception.providers.llm.chat import LangChainChatModel
from reception.providers.llm.choice import ModelChoice
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.language import ResilientChatModel

REQUESTS = 200
_WARM_UP = 20
_ANSWER = "Yes. Parking is free behind the house, for as long as you stay with us, and the gate closes at midnight."
_SERVERS = {
    "openai:gpt-4.1-mini": OpenAiChatServer,
    "groq:openai/gpt-oss-20b": GroqChatServer,
    "anthropic:claude-haiku-4-5": AnthropicChatServer,
}
_REQUEST = ChatRequest((ChatMessage("system", "Answer."), ChatMessage("user", "Is there parking?")), 200, 9, 9, 9)

Times = tuple[float, float]
"""Milliseconds to the first piece, and to the end."""


def _brain(prompt: Prompt) -> Writes:
    return Writes(_ANSWER)


async def _no_probe() -> None:
    return None


async def _through_the_port(model: ResilientChatModel) -> Times:
    began_s = time.perf_counter()
    first_s = 0.0
    async for _ in model.stream(_REQUEST):
        first_s = first_s or time.perf_counter()
    return (first_s - began_s) * 1000, (time.perf_counter() - began_s) * 1000


async def _bare(client: httpx.AsyncClient, server: OpenAiChatServer) -> Times:
    asked = next(one for one in reversed(server.asked) if one.method == "POST")
    headers = {name: value for name, value in asked.headers.items() if name not in {"content-length", "host"}}
    began_s = time.perf_counter()
    first_s = 0.0
    async with client.stream("POST", server.base_url + asked.path, content=asked.body, headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {") and (b"content" in orjson.dumps(orjson.loads(line[6:]))):
                first_s = first_s or time.perf_counter()
    return (first_s - began_s) * 1000, (time.perf_counter() - began_s) * 1000


async def _measure(ask: Callable[[], Awaitable[Times]], requests: int) -> list[Times]:
    times = [await ask() for _ in range(_WARM_UP + requests)]
    return times[_WARM_UP:]


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


async def main(requests: int) -> None:
    print(
        f"{'model':28} {'':8} {'bare p50':>9} {'p95':>7} {'ours p50':>9} {'p95':>7} {'added p50':>10} {'p95':>7}  (ms)"
    )
    for name, kind in _SERVERS.items():
        vendor, _, model = name.partition(":")
        async with kind(_brain, model) as server:
            adapter = LangChainChatModel(ModelChoice(vendor, model), KEY, server.base_url)
            made = ResilientChatModel([Link(name, adapter, _no_probe)], Probes(), lambda _: None)
            await _through_the_port(made)
            async with httpx.AsyncClient() as client:
                bare = await _measure(lambda client=client, server=server: _bare(client, server), requests)  # type: ignore[misc]
            ours = await _measure(lambda made=made: _through_the_port(made), requests)  # type: ignore[misc]
            for column, what in enumerate(("first", "whole")):
                one, other = [times[column] for times in bare], [times[column] for times in ours]
                shown = [_at(one, 0.5), _at(one, 0.95), _at(other, 0.5), _at(other, 0.95)]
                added = (shown[2] - shown[0], shown[3] - shown[1])
                print(f"{name:28} {what:8} " + " ".join(f"{value:8.1f}" for value in (*shown, *added)))
            await adapter.aclose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS))
