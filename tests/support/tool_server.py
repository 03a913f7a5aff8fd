"""A tool as an agent's owner would run it: a real HTTP server that checks signatures, and misbehaves when told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Answer = tuple[int, dict[str, str], bytes]


def answer(value: Any, status: int = 200, **headers: str) -> Answer:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


@dataclass
class ToolServer:
    """`received` are the verified bodies; `ids` the `webhook-id` of each. `respond` makes the answer; a request waits
    for `open` to be set before it is answered."""

    secret: str = ""
    respond: Callable[[dict[str, Any]], Answer] = lambda _: answer({})
    received: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    unverified: int = 0
    url: str = ""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, extra, sent = await self._answered(body, headers)
            shown = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\n{shown}Content-Length: {len(sent)}\r\nConnection: close\r\n\r\n".encode()
            )
            writer.write(sent)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answered(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            event = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            self.unverified += 1
            return answer({"error": "signature"}, 401)
        self.received.append(event)
        self.ids.append(headers["webhook-id"])
        self.arrived.set()
        await self.open.wait()
        return self.respond(event)


@asynccontextmanager
async def tool_server() -> AsyncIterator[ToolServer]:
    tool = ToolServer()
    tool.open.set()
    server = await asyncio.start_server(tool.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    tool.url = f"http://{host}:{port}/tickets"
    try:
        yield tool
    finally:
        tool.open.set()
        server.close()
        await server.wait_closed()
