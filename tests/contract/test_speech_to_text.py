import asyncio

import numpy as np
import pytest

from reception.core.audio import Pcm16, decode, encode
from reception.core.errors import ProviderError
from reception.ports.speech import TranscriptionHints
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.segmented import SegmentedRecognizer
from tests.support import sounds
from tests.support.caller_voice import speak

NO_HINTS = TranscriptionHints()


def over_the_phone(text: str) -> Pcm16:
    return decode(encode(speak(text, 8000), "mulaw"), "mulaw")


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("rate_hz", [8000, 16000])
async def test_hears_a_caller(stt: WhisperSpeechToText, rate_hz: int, partial: bool) -> None:
    audio = speak("I would like to book a table for tomorrow evening.", rate_hz)
    transcript = await stt.transcribe(audio, rate_hz, NO_HINTS, partial=partial)
    assert "book a table for tomorrow evening" in transcript.text.lower()
    assert 0.5 < transcript.confidence <= 1.0
    assert abs(transcript.audio_ms - audio.size * 1000 / rate_hz) < 1


async def test_hears_a_phone_number_over_the_phone(stt: WhisperSpeechToText) -> None:
    audio = over_the_phone("My number is four one five, five five five, zero one four two.")
    transcript = await stt.transcribe(audio, 8000, NO_HINTS, partial=False)
    assert "".join(filter(str.isdigit, transcript.text)) == "4155550142"


async def test_a_name_in_the_hints_is_spelled_as_there(stt: WhisperSpeechToText) -> None:
    audio = over_the_phone("The booking is for Nora Quill.")
    hints = TranscriptionHints(names=("Lumen", "Nora Quill"))
    without, with_hints = await asyncio.gather(
        stt.transcribe(audio, 8000, NO_HINTS, partial=False), stt.transcribe(audio, 8000, hints, partial=False)
    )
    assert "Nora Quill" in with_hints.text
    assert "Nora Quill" not in without.text


@pytest.mark.parametrize("hints", [NO_HINTS, TranscriptionHints(names=("Lumen", "Marlow Street", "Nora Quill"))])
@pytest.mark.parametrize(
    "audio",
    [
        sounds.silence(2, 16000),
        sounds.noise(3, 16000),
        sounds.noise(2, 16000, amplitude=60),
        sounds.tone(1, 16000),
        sounds.clicks(2, 16000),
        sounds.silence(0, 16000),
        sounds.noise(0.05, 16000),
    ],
    ids=["silence", "noise", "faint noise", "tone", "clicks", "nothing", "an instant"],
)
async def test_hears_nothing_where_nobody_speaks(
    stt: WhisperSpeechToText, audio: Pcm16, hints: TranscriptionHints
) -> None:
    transcript = await stt.transcribe(audio, 16000, hints, partial=False)
    assert (transcript.text, transcript.confidence) == ("", 0.0)


async def test_a_short_answer_is_heard_once(stt: WhisperSpeechToText) -> None:
    for partial in (False, True):
        transcript = await stt.transcribe(over_the_phone("Yes, that's right."), 8000, NO_HINTS, partial=partial)
        assert transcript.text.lower().count("right") == 1


async def test_speech_longer_than_the_window_is_heard_to_its_end(stt: WhisperSpeechToText) -> None:
    sentence = speak("We were very happy with the food and with the friendly service last time.", 16000)
    last = speak("Please book a table for seven people.", 16000)
    pause = sounds.silence(0.4, 16000)
    audio = np.concatenate([part for _ in range(8) for part in (sentence, pause)] + [last])
    assert audio.size > 32 * 16000
    transcript = await stt.transcribe(audio, 16000, NO_HINTS, partial=False)
    assert transcript.text.lower().count("friendly service") >= 6
    assert "people" in transcript.text[-30:]


async def test_a_partial_gives_way_when_something_waits(stt: WhisperSpeechToText) -> None:
    audio = over_the_phone("A table for four, please.")
    finals = [asyncio.create_task(stt.transcribe(audio, 8000, NO_HINTS, partial=False)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderError) as refused:
        await stt.transcribe(audio, 8000, NO_HINTS, partial=True)
    assert refused.value.retryable
    assert len({transcript.text for transcript in await asyncio.gather(*finals)}) == 1


async def test_a_cancelled_request_leaves_the_queue(stt: WhisperSpeechToText) -> None:
    audio = over_the_phone("A table for four, please.")
    tasks = [asyncio.create_task(stt.transcribe(audio, 8000, NO_HINTS, partial=False)) for _ in range(12)]
    await asyncio.sleep(0)
    for task in tasks[2:]:
        task.cancel()
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert all(isinstance(other, asyncio.CancelledError) for other in others[1:])
    partial = await stt.transcribe(audio, 8000, NO_HINTS, partial=True)
    assert "four" in partial.text.lower() or "4" in partial.text


async def test_the_queue_has_an_end(stt: WhisperSpeechToText) -> None:
    audio = sounds.silence(1, 8000)
    requests = [stt.transcribe(audio, 8000, NO_HINTS, partial=False) for _ in range(200)]
    results = await asyncio.gather(*requests, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ProviderError)]
    assert refused
    assert all(error.retryable for error in refused)


async def test_a_stream_transcribes_stretches_of_a_call(stt: WhisperSpeechToText) -> None:
    stream = SegmentedRecognizer(stt).open(8000)
    first, second = over_the_phone("Good evening."), over_the_phone("Do you have parking?")
    for audio in (first, sounds.silence(0.5, 8000), second):
        for start in range(0, audio.size, 160):
            stream.feed(audio[start : start + 160])
    begins_ms = first.size // 8 + 400
    transcript = await stream.transcribe(begins_ms, begins_ms + 10_000, NO_HINTS, partial=False)
    await stream.aclose()
    assert "parking" in transcript.text
    assert "evening" not in transcript.text
