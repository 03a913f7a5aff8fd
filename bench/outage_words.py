"""What is said in `bench.outages many`: every word has its own tone, so that what was heard can be read again.

Replies say the words of `WORDS` in this order, so that one that was lost or said twice shows without knowing the text;
what else is said (greetings, fillers, a code that makes a reply unlike all others) is one low tone. A word lasts as
long as its letters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from reception.core.audio import Pcm16

SENTENCES = (
    "Parking is free behind our house {0}.",
    "You need not reserve any space {0}.",
    "Its gate closes near midnight {0}.",
)
WORDS = tuple(word for sentence in SENTENCES for word in re.findall("[a-z]+", sentence.lower()))
_LETTER_MS, _GAP_MS, _FRAME_MS = 50, 50, 20
_LOWEST_HZ, _STEP_HZ, _OTHER_HZ = 400, 150, 150
_LEVEL = 6000
_AUDIBLE = 500
_BEGUN = 2
"""Frames of a word."""


def spoken(text: str, rate_hz: int) -> Pcm16:
    """`text` as the vendors of this benchmark say it."""
    gap = np.zeros(rate_hz * _GAP_MS // 1000)
    parts: list[np.ndarray] = []
    for word in re.findall("[a-z0-9']+", text.lower()):
        hz = _LOWEST_HZ + _STEP_HZ * WORDS.index(word) if word in WORDS else _OTHER_HZ
        time_s = np.arange(rate_hz * _LETTER_MS * len(word) // 1000) / rate_hz
        parts += [_LEVEL * np.sin(2 * np.pi * hz * time_s), gap]
    return (np.concatenate(parts) if parts else np.zeros(0)).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one reply: words that are missing between others or at its end, and words that were said again; `told` is
    what was heard, with the frames of those that were not whole."""

    lost: int
    repeated: int
    told: str


def heard_in(audio: Pcm16, rate_hz: int) -> Heard | None:
    """None where no word was said at all. The one in which a voice broke off may have been cut short, or begun and
    then said."""
    lost, repeated, expected, cut = 0, 0, 0, False
    runs = list(_runs(audio, rate_hz))
    if not runs:
        return None
    for word, frames in runs:
        if word == expected - 1 and cut:
            cut = frames < _whole(word)
            continue
        lost += max(0, word - expected)
        repeated += word < expected
        expected, cut = max(expected, word + 1), frames < _whole(word)
    told = " ".join(WORDS[word] + ("" if frames >= _whole(word) else f"({frames})") for word, frames in runs)
    return Heard(lost + len(WORDS) - expected, repeated, told)


def _whole(word: int) -> int:
    """The frames that a word takes at the least; its first and last may lie across two."""
    return len(WORDS[word]) * _LETTER_MS // _FRAME_MS - 1


def _runs(audio: Pcm16, rate_hz: int) -> Iterator[tuple[int, int]]:
    """Each word's place in `WORDS`, and how many frames of it there were."""
    size = rate_hz * _FRAME_MS // 1000
    frames = audio[: audio.size // size * size].reshape(-1, size).astype(np.float32)
    hz = np.argmax(np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)), axis=1) * 1000 / _FRAME_MS
    words = np.rint((hz - _LOWEST_HZ) / _STEP_HZ).astype(int)
    words[(np.abs(frames).max(axis=1) < _AUDIBLE) | (words < 0) | (words >= len(WORDS))] = -1
    for word, run in groupby(words.tolist()):
        length = len(list(run))
        if word >= 0 and length >= _BEGUN:
            yield word, length
