"""Frames that come out of order, twice, late or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from reception.transports.chunks import LONGEST_FILLED, REORDER_WINDOW, ChunkOrder

SILENCE = 0xFF


def frame(chunk: int) -> bytes:
    return bytes((chunk % 200,)) * 4


def heard(chunks: list[int]) -> bytes:
    order = ChunkOrder(SILENCE)
    return b"".join(order.take(chunk, frame(chunk)) for chunk in chunks) + order.flush()


@given(st.data(), st.integers(10, 80))
def test_frames_that_swap_places_within_the_window_are_put_in_order(data: st.DataObject, count: int) -> None:
    # Each frame is late by less than the window, and some come twice.
    lateness = st.integers(0, REORDER_WINDOW - 1)
    late = {chunk: chunk + (data.draw(lateness) if chunk > 1 else 0) for chunk in range(1, count)}
    sent = sorted(late, key=lambda chunk: (late[chunk], chunk))
    twice = data.draw(st.lists(st.sampled_from(sent), max_size=5))
    for chunk in twice:
        sent.insert(sent.index(chunk) + 1, chunk)
    assert heard(sent) == b"".join(frame(chunk) for chunk in range(1, count))


def test_a_lost_frame_is_replaced_by_silence_once_it_is_late() -> None:
    order = ChunkOrder(SILENCE)
    assert order.take(1, frame(1)) == frame(1)
    early = [order.take(chunk, frame(chunk)) for chunk in range(3, 3 + REORDER_WINDOW)]
    assert early == [b""] * REORDER_WINDOW
    last = 3 + REORDER_WINDOW
    expected = bytes((SILENCE,)) * 4 + b"".join(frame(chunk) for chunk in range(3, last + 1))
    assert order.take(last, frame(last)) == expected
    assert order.take(2, frame(2)) == b""
    assert (order.lost, order.dropped) == (1, 1)


def test_a_long_gap_is_cut_short() -> None:
    order = ChunkOrder(SILENCE)
    order.take(1, frame(1))
    filled = b"".join(order.take(chunk, frame(chunk)) for chunk in range(5000, 5001 + REORDER_WINDOW))
    assert filled.count(bytes((SILENCE,)) * 4) == LONGEST_FILLED


def test_a_new_count_is_followed() -> None:
    assert heard([700, 701, 1, 2]) == frame(700) + frame(701) + frame(1) + frame(2)


@given(st.lists(st.integers(0, 10_000), max_size=300))
def test_what_waits_is_bounded_and_nothing_is_heard_twice(chunks: list[int]) -> None:
    order = ChunkOrder(SILENCE)
    out = 0
    for chunk in chunks:
        out += len(order.take(chunk, b"abcd"))
        assert order.waiting <= REORDER_WINDOW
    out += len(order.flush())
    silence = min(order.lost, LONGEST_FILLED * len(chunks)) * 4
    assert out <= 4 * (len(chunks) - order.dropped) + silence
