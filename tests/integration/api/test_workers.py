"""Several workers behind one address: none of them is missed when it dies, and nothing that was booked goes with it."""

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from reception.cli.phone_book import look_up
from reception.runtime.demo.businesses import demo_businesses
from tests.integration.api.typing_caller import Caller, start
from tests.support.callers import open_day
from tests.support.command import finish, launch, read_until

PHONE = "212 555 0143"


def _children(pid: int) -> list[int]:
    """The workers: the processes that `pid` has started and that run this program."""
    started = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in started if b"reception.cli.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _holder(workers: Sequence[int], client_port: int) -> int:
    """Which worker has the connection that comes from `client_port`."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if int(row[2].rpartition(":")[2], 16) == client_port)
    for worker in workers:
        for descriptor in Path(f"/proc/{worker}/fd").iterdir():
            if os.readlink(descriptor) == f"socket:[{inode}]":
                return worker
    raise AssertionError("no worker has the call")


def _reservations(data_dir: Path) -> list[str]:
    """The states of the caller's reservations."""
    socket_dir = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4]
    with psycopg.connect(host=socket_dir, user="postgres", dbname="reception") as database:
        rows = database.execute("SELECT status FROM reservations WHERE guest_phone = '+12125550143'").fetchall()
    return [row[0] for row in rows]


def _free_evening() -> str:
    spec = demo_businesses(datetime.now(UTC).date())[0].spec
    return open_day(spec.hours, spec.timezone, time(19, 30)).strftime("%B %-d")


async def _book(caller: Caller) -> None:
    await caller.type(f"I'd like a table for two on {_free_evening()} at 7:30 pm")
    await caller.until_said("name")
    await caller.type("Maria Santos")
    await caller.until_said("number")
    await caller.type(PHONE)
    await caller.until_said("?")
    await caller.type("yes")
    assert (await caller.until("action"))["name"] == "reservation.created"


async def _until_replaced(pid: int, dead: int) -> None:
    """Return once a new worker has taken the place of `dead`."""
    async with asyncio.timeout(30):
        while True:
            if len(workers := _children(pid)) == 2 and dead not in workers:
                return
            await asyncio.sleep(0.1)


async def test_a_worker_that_dies_in_a_call_takes_nothing_with_it(data_dir: Path) -> None:
    server = await launch("--workers", "2", "--port", "0", "--data-dir", str(data_dir), RECEPTION_DRAIN_S="5")
    try:
        printed = await read_until(server, r"Stop with Ctrl-C")
        url = _found(r"Address\s+(http://\S+?)/\n", printed)[1]
        login = _found(r"Demo login\s+(\S+)\s+password (\S+)", printed)
        await _lose_a_worker(server.pid, url, data_dir)
        async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
            assert (await http.post("/auth/login", json={"email": login[1], "password": login[2]})).status_code == 200
            metrics = (await http.get("/metrics")).text
            assert 'reception_calls_total{reason="stopped_by_caller"} 2.0' in metrics
            assert len(re.findall(r"^reception_resident_memory_bytes{pid=", metrics, re.MULTILINE)) >= 1
        code, told = await finish(await launch("--workers", "2", "--port", "0", "--data-dir", str(data_dir)))
        assert code == 1
        assert "in use by another Reception server" in told
        assert "Traceback" not in told
    finally:
        server.send_signal(signal.SIGTERM)
        code, told = await finish(server)
    assert code == 0, told
    assert "worker.died" in told
    assert "Stopped." in told


async def _lose_a_worker(pid: int, url: str, data_dir: Path) -> None:
    line = await look_up(url, "harbor-table")
    agent_id = UUID(line.agent_id)
    address = url.replace("http", "ws", 1) + "/voice/stream"

    def dial() -> connect:
        return connect(address, additional_headers={"Authorization": f"Bearer {line.token}"}, proxy=None, max_size=None)

    async with dial() as socket, dial() as other_socket:
        caller = await start(socket, agent_id)
        other = await start(other_socket, agent_id)
        workers = _children(pid)
        dying = _holder(workers, socket.local_address[1])
        assert _holder(workers, other_socket.local_address[1]) != dying, "calls are spread over the workers"
        await _book(caller)
        os.kill(dying, signal.SIGKILL)
        await _until_closed(caller)
        assert _reservations(data_dir) == ["confirmed"]
        await other.type("Do you have parking?")
        await other.until("reply")
        await other.stop()
    async with dial() as socket:
        again = await start(socket, agent_id, conversation_id=caller.conversation_id, resume_after_seq=caller.seq)
        assert again.messages[0]["resumed"] is True
        await again.until_said("cut off")
        await again.type("cancel my reservation please")
        await again.until_said("?")
        await again.type("yes")
        assert (await again.until("action"))["name"] == "reservation.cancelled"
        await again.stop()
    assert _reservations(data_dir) == ["cancelled"]
    await _until_replaced(pid, dying)


async def _until_closed(caller: Caller) -> None:
    try:
        async with asyncio.timeout(5):
            while True:
                await caller.until("ended")
    except ConnectionClosed:
        return


def _found(pattern: str, printed: str) -> "re.Match[str]":
    found = re.search(pattern, printed)
    assert found is not None, printed
    return found
