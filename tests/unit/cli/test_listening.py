"""Connections that bring the requests of several clients, as those of a proxy do."""

import asyncio
from contextvars import ContextVar

from starlette.types import Receive, Scope, Send

from reception.cli.listening import http_server, listen

whose: ContextVar[str] = ContextVar("whose", default="nobody's")


async def test_a_request_knows_nothing_of_the_one_before_it_on_its_connection() -> None:
    found: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append((scope["path"], whose.get()))
        whose.set(scope["path"])
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with listen("127.0.0.1", 0) as listener:
        server = http_server(app, max_frame_bytes=1 << 16)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        head = "POST /{} HTTP/1.1\r\nhost: example.com\r\ncontent-length: {}\r\n\r\n"
        # More than is read ahead, so that reading stops, and goes on in the first request's own context.
        writer.write(head.format("ada", 1 << 20).encode() + bytes(1 << 20))
        for path in ("bob", "cy"):
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head.format(path, 0).encode())
        # Two at once: the second begins when the first has been answered.
        writer.write(2 * head.format("dan", 0).encode())
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()
        server.should_exit = True
        await serving
    assert [path for path, _ in found] == ["/ada", "/bob", "/cy", "/dan", "/dan"]
    assert {before for _, before in found} == {"nobody's"}
