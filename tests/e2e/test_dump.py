"""A dumped call can be read, heard, and decided again."""

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from reception.cli.phone import dial
from reception.cli.phone_book import look_up
from tests.e2e.conftest import TELEPHONE
from tests.support.caller_voice import speak
from tests.support.running_server import clean_environment, running_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


def replayed(dump: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("reception")), "replay", str(dump)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment(), check=False)


async def test_a_dumped_call_is_decided_again_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "dumps"
    with running_server(tmp_path, RECEPTION_DUMP_DIR=str(folder)) as server:
        async with dial(await look_up(server.url, "harbor-table"), TELEPHONE) as call:
            await call.wait_reply()
            await call.say(speak("Do you have parking?", TELEPHONE.sample_rate_hz))
            await call.wait_reply()
            await call.type("Thank you")
            await call.wait_reply()
    dump = folder / f"{call.conversation_id}.jsonl"
    assert dump.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in dump.read_text().splitlines()]
    notes = {line["note"] for line in lines if "note" in line}
    assert {"transcript", "audio_sent", "mark_sent", "mark_reached", "typed", "event", "leg_closed"} <= notes
    inputs = {line["in"] for line in lines if "in" in line}
    assert {"window", "transcribed", "agent_started", "agent_finished"} <= inputs
    with wave.open(str(dump.with_suffix(".wav"))) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
        assert file.getframerate() == 8000
    windows = sum(line.get("in") == "window" for line in lines)
    assert len(both) == pytest.approx(windows * 256, abs=8000)
    again = replayed(dump)
    assert again.returncode == 0, again.stdout[-3000:]
    assert "Commit(" in again.stdout
    assert "every one as it was live" in again.stdout
    changed = lines[:]
    changed[0]["config"]["candidate_ms"] = 640
    (tmp_path / "changed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))
    different = replayed(tmp_path / "changed.jsonl")
    assert different.returncode == 1
    assert "! live:" in different.stdout
    (tmp_path / "no.jsonl").write_text("these are words\n")
    assert replayed(tmp_path / "no.jsonl").returncode == 2
