"""A network between a client and a server that can be made to fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class FlakyNetwork:
    """Passes connections on to a server; `url` is where clients find it."""

    def __init__(self, server_url: str) -> None:
        parts = urlsplit(server_url)
        self.url = ""
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._links: set[asyncio.Task[None]] = set()

    def fail(self) -> None:
        """Every connection breaks, without a word to either side."""
        for link in self._links:
            link.cancel()

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, there_writer))
                group.create_task(_pass_on(there_reader, writer))
        except asyncio.CancelledError:
            link.uncancel()
            writer.transport.abort()
            there_writer.transport.abort()
        finally:
            self._links.discard(link)
            writer.close()
            there_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except ConnectionError:
        return


@asynccontextmanager
async def flaky_network(server_url: str) -> AsyncIterator[FlakyNetwork]:
    network = FlakyNetwork(server_url)
    listener = await asyncio.start_server(network.link, "127.0.0.1", 0)
    network.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield network
    finally:
        network.fail()
        listener.close()
        await listener.wait_closed()
