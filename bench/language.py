"""What is added to a chat model's own time: the same request by a bare HTTP client, by the vendor's package, by
LangChain on it, and by us on both.

    python -m bench.language [REQUESTS]

A local server in a process of its own answers at once, so that only what is on top of it is counted. All read the
whole stream, and take turns; "over" compares those of one round, the median and the 95th percentile of the differences.
CPU is this process's own, user and system, for a whole request.
"""

import asyncio
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import httpx
import orjson
from langchain_core.messages import HumanMessage, SystemMessage
from langsmith import tracing_context
from tests.support.vendors.chat_models import AnthropicChatServer, GroqChatServer, OpenAiChatServer, Prompt, Writes
from tests.support.vendors.faults import KEY

from reception.ports.language import ChatMessage, ChatModel, ChatRequest
from reception.providers.llm.chat import LangChainChatModel
from reception.providers.llm.choice import ModelChoice
from reception.providers.llm.metered import MeteredChatModel
from reception.providers.llm.vendors import vendor_of
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.language import ResilientChatModel

REQUESTS = 200
_WARM_UP = 20
_ANSWER = "Yes. Parking is free behind the house, for as long as you stay with us, and the gate closes at midnight."
_SERVERS: Mapping[str, type[OpenAiChatServer]] = {
    "openai:gpt-4.1-mini": OpenAiChatServer,
    "groq:openai/gpt-oss-20b": GroqChatServer,
    "anthropic:claude-haiku-4-5": AnthropicChatServer,
}
_REQUEST = ChatRequest((ChatMessage("system", "Answer."), ChatMessage("user", "Is there parking?")), 200, 9, 9, 9)


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: to the first of the text, to the end, and of CPU."""

    first: float
    whole: float
    cpu: float


async def _no_probe() -> None:
    return None


async def _timed(read: Callable[[Callable[[], None]], Awaitable[None]]) -> Took:
    """`read` calls what it is given at the first of the text."""
    first_s = 0.0

    def begun() -> None:
        nonlocal first_s
        first_s = first_s or time.perf_counter()

    cpu_s, began_s = time.process_time(), time.perf_counter()
    await read(begun)
    ended_s = time.perf_counter()
    return Took((first_s - began_s) * 1000, (ended_s - began_s) * 1000, (time.process_time() - cpu_s) * 1000)


async def _recorded(name: str) -> tuple[str, dict[str, str], bytes]:
    """The path, headers and body with which a model is asked."""
    vendor, _, model = name.partition(":")
    async with _SERVERS[name](lambda _: Writes(_ANSWER), model) as server:
        adapter = LangChainChatModel(ModelChoice(vendor, model), KEY, server.base_url)
        async for _ in adapter.stream(_REQUEST):
            pass
        await adapter.aclose()
        asked = server.asked[-1]
    headers = {key: value for key, value in asked.headers.items() if key not in {"content-length", "host"}}
    return asked.path, headers, asked.body


async def _read_bare(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, begun: Callable[[], None]
) -> None:
    async with client.stream("POST", url, content=body, headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {") and b"content" in orjson.dumps(orjson.loads(line[6:])):
                begun()


async def _read_sdk(sdk: Any, body: bytes, begun: Callable[[], None]) -> None:
    told = _of_sdk(orjson.loads(body))
    ask = sdk.chat.completions.create if hasattr(sdk, "chat") else sdk.messages.create
    async for chunk in await ask(**told):
        if _has_text(chunk):
            begun()


async def measure(name: str, base_url: str, requests: int) -> dict[str, list[Took]]:
    """What each way took, request by request."""
    vendor, _, model = name.partition(":")
    path, headers, body = await _recorded(name)
    adapter = LangChainChatModel(ModelChoice(vendor, model), KEY, base_url)
    link: Link[ChatModel] = Link(name, MeteredChatModel(adapter), _no_probe)
    ours = ResilientChatModel([link], Probes(), lambda _: None)

    async def read_langchain(begun: Callable[[], None]) -> None:
        messages = [SystemMessage("Answer."), HumanMessage("Is there parking?")]
        with tracing_context(enabled=False):
            async for chunk in adapter._model.astream(messages, **adapter._options(_REQUEST)):
                if chunk.text:
                    begun()

    async def read_ours(begun: Callable[[], None]) -> None:
        async for _ in ours.stream(_REQUEST):
            begun()

    async with httpx.AsyncClient(trust_env=False) as client:
        ways: dict[str, Callable[[Callable[[], None]], Awaitable[None]]] = {
            "bare": partial(_read_bare, client, base_url + path, headers, body),
            "package": partial(_read_sdk, attrgetter(vendor_of(vendor).client)(adapter._model), body),
            "LangChain": read_langchain,
            "ours": read_ours,
        }
        took: dict[str, list[Took]] = {way: [] for way in ways}
        for number in range(_WARM_UP + requests):
            for way, read in ways.items():
                one = await _timed(read)
                if number >= _WARM_UP:
                    took[way].append(one)
    await adapter.aclose()
    return took


def _of_sdk(body: dict[str, Any]) -> dict[str, Any]:
    """What a vendor's package is given, so that it sends `body`."""
    named: dict[str, Any] = {name: body.pop(name) for name in ("model", "messages", "max_tokens") if name in body}
    return {**named, "stream": body.pop("stream"), "extra_body": body}


def _has_text(chunk: Any) -> bool:
    if hasattr(chunk, "choices"):
        return bool(chunk.choices and chunk.choices[0].delta.content)
    return bool(chunk.type == "content_block_delta")


def _at(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


async def main(requests: int) -> None:
    """Print a line for each way, and for each over another, of each model."""
    print(f"{'':28} {'':10} {'first p50':>9} {'p95':>7} {'whole p50':>9} {'p95':>7} {'CPU':>7}  (ms)")
    for name in _SERVERS:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.language", "serve", name, stdin=PIPE, stdout=PIPE
        )
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            took = await measure(name, (await server.stdout.readline()).decode().strip(), requests)
        finally:
            server.stdin.close()
            await server.wait()
        for way, rows in took.items():
            first, whole = [row.first for row in rows], [row.whole for row in rows]
            shown = (_at(first, 50), _at(first, 95), _at(whole, 50), _at(whole, 95))
            cpu = statistics.mean(row.cpu for row in rows)
            print(f"{name:28} {way:10} " + " ".join(f"{value:8.1f}" for value in shown) + f" {cpu:8.2f}")
        for way, below in (("package", "bare"), ("LangChain", "package"), ("ours", "LangChain"), ("ours", "bare")):
            over = [
                Took(b.first - a.first, b.whole - a.whole, b.cpu - a.cpu)
                for a, b in zip(took[below], took[way], strict=True)
            ]
            first, whole = [row.first for row in over], [row.whole for row in over]
            shown = (_at(first, 50), _at(first, 95), _at(whole, 50), _at(whole, 95))
            cpu = statistics.median(row.cpu for row in over)
            told = " ".join(f"{value:8.1f}" for value in shown)
            print(f"{name:28} {way} over {below:9} {told} {cpu:8.2f}")


async def serve(name: str) -> None:
    """Serve until the parent's end of standard input closes, and print where."""

    def brain(prompt: Prompt) -> Writes:
        return Writes(_ANSWER)

    async with _SERVERS[name](brain, name.partition(":")[2]) as server:
        print(server.base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.asked.clear()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2]))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS))
