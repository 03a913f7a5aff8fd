"""A reranker over HTTP, against a server that speaks its wire format."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from reception.core.errors import ProviderError
from reception.providers.reranking import HttpReranker


class Server:
    """Answers one `POST` a connection with `answer`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.head = ""
        self.status = 200
        self.answer: object = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(self.head.lower().split("content-length: ")[1].split("\r\n")[0])
        self.asked = json.loads(await reader.readexactly(length))
        body = json.dumps(self.answer).encode()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield made


async def test_ranks_come_in_the_order_of_the_passages(server: Server) -> None:
    server.answer = {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2}]}
    async with httpx.AsyncClient(trust_env=False) as http:
        reranker = HttpReranker(f"http://127.0.0.1:{server.port}/v2/rerank", "rerank-1", "secret", http)
        assert await reranker.rank("parking?", ["soup", "a yard"]) == [0.2, 0.9]
    assert server.asked == {"model": "rerank-1", "query": "parking?", "documents": ["soup", "a yard"], "top_n": 2}
    assert "Bearer secret" in server.head


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, {}), (200, {"results": []}), (200, {"what": 1}), (200, {"results": [{"index": 7, "relevance_score": 1}]})],
)
async def test_what_is_no_ranking_is_an_error_of_the_vendor(server: Server, status: int, answer: object) -> None:
    server.status, server.answer = status, answer
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(ProviderError):
            await HttpReranker(f"http://127.0.0.1:{server.port}/", "rerank-1", "", http).rank("q", ["one"])
