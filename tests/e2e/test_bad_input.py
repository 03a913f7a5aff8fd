"""What is wrong is answered clearly, and the server is unharmed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from reception.cli.phone_book import Line, look_up
from tests.e2e.conftest import PARKING
from tests.support.running_server import RunningServer, clean_environment, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

HUGE_BYTES = 80 * 1024 * 1024


def reception(*arguments: str, timeout_s: float = 60.0) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("reception")), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, env=clean_environment(), check=False
    )


def start_of(line: Line, **changed: object) -> str:
    audio = {"encoding": "pcm_s16le", "sample_rate": 16000}
    return json.dumps({"type": "start", "agent_id": line.agent_id, "audio": audio} | changed)


async def closing(line: Line, *messages: str | bytes, token: str = "") -> tuple[int, str]:
    """The close code and reason that end a socket after `messages`."""
    address = line.url.replace("http", "ws", 1) + "/voice/stream"
    bearer = {"Authorization": f"Bearer {token or line.token}"}
    async with connect(address, additional_headers=bearer, proxy=None, compression=None) as socket:
        try:
            for message in messages:
                await socket.send(message)
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
        return socket.close_code or 0, socket.close_reason or ""


async def test_every_bad_beginning_closes_with_its_own_code(server: RunningServer) -> None:
    line = await look_up(server.url, "harbor-table")
    other = await look_up(server.url, "alder-house")
    unknown = "01990000-0000-7000-8000-00000000ffff"
    assert (await closing(line, start_of(line, agent_id=unknown)))[0] == 4404
    assert (await closing(line, start_of(other)))[0] in (4403, 4404)
    assert (await closing(line, start_of(line), token="not-a-token"))[0] == 4401
    assert (await closing(line, b"\x00\x00"))[0] == 4400
    code, reason = await closing(line, json.dumps({"type": "text", "text": "Hello"}))
    assert code == 4400
    assert reason


async def test_a_malformed_message_is_answered_and_the_call_goes_on(server: RunningServer) -> None:
    line = await look_up(server.url, "harbor-table")
    address = line.url.replace("http", "ws", 1) + "/voice/stream"
    bearer = {"Authorization": f"Bearer {line.token}"}
    async with connect(address, additional_headers=bearer, proxy=None) as socket:
        await socket.send(start_of(line))
        for bad in ("{", '{"type": "nonsense"}', b"\x00\x01\x02"):
            await socket.send(bad)
        await socket.send(json.dumps({"type": "stop"}))
        events = [json.loads(message) async for message in socket if isinstance(message, str)]
    errors = [event for event in events if event["type"] == "error"]
    assert len(errors) == 3
    assert not any(error["fatal"] for error in errors)
    assert all(error["message"] for error in errors)
    assert events[-1]["type"] == "ended"


async def test_a_huge_frame_ends_that_call_and_nothing_else(server: RunningServer) -> None:
    line = await look_up(server.url, "harbor-table")
    before_mb = server.rss_mb()
    code, _ = await closing(line, start_of(line), bytes(HUGE_BYTES))
    assert code == 1009
    assert server.rss_mb() - before_mb < 60
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert (await client.get("/health/ready")).is_success


async def test_a_second_server_on_the_same_data_says_so(server: RunningServer) -> None:
    second = reception("serve", "--port", str(free_port()), "--data-dir", str(server.data_dir))
    assert second.returncode != 0
    assert "in use by another Reception server" in " ".join(second.stderr.split())
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert (await client.get("/health/ready")).is_success


async def test_the_command_names_what_is_wrong(server: RunningServer, tmp_path: Path) -> None:
    nobody = reception("call", "--url", server.url, "--agent", "nobody", "--say", "Hello")
    assert nobody.returncode == 1
    assert "harbor-table" in nobody.stderr
    text = tmp_path / "words.wav"
    text.write_text("these are words")
    assert "not a WAV file" in " ".join(
        reception("call", "--url", server.url, "--agent", "harbor-table", str(text)).stderr.split()
    )
    lost = reception("call", "--url", f"http://127.0.0.1:{free_port()}", "--agent", "harbor-table", "--say", "Hello")
    assert lost.returncode == 1
    assert "No server answers" in lost.stderr


async def test_the_command_phones_and_reports(server: RunningServer, tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    placed = reception(
        "call", "--url", server.url, "--agent", "Harbor Table", "--say", "Do you have parking?", "--rate", "8000",
        "--encoding", "mulaw", "--json", "--save", str(recording), timeout_s=90.0,
    )  # fmt: skip
    assert placed.returncode == 0, placed.stderr
    report = json.loads(placed.stdout)
    assert re.search(PARKING, " ".join(report["turns"][1]["reply"]))
    assert report["latency"]["turns"] == 1
    assert report["turns"][1]["latency_ms"] > 0
    assert recording.stat().st_size > 100_000
