"""What is answered while the process is about to end."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reception.api.stopping import Stopping
from reception.runtime.calls import LiveCalls


class Served:
    """An application whose work goes on until it is let go."""

    def __init__(self) -> None:
        self.live = LiveCalls(2)
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        app = Starlette(routes=[Route("/work", self._work, methods=["GET", "POST"])])
        app.add_middleware(Stopping, live=self.live)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://reception.test")

    async def _work(self, request: Request) -> Response:
        if request.method == "POST":
            self.begun.set()
            await self.let_go.wait()
        return Response("done")


@pytest.mark.parametrize("replaced", [False, True], ids=["stopped", "replaced"])
async def test_work_under_way_is_waited_for_and_new_work_is_taken_only_where_another_follows(replaced: bool) -> None:
    served = Served()
    before = await served.http.get("/work")
    assert "connection" not in before.headers
    working = asyncio.create_task(served.http.post("/work"))
    await served.begun.wait()
    draining = asyncio.create_task(served.live.drain(60.0, replaced=replaced))
    await asyncio.sleep(0)
    assert (served.live.requests, served.live.room) == (1, 0)
    read = await served.http.get("/work")
    assert (read.status_code, read.headers["connection"]) == (200, "close")
    if not replaced:
        refused = await served.http.post("/work")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"]
    more = asyncio.create_task(served.http.post("/work")) if replaced else None
    assert not draining.done()
    served.let_go.set()
    for task in filter(None, (working, more)):
        answer = await task
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert await draining == 0
