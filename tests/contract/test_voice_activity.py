import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from reception.core.audio import Pcm16
from reception.core.errors import InvalidInput
from reception.core.telemetry import PROVIDER_FAILED
from reception.ports.speech import VAD_WINDOW_MS
from reception.providers.embedded.vad import SileroStream, SileroVad
from tests.support import sounds
from tests.support.caller_voice import speak

FRAME_MS = 20


async def judged(probabilities: list[float], windows: int) -> list[float]:
    """Let the loop turn until `windows` have been judged."""
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        if len(probabilities) >= windows:
            enough.set()
        else:
            loop.call_later(0.001, look)

    look()
    await asyncio.wait_for(enough.wait(), 5)
    return probabilities


def feed_in_frames(stream: SileroStream, audio: Pcm16, rate_hz: int) -> None:
    frame = rate_hz * FRAME_MS // 1000
    for start in range(0, audio.size, frame):
        stream.feed(audio[start : start + frame])


def windows_of(audio: Pcm16, rate_hz: int) -> int:
    return audio.size // (rate_hz * VAD_WINDOW_MS // 1000)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
async def test_tells_speech_from_what_is_not(vad: SileroVad, rate_hz: int) -> None:
    found: dict[str, float] = {}
    audio = {
        "speech": speak("I would like to book a table for tomorrow evening", rate_hz),
        "noise": sounds.noise(2, rate_hz),
        "tone": sounds.tone(2, rate_hz),
        "silence": sounds.silence(2, rate_hz),
    }
    for name, samples in audio.items():
        probabilities: list[float] = []
        stream = vad.open(rate_hz, probabilities.append)
        feed_in_frames(stream, samples, rate_hz)
        await judged(probabilities, windows_of(samples, rate_hz))
        stream.close()
        assert len(probabilities) == windows_of(samples, rate_hz)
        found[name] = float(np.mean(np.array(probabilities) > 0.5))
    assert found["speech"] > 0.7
    assert max(found["noise"], found["tone"], found["silence"]) < 0.05


async def test_a_batch_judges_as_each_alone(vad: SileroVad) -> None:
    texts = ["Hello there.", "A table for four, please.", "Do you have parking?", "Goodbye and thank you."]
    voices = [speak(text, 8000) for text in texts]
    alone: list[list[float]] = []
    for audio in voices:
        probabilities: list[float] = []
        stream = vad.open(8000, probabilities.append)
        feed_in_frames(stream, audio, 8000)
        alone.append(await judged(probabilities, windows_of(audio, 8000)))
        stream.close()
    together: list[list[float]] = [[] for _ in voices]
    streams = [vad.open(8000, heard.append) for heard in together]
    for start in range(0, max(audio.size for audio in voices), 160):
        for stream, audio in zip(streams, voices, strict=True):
            stream.feed(audio[start : start + 160])
    for heard, audio in zip(together, voices, strict=True):
        await judged(heard, windows_of(audio, 8000))
    for stream in streams:
        stream.close()
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-4)


async def test_a_single_stream_does_not_wait_for_company(vad: SileroVad) -> None:
    probabilities: list[float] = []
    stream = vad.open(8000, probabilities.append)
    stream.feed(sounds.noise(0.032, 8000))
    for _ in range(3):
        await asyncio.sleep(0)
    stream.close()
    assert len(probabilities) == 1


async def test_nothing_is_reported_after_close(vad: SileroVad) -> None:
    probabilities: list[float] = []
    stream = vad.open(8000, probabilities.append)
    stream.feed(sounds.noise(1, 8000))
    stream.close()
    stream.close()
    stream.feed(sounds.noise(1, 8000))
    other: list[float] = []
    witness = vad.open(8000, other.append)
    witness.feed(sounds.noise(0.2, 8000))
    await judged(other, 6)
    witness.close()
    assert probabilities == []


async def test_what_piles_up_is_dropped_from_its_old_end_and_its_time_still_counts(vad: SileroVad) -> None:
    probabilities: list[float] = []
    stream = vad.open(8000, probabilities.append)
    stream.feed(sounds.silence(25, 8000))
    assert stream.dropped_windows == -(-15 * 8000 // 256)
    assert len(await judged(probabilities, 25 * 8000 // 256)) == 25 * 8000 // 256
    stream.close()


async def test_a_model_that_fails_once_goes_on_hearing_every_call(
    vad: SileroVad, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = vad._batches[8000]
    session, runs = batch._session, 0

    class Stumbling:
        def run(self, names: None, given: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
            nonlocal runs
            runs += 1
            if runs in (10, 11):
                raise RuntimeError("out of memory")
            return session.run(names, given)

    monkeypatch.setattr(batch, "_session", Stumbling())
    audio = speak("I would like to book a table for tomorrow evening", 8000)
    told: list[list[float]] = [[], []]
    streams = [vad.open(8000, one.append) for one in told]
    with capture_logs() as logs:
        for stream in streams:
            stream.feed(audio)
        for one in told:
            await judged(one, windows_of(audio, 8000))
    for stream, one in zip(streams, told, strict=True):
        stream.close()
        assert len(one) == windows_of(audio, 8000)
        assert one[9:11] == [0.0, 0.0]
        assert np.mean(np.array(one[12:]) > 0.5) > 0.6
    assert [line["event"] for line in logs] == [PROVIDER_FAILED]


async def test_other_rates_are_refused(vad: SileroVad) -> None:
    with pytest.raises(InvalidInput):
        vad.open(44100, lambda _: None)


@pytest.mark.parametrize("noise_lsb", [4.0, 40.0, 200.0])
async def test_speech_after_a_long_rest_is_found_at_once_on_a_quiet_line_and_a_noisy_one(
    vad: SileroVad, noise_lsb: float
) -> None:
    """While nobody speaks most windows are not judged; the first one of a voice is."""
    speech = speak("Good evening, is anybody there?", 8000)
    audio = np.concatenate([np.zeros(3 * 8000), speech.astype(np.float64), np.zeros(2 * 8000), speech * 0.5])
    assert audio.size < 80_000, "more at once is not kept"
    noise = np.random.default_rng(3).normal(0, noise_lsb, audio.size)
    line = np.clip(audio + noise, -32768, 32767).astype(np.int16)
    probabilities: list[float] = []
    stream = vad.open(8000, probabilities.append)
    feed_in_frames(stream, line, 8000)
    found = np.array(await judged(probabilities, windows_of(line, 8000))) > 0.5
    stream.close()
    loud = np.flatnonzero(np.abs(speech) > 1500)[0] // 256
    for begins in (3 * 8000 // 256, (5 * 8000 + speech.size) // 256):
        assert not found[begins - 60 : begins - 1].any()
        assert found[begins : begins + loud + 5].any()


async def test_each_stream_is_told_in_the_context_in_which_it_was_opened(vad: SileroVad) -> None:
    whose: ContextVar[str] = ContextVar("whose")
    told: dict[str, set[str]] = {}
    windows: list[float] = []
    streams = []
    for name in ("ada", "bob", "cy"):

        def on_window(probability: float, name: str = name) -> None:
            told.setdefault(name, set()).add(whose.get())
            windows.append(probability)

        whose.set(name)
        streams.append(vad.open(8000, on_window))
    audio = sounds.noise(1, 8000)
    for stream in streams:
        stream.feed(audio)
    await judged(windows, 3 * windows_of(audio, 8000))
    for stream in streams:
        stream.close()
    assert told == {"ada": {"ada"}, "bob": {"bob"}, "cy": {"cy"}}
