"""Somebody who calls over the socket and types."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
from websockets.asyncio.client import ClientConnection, connect

from reception.cli.phone_book import Line
from tests.integration.api.installation import Installation, Shop


class Caller:
    """A call that has been answered."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []

    @property
    def seq(self) -> int:
        return int(self.messages[-1]["seq"])

    @property
    def conversation_id(self) -> str:
        return next(str(one["conversation_id"]) for one in self.messages if one["type"] == "ready")

    def replies(self) -> list[str]:
        return [one["text"] for one in self.messages if one["type"] == "reply"]

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of `kind`."""
        async with asyncio.timeout(20):
            while True:
                received = await self.socket.recv()
                if isinstance(received, bytes):
                    continue
                message: dict[str, Any] = json.loads(received)
                self.messages.append(message)
                if message["type"] == kind:
                    return message

    async def until_said(self, words: str) -> str:
        """The next reply that has `words` in it."""
        while words not in (text := str((await self.until("reply"))["text"])):
            pass
        return text

    async def type(self, text: str) -> None:
        await self.socket.send(json.dumps({"type": "text", "text": text}))

    async def stop(self) -> None:
        await self.socket.send(json.dumps({"type": "stop"}))
        await self.until("ended")

    def lose(self) -> None:
        """The connection breaks, without a word to the server."""
        self.socket.transport.abort()


def dial(installation: Installation, token: str) -> connect:
    """A socket to the server, with nothing said yet."""
    headers = {"Authorization": f"Bearer {token}"}
    return connect(installation.socket_url, additional_headers=headers, proxy=None, max_size=None)


async def start(socket: ClientConnection, agent_id: UUID, **resuming: object) -> Caller:
    """Begin a call, or take one up again."""
    audio = {"encoding": "pcm_s16le", "sample_rate": 16000}
    await socket.send(json.dumps({"type": "start", "agent_id": str(agent_id), "audio": audio, **resuming}))
    caller = Caller(socket)
    await caller.until("ready")
    return caller


@asynccontextmanager
async def call_from(installation: Installation, shop: Shop, **resuming: object) -> AsyncIterator[Caller]:
    async with dial(installation, shop.token) as socket:
        yield await start(socket, shop.agent_id, **resuming)


async def check_new_callers_refused(url: str, line: Line) -> None:
    """While the last call goes on, whoever comes anew is told that the server stops, and does not wait for nobody."""
    body = {"agent_id": line.agent_id, "message": "Do you have parking?"}
    async with asyncio.timeout(20):
        while True:
            try:
                async with httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False) as http:
                    refused = await http.post("/chat/message", json=body, headers=line.headers)
            except httpx.TransportError:
                # Given to a worker that was about to end.
                continue
            if refused.status_code == 503:
                break
    assert (refused.json()["code"], refused.headers["connection"]) == ("unavailable", "close")
