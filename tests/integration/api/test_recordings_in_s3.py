"""Recordings kept in S3, over a real connection to a server that speaks it and is not always there."""

import asyncio
import logging
import threading
import wave
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reception.cli.doctor import State, _recordings
from reception.cli.logs import configure_logs
from reception.core.clock import FixedClock
from reception.core.errors import InvalidInput, Unavailable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.runtime.recording import storing
from reception.runtime.recording.service import Recordings
from reception.runtime.recording.store import RecordingStore
from reception.runtime.recording.waiting import WaitingRoom
from reception.settings import load_settings
from tests.integration.api.installation import Installation, Shop
from tests.support.object_storage import BUCKET, SECRET, S3Server, s3_server
from tests.support.virtual_time import LoopClock
from tests.unit.recording.test_tape import RATE_HZ, Silent, tone

pytestmark = pytest.mark.asyncio(loop_scope="session")

URL = f"s3://{BUCKET}/calls"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


class Figures:
    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.waiting = 0

    def on_recording(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def on_recordings_waiting(self, count: int) -> None:
        self.waiting = count


class Line:
    """Records calls into `URL` by way of `folder`."""

    def __init__(self, database: Database, shop: Shop, folder: Path, *, most_bytes: int = 1 << 30) -> None:
        self.store = RecordingStore(URL)
        self.figures = Figures()
        self.clock = FixedClock(datetime.now(UTC))
        self.recordings = Recordings(
            self.store, WaitingRoom(folder, most_bytes), database, self.clock, figures=self.figures
        )
        self.shop, self.folder = shop, folder

    async def call(self) -> str:
        """The name of a call's conversation; its recording is written when this returns."""
        conversation_id = uuid7()
        async with self.recordings.recording(Silent(LoopClock()), self.shop.tenant_id, conversation_id) as leg:
            await leg.send_audio(tone(0.5), 0)
            self.clock.advance(timedelta(seconds=2))
        await self.recordings.written()
        return str(conversation_id)

    def here(self) -> list[Path]:
        """What waits to be stored."""
        return sorted(self.folder.glob("*/*.wav"))

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not reached():  # noqa: ASYNC110  files and another process tell no event
                await asyncio.sleep(0.02)

    def stored(self) -> list[str]:
        return sorted(str(one.conversation_id) for one in self.store.recordings(self.shop.tenant_id))


async def test_a_call_is_stored_as_it_was_and_goes_when_its_time_is_over(
    installation: Installation, shop: Shop, s3: S3Server, tmp_path: Path
) -> None:
    line = Line(installation.services.database, shop, tmp_path)
    name = await line.call()
    assert await line.recordings.storing.store_all()
    assert line.stored() == [name]
    assert not line.here()
    path = f"calls/{shop.tenant_id}/{datetime.now(UTC):%Y-%m}/{name}.wav"
    s3.fetch(path, tmp_path / "back.wav")
    with wave.open(str(tmp_path / "back.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE_HZ)
        agent = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)[:, 1]
    assert len(agent) == 2 * RATE_HZ
    assert np.count_nonzero(agent) > 0.1 * RATE_HZ
    line.clock.advance(timedelta(days=29))
    assert await line.recordings.clean() == 0
    line.clock.advance(timedelta(days=2))
    assert await line.recordings.clean() == 1
    assert line.stored() == []


async def test_a_place_that_is_down_when_a_call_ends_gets_it_later(
    installation: Installation, shop: Shop, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(storing, "LONGEST_PAUSE_S", 0.2)
    line = Line(installation.services.database, shop, tmp_path, most_bytes=1 << 20)
    running = asyncio.create_task(line.recordings.storing.run())
    s3.stop()
    try:
        names = [await line.call() for _ in range(2)]
        await line.until(lambda: line.figures.waiting == 2 and line.figures.outcomes.count("failed") >= 4)
        assert len(line.here()) == 2
        (line.here()[0].parent / "large.wav").write_bytes(bytes(1 << 20))
        await line.call()
        assert line.figures.outcomes[-1] == "not_recorded"
        s3.start()
        await line.until(lambda: not line.figures.waiting)
        assert line.stored() == sorted(names)
        assert len(line.here()) == 1
    finally:
        running.cancel()
        if s3._process is None:
            s3.start()


async def test_what_waits_in_vain_is_kept_no_longer_than_what_is_stored(
    installation: Installation, shop: Shop, s3: S3Server, tmp_path: Path
) -> None:
    line = Line(installation.services.database, shop, tmp_path)
    s3.stop()
    try:
        await line.call()
        line.clock.advance(timedelta(days=31))
        with pytest.raises(Unavailable, match="nobody answers"):
            await line.recordings.clean()
        assert not line.here()
    finally:
        s3.start()


async def test_a_place_that_does_not_answer_holds_up_nothing(
    installation: Installation, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(installation.services.database, shop, tmp_path)
    answer = threading.Event()
    monkeypatch.setattr(line.store, "keep", lambda *_: answer.wait(10))
    await line.call()
    storing_all = asyncio.create_task(line.recordings.storing.store_all())
    try:
        # While the upload hangs, the loop and its threads serve others.
        threads = [asyncio.to_thread(threading.get_ident) for _ in range(50)]
        async with asyncio.timeout(5):
            await asyncio.gather(*threads)
        assert not storing_all.done()
        async with asyncio.timeout(5):
            await line.call()
    finally:
        answer.set()
        await storing_all


async def test_the_doctor_writes_and_reads_there(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = await _recordings(load_settings(data_dir=tmp_path, recordings_url=URL))
    assert (found.state, found.detail.partition(":")[0]) == (State.OK, "s3")
    (missing,) = await _recordings(load_settings(data_dir=tmp_path, recordings_url="s3://no-such-bucket/calls"))
    assert (missing.state, "no such bucket" in missing.detail) == (State.FAILED, True)
    assert s3.buckets() == [BUCKET], "a misspelt name makes no bucket"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (keyless,) = await _recordings(load_settings(data_dir=tmp_path, recordings_url=URL))
    assert (keyless.state, "no credentials" in keyless.detail) == (State.FAILED, True)


async def test_credentials_stay_out_of_the_address_and_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        RecordingStore(f"s3://AKIA123:{SECRET}@{BUCKET}/calls")
    assert SECRET not in refused.value.detail
    configure_logs("debug", as_json=True)
    assert logging.getLogger().level == logging.DEBUG
    await asyncio.to_thread(RecordingStore(URL).check)
    told = capsys.readouterr().err
    assert SECRET not in told
    assert "Authorization" not in told
