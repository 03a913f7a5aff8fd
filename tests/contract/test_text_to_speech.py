import re

import numpy as np
import pytest

from reception.core.audio import Pcm16, level_dbfs
from reception.ports.speech import TranscriptionHints, Voice
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.tts import HibariTextToSpeech

AUDIBLE = 100


async def spoken(tts: HibariTextToSpeech, text: str, rate_hz: int, speed: float = 1.0) -> list[Pcm16]:
    return [chunk async for chunk in tts.stream(text, Voice(speed=speed), rate_hz)]


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 48000])
async def test_says_the_words_at_any_rate(tts: HibariTextToSpeech, stt: WhisperSpeechToText, rate_hz: int) -> None:
    audio = np.concatenate(await spoken(tts, "Parking is free for all our guests, all day and all night.", rate_hz))
    heard = await stt.transcribe(audio, rate_hz, TranscriptionHints(), partial=False)
    assert re.sub(r"\W+", " ", heard.text.lower()).strip() == (
        "parking is free for all our guests all day and all night"
    )


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("You can call us at (415) 555-0142.", "4155550142"),
        ("We are open 6–9 pm.", "69"),
        ("Your table is for Friday, November 27 at 7:30 PM.", "27730"),
    ],
)
async def test_numbers_are_understood(
    tts: HibariTextToSpeech, stt: WhisperSpeechToText, text: str, digits: str
) -> None:
    audio = np.concatenate(await spoken(tts, text, 8000))
    heard = await stt.transcribe(audio, 8000, TranscriptionHints(), partial=False)
    words = heard.text.lower().replace("six", "6").replace("nine", "9").replace("seven thirty", "7:30")
    assert "".join(filter(str.isdigit, words)) == digits


async def test_the_first_clause_comes_alone_and_starts_at_once(tts: HibariTextToSpeech) -> None:
    stream = tts.stream("Thank you for calling Lumen, how can I help you today? We are open.", Voice(), 8000)
    first = await anext(stream)
    rest = [chunk async for chunk in stream]
    assert first.size < 2.5 * 8000
    assert len(rest) == 2
    assert np.flatnonzero(np.abs(first) > AUDIBLE)[0] < 0.030 * 8000


async def test_pauses_between_clauses_are_those_of_a_speaker_and_joins_do_not_click(tts: HibariTextToSpeech) -> None:
    audio = np.concatenate(await spoken(tts, "That is fine. We will see you tomorrow.", 24000))
    loud = np.flatnonzero(np.abs(audio) > AUDIBLE)
    longest_pause_s = np.max(np.diff(loud)) / 24000
    assert 0.3 < longest_pause_s < 0.7
    assert np.max(np.abs(np.diff(audio[: loud[0] + 24].astype(int)))) < 1500
    assert -28 < level_dbfs(audio) < -16


async def test_closing_stops_the_work(tts: HibariTextToSpeech) -> None:
    stream = tts.stream("First of all, this is a long story. " * 40, Voice(), 8000)
    await anext(stream)
    await stream.aclose()
    assert len(await spoken(tts, "Short.", 8000)) == 1


async def test_the_same_text_sounds_the_same_and_speed_changes_its_length(tts: HibariTextToSpeech) -> None:
    once = np.concatenate(await spoken(tts, "How many people?", 8000))
    again = np.concatenate(await spoken(tts, "How many people?", 8000))
    fast = np.concatenate(await spoken(tts, "How many people?", 8000, speed=1.4))
    assert np.array_equal(once, again)
    assert fast.size < 0.85 * once.size


@pytest.mark.parametrize("text", ["", "   ", "...", "🎉"])
async def test_text_without_words_is_silent(tts: HibariTextToSpeech, text: str) -> None:
    assert await spoken(tts, text, 8000) == []


async def test_it_tells_when_each_word_has_been_said(tts: HibariTextToSpeech, stt: WhisperSpeechToText) -> None:
    text = "Hello there. Parking is free for all our guests, and it costs $25.50 a night by the river."
    audio = np.concatenate(await spoken(tts, text, 8000))
    ends = tts.word_ends(text, Voice(), 8000)
    words = text.split()
    assert [text[: end.chars].split()[-1] for end in ends] == words
    samples = [end.sample for end in ends]
    assert samples == sorted(samples)
    assert audio.size - 0.15 * 8000 <= samples[-1] <= audio.size
    for last in ("guests,", "$25.50", "night"):
        cut = audio[: samples[words.index(last)]]
        heard = await stt.transcribe(cut, 8000, TranscriptionHints(), partial=False)
        expected = {"guests,": "guests", "$25.50": "50", "night": "night"}[last]
        assert heard.text.rstrip(".,").endswith(expected)
    assert tts.word_ends("Something that was never spoken.", Voice(), 8000) == ()
