"""Several workers behind one address: none of them is missed when it dies, and nothing that was booked goes with it."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time
from pathlib import Path
from uuid import UUID

import httpx
import orjson
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from reception.cli.phone_book import Line, look_up, read
from reception.runtime.demo.businesses import demo_businesses
from tests.integration.api.typing_caller import Caller, check_new_callers_refused, start
from tests.support.callers import open_day
from tests.support.command import finish, launch, read_until, worker_pids

PHONE = "212 555 0143"


def _holder(workers: Sequence[int], client_port: int) -> int:
    """Which worker has the connection that comes from `client_port`."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # Another server's connection, or one that is over, may have come from a port of the same number.
    ends = {f"socket:[{row[9]}]" for row in rows if int(row[2].rpartition(":")[2], 16) == client_port}
    for worker in workers:
        for descriptor in Path(f"/proc/{worker}/fd").iterdir():
            if os.readlink(descriptor) in ends:
                return worker
    raise AssertionError("no worker has the call")


def _reservations(data_dir: Path) -> list[str]:
    """The states of the caller's reservations."""
    with psycopg.connect(host=_socket_dir(data_dir), user="postgres", dbname="reception") as database:
        rows = database.execute("SELECT status FROM reservations WHERE guest_phone = '+12125550143'").fetchall()
    return [row[0] for row in rows]


def _streams(data_dir: Path, call_sid: str) -> int:
    """Over how many streams the conversation of a telephone call has gone."""
    with psycopg.connect(host=_socket_dir(data_dir), user="postgres", dbname="reception") as database:
        rows = database.execute("SELECT taken_up FROM conversations WHERE carrier_call_id = %s", (call_sid,)).fetchall()
    ((taken_up,),) = rows
    return 1 + int(taken_up)


def _socket_dir(data_dir: Path) -> str:
    return (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4]


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
            if len(workers := worker_pids(pid)) == 2 and dead not in workers:
                return
            await asyncio.sleep(0.1)


async def test_a_worker_that_dies_in_a_call_takes_nothing_with_it(data_dir: Path) -> None:
    settings = {"RECEPTION_DRAIN_S": "30", "RECEPTION_MAX_CALLS": "2"}
    server = await launch("--workers", "2", "--port", "0", "--data-dir", str(data_dir), **settings)
    try:
        printed = await read_until(server, r"Stop with Ctrl-C", 180.0)
        url = _found(r"Address\s+(http://\S+?)/\n", printed)[1]
        login = _found(r"Demo login\s+(\S+)\s+password (\S+)", printed)
        await _fill_every_line(server.pid, url)
        await _lose_a_worker(server.pid, url, data_dir)
        async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
            assert (await http.post("/auth/login", json={"email": login[1], "password": login[2]})).status_code == 200
            metrics = (await http.get("/metrics")).text
            assert 'reception_calls_total{reason="stopped_by_caller"} 8.0' in metrics
            assert len(re.findall(r"^reception_resident_memory_bytes{pid=", metrics, re.MULTILINE)) >= 1
        code, told = await finish(await launch("--port", "0", "--data-dir", str(data_dir)))
        assert code == 1
        assert "in use by another Reception server" in told
        assert "Traceback" not in told
        line, caller = await _renew_a_worker(server, url)
        server.send_signal(signal.SIGTERM)
        await check_new_callers_refused(url, line)
        await caller.type("Do you have parking?")
        await caller.until("turn_metrics")
        await caller.stop()
        await caller.socket.close()
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        code, told = await finish(server)
    assert code == 0, told
    assert "worker.died" in told
    assert "Stopped." in told


async def _dial(url: str, line: Line, *, over: socket.socket | None = None) -> ClientConnection:
    """A connection to the telephone of the demo's restaurant, on which nothing was said yet."""
    headers = {"Authorization": f"Bearer {line.token}"}
    address = url.replace("http", "ws", 1) + "/voice/stream"
    return await connect(address, additional_headers=headers, proxy=None, max_size=None, sock=over)


async def _ring(url: str, line: Line, call_sid: str) -> ClientConnection:
    """Twilio's stream of a telephone call, once the agent speaks."""
    wanted = {"agent_id": line.agent_id, "carrier_call_id": call_sid}
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
        told = read(await http.post("/voice/tickets", json=wanted, headers=line.headers), "/voice/tickets")
    address = url.replace("http", "ws", 1) + f"/telephony/twilio/media/{told['ticket']}"
    stream = await connect(address, proxy=None, max_size=None)
    begun = {"streamSid": "MZ1", "callSid": call_sid, "customParameters": {"from": "+12125550143"}}
    await stream.send(orjson.dumps({"event": "start", "streamSid": "MZ1", "start": begun}).decode())
    async with asyncio.timeout(20):
        assert orjson.loads(await stream.recv())["event"] == "media"
    return stream


async def _hang_up(stream: ClientConnection) -> None:
    await stream.send('{"event":"stop","streamSid":"MZ1"}')
    await _until_over(stream)


async def _until_over(stream: ClientConnection) -> None:
    try:
        async with asyncio.timeout(10):
            while True:
                await stream.recv()
    except ConnectionClosed:
        return


