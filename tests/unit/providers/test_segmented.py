import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.segmented import KEPT_S, SegmentedRecognizer

RATE_HZ = 1000
"""One sample a millisecond makes stretches easy to read."""


class Echo:
    """Keeps what it was given to transcribe."""

    provider = "echo"

    def __init__(self) -> None:
        self.heard: Pcm16 = np.zeros(0, np.int16)

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        self.heard = samples
        return Transcript(" ".join(hints.names), 1.0, samples.size * 1000 // sample_rate_hz, 0.0, self.provider)


def count(start: int, end: int) -> Pcm16:
    return (np.arange(start, end) % 30000).astype(np.int16)


async def test_transcribes_the_stretch_that_was_asked_for() -> None:
    echo = Echo()
    stream = SegmentedRecognizer(echo).open(RATE_HZ)
    stream.feed(count(0, 1500))
    stream.feed(count(1500, 3000))
    transcript = await stream.transcribe(1400, 1600, TranscriptionHints(names=("Nora",)), partial=False)
    assert np.array_equal(echo.heard, count(1400, 1600))
    assert (transcript.text, transcript.audio_ms) == ("Nora", 200)


async def test_what_is_too_old_or_still_to_come_is_left_out() -> None:
    echo = Echo()
    stream = SegmentedRecognizer(echo).open(RATE_HZ)
    total = (KEPT_S + 20) * RATE_HZ
    for start in range(0, total, 700):
        stream.feed(count(start, min(start + 700, total)))
    await stream.transcribe(0, 10 * total, TranscriptionHints(), partial=True)
    assert np.array_equal(echo.heard, count(20 * RATE_HZ, total))
    await stream.transcribe(0, 5000, TranscriptionHints(), partial=True)
    assert echo.heard.size == 0


@given(st.lists(st.integers(0, 20000), max_size=30), st.integers(0, 90000), st.integers(0, 90000))
async def test_any_feeding_keeps_the_samples_in_place(sizes: list[int], start: int, end: int) -> None:
    echo = Echo()
    stream = SegmentedRecognizer(echo).open(RATE_HZ)
    fed = 0
    for size in sizes:
        stream.feed(count(fed, fed + size))
        fed += size
    await stream.transcribe(start, end, TranscriptionHints(), partial=False)
    everything = count(0, fed)
    everything_kept_from = max(0, fed - KEPT_S * RATE_HZ)
    assert np.array_equal(echo.heard, everything[max(start, everything_kept_from) : max(start, end)])


async def test_a_closed_stream_refuses() -> None:
    stream = SegmentedRecognizer(Echo()).open(RATE_HZ)
    await stream.aclose()
    stream.feed(count(0, 100))
    with pytest.raises(ProviderError):
        await stream.transcribe(0, 100, TranscriptionHints(), partial=False)
