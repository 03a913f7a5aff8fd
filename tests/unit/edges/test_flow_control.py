"""What waits for a slow client is bounded, and a fast one is slowed."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from reception.transports.outbox import Frame, Outbox
from reception.transports.pace import AudioPace


def _audio(ms: float) -> Frame:
    return Frame(b"\0", ms)


async def test_frames_leave_in_order_and_audio_is_bounded() -> None:
    outbox = Outbox(max_audio_ms=1000, max_frames=10)
    await outbox.put(_audio(600))
    await outbox.put(Frame({"type": "mark"}))
    waiting = asyncio.create_task(outbox.put(_audio(600)))
    await asyncio.sleep(0)
    assert not waiting.done()
    first = await outbox.take()
    assert first is not None
    assert first.audio_ms == 600
    await waiting
    assert [await outbox.take(), await outbox.take()] == [Frame({"type": "mark"}), _audio(600)]


async def test_messages_are_bounded_too() -> None:
    outbox = Outbox(max_audio_ms=1000, max_frames=2)
    await outbox.put(Frame({}))
    await outbox.put(Frame({}))
    waiting = asyncio.create_task(outbox.put(Frame({})))
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.abandon()
    await waiting
    assert await outbox.take() is None


async def test_a_barge_in_drops_audio_and_keeps_marks() -> None:
    outbox = Outbox(max_audio_ms=1000, max_frames=10)
    for frame in (_audio(500), Frame({"type": "mark", "name": "a"}), _audio(500)):
        await outbox.put(frame)
    await outbox.drop_audio()
    await outbox.put(Frame({"type": "clear"}))
    await outbox.close()
    assert await outbox.take() == Frame({"type": "mark", "name": "a"})
    assert await outbox.take() == Frame({"type": "clear"})
    assert await outbox.take() is None


@given(st.lists(st.floats(10, 1000), min_size=1, max_size=200), st.floats(0, 5000))
def test_real_time_audio_never_waits_not_even_after_a_stall(frames_ms: list[float], stall_ms: float) -> None:
    pace = AudioPace()
    now_s = 0.0
    for index, frame_ms in enumerate(frames_ms):
        now_s += frame_ms / 1000
        arrives_s = max(now_s, stall_ms / 1000) if index else now_s
        assert pace.wait_s(frame_ms, arrives_s) == 0.0


@given(st.integers(200, 400))
def test_a_flood_is_read_at_three_times_real_time(seconds: int) -> None:
    pace = AudioPace()
    now_s = 0.0
    for _ in range(seconds):
        now_s += pace.wait_s(1000.0, now_s)
    assert abs(now_s - (seconds - 10) / 3) < 0.5