async def _kept_alive(url: str) -> socket.socket:
    """A connection on which a request was answered already, as proxies keep them."""
    address = httpx.URL(url)
    connection = socket.socket()
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (address.host, address.port))
    await _ask(connection)
    return connection


async def _ask(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"}}" not in answer:
        answer += await loop.sock_recv(connection, 4096)
    assert answer.startswith(b"HTTP/1.1 200")


async def _figures(url: str, name: str) -> dict[str, float]:
    """A figure of each worker, by its number."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        text = (await http.get("/metrics")).text
    return {
        worker: float(value) for worker, value in re.findall(rf'^{name}{{worker="(\d)"}} (\S+)$', text, re.MULTILINE)
    }


async def _until(url: str, name: str, *values: float) -> None:
    """Until the workers have these figures, in whichever order."""
    async with asyncio.timeout(20):
        while sorted((await _figures(url, name)).values()) != [*values]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def _fill_every_line(pid: int, url: str) -> None:
    """There are two lines on each of two workers. A connection made early becomes a call when one line is left: the
    worker that has the line takes the call over from the one that has none. What comes then is refused."""
    line = await look_up(url, "harbor-table")
    agent_id = UUID(line.agent_id)
    early = [await _kept_alive(url) for _ in range(4)]
    calls: list[Caller] = []
    for _ in range(3):
        calls.append(await start(await _dial(url, line), agent_id))
        for connection in early:
            await _ask(connection)
    workers = worker_pids(pid)
    carrying = [_holder(workers, caller.socket.local_address[1]) for caller in calls]
    full = next(worker for worker in workers if carrying.count(worker) == 2)
    early.sort(key=lambda connection: _holder(workers, connection.getsockname()[1]) != full)
    port = early[0].getsockname()[1]
    assert _holder(workers, port) == full
    calls.append(await start(await _dial(url, line, over=early.pop(0)), agent_id))
    assert _holder(workers, port) != full
    await _until(url, "reception_worker_calls_live", 2.0, 2.0)
    await _until(url, "reception_worker_room", 0.0, 0.0)
    with pytest.raises(ConnectionClosedError, match=r"1013.*lines are busy"):
        await start(await _dial(url, line), agent_id)
    for caller in calls:
        await caller.stop()
        await caller.socket.close()
    for connection in early:
        connection.close()
    await _until(url, "reception_worker_calls_live", 0.0, 0.0)


async def _lose_a_worker(pid: int, url: str, data_dir: Path) -> None:
    line = await look_up(url, "harbor-table")
    agent_id = UUID(line.agent_id)
    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(await _dial(url, line))
        caller = await start(socket, agent_id)
        await _until(url, "reception_worker_calls_live", 0.0, 1.0)
        other_socket = await stack.enter_async_context(await _dial(url, line))
        other = await start(other_socket, agent_id)
        workers = worker_pids(pid)
        dying = _holder(workers, socket.local_address[1])
        assert _holder(workers, other_socket.local_address[1]) != dying, "calls are spread over the workers"
        await _book(caller)
        streams = {sid: await _ring(url, line, sid) for sid in ("CA1", "CA2")}
        (cut_off,) = (sid for sid, one in streams.items() if _holder(workers, one.local_address[1]) == dying)
        os.kill(dying, signal.SIGKILL)
        await _until_closed(caller)
        await _until_over(streams.pop(cut_off))
        assert _reservations(data_dir) == ["confirmed"]
        await other.type("Do you have parking?")
        await other.until("reply")
        await other.stop()
        for sid, stream in streams.items():
            await _hang_up(stream)
            assert _streams(data_dir, sid) == 1
        await _hang_up(await _ring(url, line, cut_off))
        assert _streams(data_dir, cut_off) == 2
    async with await _dial(url, line) as socket:
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


async def _renew_a_worker(server: asyncio.subprocess.Process, url: str) -> tuple[Line, Caller]:
    """On SIGHUP a worker ends with its last call, while the other one takes what comes. Returns a call of that one."""
    line = await look_up(url, "harbor-table")
    agent_id = UUID(line.agent_id)
    await _until(url, "reception_worker_room", 2.0, 2.0)
    before = worker_pids(server.pid)
    calls: dict[int, Caller] = {}
    async with asyncio.timeout(20):
        while len(calls) < len(before):
            # To the one that was least busy by its last report, which a request that is over may still count in.
            caller = await start(await _dial(url, line), agent_id)
            one_more = calls.pop(holder := _holder(before, caller.socket.local_address[1]), None)
            calls[holder] = caller
            if one_more is not None:
                await one_more.stop()
                await one_more.socket.close()
    server.send_signal(signal.SIGHUP)
    await _until(url, "reception_worker_room", 0.0, 1.0)
    new = await start(await _dial(url, line), agent_id)
    former = calls.pop(_holder(before, new.socket.local_address[1]))
    ((renewed, living),) = calls.items()
    await living.type("Do you have parking?")
    await living.until("reply")
    assert sorted(worker_pids(server.pid)) == sorted(before)
    for caller in (living, former):
        await caller.stop()
        await caller.socket.close()
    await _until_replaced(server.pid, renewed)
    return line, new


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
