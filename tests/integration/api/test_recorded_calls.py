"""Calls are recorded where the agent's owner says so, and forgotten when their time is over."""

import asyncio
import fcntl
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
import pytest

from reception.core.clock import FixedClock, SystemClock
from reception.core.ids import uuid7
from reception.domains.agents.service import delete_agent, update_agent
from reception.domains.conversations.service import start
from reception.domains.tenants.service import delete_tenant
from reception.ports.business import AgentSettings
from reception.runtime.recording.service import Recordings
from reception.runtime.recording.store import RecordingStore
from reception.runtime.recording.waiting import WaitingRoom
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import call_from

pytestmark = pytest.mark.asyncio(loop_scope="session")

RATE_HZ = 16000
BEEP = (9000 * np.sin(np.arange(RATE_HZ // 50) * 2 * np.pi * 1000 / RATE_HZ)).astype("<i2").tobytes()


async def _record(installation: Installation, shop: Shop, **settings: object) -> None:
    answer = await installation.http.patch(
        f"/agents/{shop.agent_id}", json={"settings": {"recording": True, **settings}}, headers=shop.headers
    )
    assert answer.status_code == httpx.codes.OK, answer.text


async def _until_there(folder: Path, pattern: str, count: int = 1) -> list[Path]:
    async with asyncio.timeout(10):
        while len(found := await asyncio.to_thread(lambda: sorted(folder.glob(pattern)))) < count:
            pass
    return found


async def _until_gone(folder: Path, pattern: str) -> None:
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lambda: list(folder.glob(pattern))):
            pass


async def test_both_sides_are_kept_in_step_after_a_notice(installation: Installation, shop: Shop) -> None:
    await _record(installation, shop, recording_notice="We record this call.")
    async with call_from(installation, shop) as caller:
        assert await caller.until_said("record") == "We record this call."
        await caller.until_said("Thank you for calling")
        for _ in range(100):
            await caller.socket.send(BEEP)
        await caller.type("What are your opening hours?")
        await caller.until("turn_metrics")
        await caller.stop()
    folder = installation.data_dir / "recordings" / str(shop.tenant_id) / f"{datetime.now(UTC):%Y-%m}"
    (path,) = await _until_there(folder, f"{caller.conversation_id}.wav")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE_HZ)
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    assert both.shape[0] > 3 * RATE_HZ
    assert np.count_nonzero(both[:, 0]) == 100 * np.count_nonzero(np.frombuffer(BEEP, dtype="<i2"))
    assert np.count_nonzero(np.abs(both[:, 1]) > 100) > RATE_HZ
    await _until_gone(installation.data_dir / "recording", f"{shop.tenant_id}/*.wav")


async def test_a_call_taken_up_again_has_two_parts_and_one_notice(installation: Installation, shop: Shop) -> None:
    await _record(installation, shop)
    async with call_from(installation, shop) as caller:
        await caller.until_said("This call is recorded.")
        await caller.type("Hello there")
        await caller.until("turn_metrics")
        caller.lose()
    async with call_from(
        installation, shop, conversation_id=caller.conversation_id, resume_after_seq=caller.seq
    ) as again:
        await again.until_said("cut off")
        await again.stop()
        assert not any("recorded" in text for text in again.replies())
    folder = installation.data_dir / "recordings" / str(shop.tenant_id)
    found = await _until_there(folder, f"*/{caller.conversation_id}*.wav", 2)
    assert [path.stem[36:] for path in found] == ["-2", ""]


async def test_nobody_is_recorded_unasked(installation: Installation, shop: Shop) -> None:
    async with call_from(installation, shop) as caller:
        await caller.until("reply")
        await caller.stop()
        assert not any("record" in text for text in caller.replies())
    assert not (installation.data_dir / "recordings" / str(shop.tenant_id)).exists()
    assert not (installation.data_dir / "recording" / str(shop.tenant_id)).exists()


def _recordings(installation: Installation, store: RecordingStore, spool: Path) -> Recordings:
    return Recordings(store, WaitingRoom(spool, 1 << 30), installation.services.database, SystemClock())


def _write(path: Path, seconds: float) -> None:
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 8000) * 4))


