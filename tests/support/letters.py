"""Speech that can be read: every letter has its own level of sound."""

from itertools import accumulate, groupby

import numpy as np

from reception.call.config import Phrases
from reception.core.audio import Pcm16

MS_PER_CHAR = 50
_FLOOR = 1000
_DIGITS = frozenset(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
_AFTER = 8
"""Letters after a number in which nobody can be sure that it was whole."""


def sound_of(text: str, rate_hz: int) -> Pcm16:
    return np.repeat(np.array([_FLOOR + ord(letter) for letter in text], np.int16), rate_hz * MS_PER_CHAR // 1000)


def read(audio: Pcm16, rate_hz: int) -> str:
    """The text in `audio`, without spaces; silence is skipped, and so is what lasts less than half a letter."""
    per_letter = rate_hz * MS_PER_CHAR / 1000
    said = []
    for run in np.split(audio, np.flatnonzero(np.diff(audio)) + 1):
        if run.size and run[0] > _FLOOR:
            said.append(chr(int(run[0]) - _FLOOR) * round(run.size / per_letter))
    return "".join(said).replace(" ", "")


def said_once(heard: str, text: str) -> bool:
    """Whether every word of `text` was said once, in order. One of them, in which a voice broke off, may have been cut
    short, or begun and then said; a number in which it did, or just after it, may have been said again from its
    beginning."""
    return heard in _ways_to_say(text)


def without_filler(heard: str, text: str) -> str:
    """`heard` from where `text` was said, after fillers before a late answer perhaps, the last of which may have been
    cut off when the answer came, and in which a voice may have broken off as in anything else. All of it where `text`
    was not said once."""
    fillers = [way for filler in Phrases().fillers for way in _ways_to_say(filler)]
    bare = heard
    for filler in Phrases().fillers:
        bare = bare.replace(filler.replace(" ", ""), "")
    for sound in (heard, bare):
        for start in range(len(sound)):
            if said_once(sound[start:], text) and any(way.startswith(sound[:start]) for way in fillers):
                return sound[start:]
    return heard


def _ways_to_say(text: str) -> set[str]:
    spoken = text.replace(" ", "")
    ends = list(accumulate(len(word) for word in text.split()))
    return _ways_with_a_number_again(text) | {
        spoken[:left_at] + spoken[taken_up_at:]
        for start, end in zip([0, *ends], ends, strict=False)
        for left_at in range(start, end + 1)
        for taken_up_at in (start, end)
        if (left_at, taken_up_at) not in ((start, end), (end, start))
    }


def _ways_with_a_number_again(text: str) -> set[str]:
    spoken, at = text.replace(" ", ""), 0
    ways: set[str] = set()
    for is_number, row in groupby(text.split(), lambda word: word.strip(",.?!").lower() in _DIGITS):
        length = sum(map(len, row))
        if is_number:
            ways |= {
                spoken[:left_at] + spoken[at:] for left_at in range(at, min(len(spoken), at + length + _AFTER) + 1)
            }
        at += length
    return ways