async def test_recordings_go_when_their_agent_said_so(installation: Installation, shop: Shop, tmp_path: Path) -> None:
    database, short_id, stray_id = installation.services.database, uuid7(), uuid7()
    async with database.tenant_session(shop.tenant_id) as session:
        await start(session, shop.tenant_id, shop.agent_id, conversation_id=short_id, channel="voice", recording_days=7)
        await update_agent(session, shop.agent_id, settings=AgentSettings(recording_days=90))
    async with call_from(installation, shop) as caller:
        await caller.until("reply")
        await caller.stop()
    # What is said of how long recordings are kept when a call begins holds, whatever becomes of its agent.
    async with database.tenant_session(shop.tenant_id) as session:
        await update_agent(session, shop.agent_id, settings=AgentSettings(recording_days=1))
        await delete_agent(session, shop.agent_id)
    long_id = UUID(caller.conversation_id)
    store = RecordingStore(f"file://{tmp_path}/kept")
    for one in (short_id, stray_id, long_id):
        _write(tmp_path / str(one) / "part.wav", 1.0)
        store.keep(tmp_path / str(one) / "part.wav", shop.tenant_id, one)
    clock = FixedClock(datetime.now(UTC))
    recordings = Recordings(store, WaitingRoom(tmp_path / "spool", 1 << 30), database, clock)

    async def kept_after(days: int) -> set[UUID]:
        clock.advance(timedelta(days=days))
        await recordings.clean()
        return {one.conversation_id for one in store.recordings(shop.tenant_id)}

    assert await kept_after(6) == {short_id, stray_id, long_id}
    assert await kept_after(2) == {stray_id, long_id}
    assert await kept_after(30) == {long_id}
    assert await kept_after(51) == {long_id}
    assert await kept_after(2) == set()


async def test_a_tenant_that_is_gone_takes_its_recordings_along(installation: Installation, tmp_path: Path) -> None:
    shop, database = await installation.open_shop(), installation.services.database
    store = RecordingStore(str(tmp_path / "kept"))
    _write(tmp_path / "spool" / "part.wav", 1.0)
    store.keep(tmp_path / "spool" / "part.wav", shop.tenant_id, uuid7())
    async with database.tenant_session(shop.tenant_id) as session:
        await delete_tenant(session)
    await _recordings(installation, store, tmp_path / "waiting").clean()
    assert store.tenants() == []


async def test_what_a_dead_process_left_is_mended_and_kept(installation: Installation, tmp_path: Path) -> None:
    shop, conversation_id = await installation.open_shop(), uuid7()
    cut = tmp_path / "spool" / str(shop.tenant_id) / f"{conversation_id}.1.wav"
    _write(cut, 2.0)
    with cut.open("r+b") as file:
        file.seek(4)
        file.write(bytes(4))
        file.seek(40)
        file.write(bytes(4))
        file.truncate(44 + 4 * 12000 + 3)
    empty = cut.with_name(f"{uuid7()}.2.wav")
    empty.write_bytes(b"RIFF")
    growing = cut.with_name(f"{uuid7()}.3.wav")
    growing.write_bytes(cut.read_bytes())
    recordings = _recordings(installation, RecordingStore(str(tmp_path / "kept")), tmp_path / "spool")
    with growing.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert await recordings.storing.store_all()
    (path,) = (tmp_path / "kept").glob(f"{shop.tenant_id}/*/{conversation_id}.wav")
    with wave.open(str(path)) as file:
        assert file.getnframes() == 12000
    assert list(cut.parent.iterdir()) == [growing]


async def test_parts_are_stored_in_their_order(installation: Installation, tmp_path: Path) -> None:
    shop, conversation_id = await installation.open_shop(), uuid7()
    first, second = (tmp_path / str(shop.tenant_id) / f"{conversation_id}.{number}.wav" for number in (9, 10))
    _write(first, 2.0)
    second.write_bytes(first.read_bytes()[:20000])
    recordings = _recordings(installation, RecordingStore(str(tmp_path / "kept")), tmp_path)
    with first.open("rb") as other_worker:
        fcntl.flock(other_worker, fcntl.LOCK_EX)
        await recordings.storing.store_all()
        assert second.exists()
    assert await recordings.storing.store_all()
    kept = sorted((tmp_path / "kept").glob(f"{shop.tenant_id}/*/*.wav"))
    assert [(path.stem[36:], path.stat().st_size > 20000) for path in kept] == [("-2", False), ("", True)]


async def test_ids_tell_when_a_call_began(tmp_path: Path) -> None:
    store = RecordingStore(str(tmp_path))
    _write(tmp_path / "spool" / "part.wav", 0.1)
    tenant_id = UUID(int=1)
    path = store.keep(tmp_path / "spool" / "part.wav", tenant_id, uuid7())
    assert datetime.now(UTC) - store.recordings(tenant_id)[0].began_at < timedelta(seconds=10)
    assert f"{datetime.now(UTC):%Y-%m}" in path
