"""How fast a voice speaks, so that it can be told which words a stretch of its audio holds."""

import re
from collections.abc import Sequence

import numpy as np

from reception.core.audio import Pcm16
from reception.ports.speech import WordEnd

USUAL_MS_PER_CHAR = 65.0
_LEARNED = 0.3
_FEWEST_CHARS = 10
_FRAME_MS = 20
_TOLD_WITHIN_MS = 60
"""Of its own sound a vendor's time of a word may be off by so much."""
_SOUNDLESS = ".,;:!?\"')]"
_UNSURE_OF_NUMBERS, _FEWEST_UNSURE_CHARS = 0.1, 3.0
"""Of the characters reckoned as said, this share may not have been of any voice, and so many at the least."""
_UNSURE = 2.0
"""Times as far as whole clauses are from what was reckoned, a place within one may be."""
_UNSURE_LEARNED = 0.2
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(
    r"\W*(?:\d.*|[b-hj-z]|oh|point|double|triple|zero|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million)"
    r"(?:-\w+)*)\W*",
    re.IGNORECASE,
)
"""A word of a number, or a letter of what is spelled."""


class Pace:
    """Milliseconds a character, learned from what a voice has said whole, at its own speed of 1, and by what share
    its clauses are longer or shorter than that makes them."""

    def __init__(self) -> None:
        self.ms_per_char = USUAL_MS_PER_CHAR
        self._unsure = 0.0
        self._learned = False

    def learn(self, text: str, audio_ms: float, speed: float) -> None:
        if len(text) < _FEWEST_CHARS or audio_ms <= 0:
            return
        seen = audio_ms * speed / len(text)
        if self._learned:
            self._unsure += (abs(seen / self.ms_per_char - 1) - self._unsure) * _UNSURE_LEARNED
        self.ms_per_char += (seen - self.ms_per_char) * (_LEARNED if self._learned else 1.0)
        self._learned = True

    def left_of(self, text: str, audio_ms: float, speed: float) -> str:
        """The words of `text` that are to be said after the first `audio_ms` of it.

        Where a voice is can be reckoned, and not known. A word that is lost does more harm than one that is said again,
        so that one counts as said only when its last letter has been begun, as far as this voice may be behind the
        reckoning; and of a number only when any voice would have said it. A number, or what is spelled, is said again
        from its beginning: nobody could tell which digits were said twice.
        """
        reckoned = audio_ms * speed / self.ms_per_char
        said = reckoned * (1 - min(1.0, _UNSURE * self._unsure))
        surely = min(said, reckoned - max(_FEWEST_UNSURE_CHARS, reckoned * _UNSURE_OF_NUMBERS))
        words = list(_WORD.finditer(text))
        of_number = [_NUMBER.fullmatch(word[0]) is not None for word in words]
        unsaid = (
            place
            for place, word in enumerate(words)
            if (word.end() > surely if of_number[place] else _last_letter(word) > said)
        )
        place = next(unsaid, len(words))
        while 0 < place < len(words) and of_number[place] and of_number[place - 1]:
            place -= 1
        return text[words[place].start() :] if place < len(words) else ""


def _last_letter(word: re.Match[str]) -> float:
    """Where it begins, in characters; the middle of a word of one."""
    letters = len(word[0].rstrip(_SOUNDLESS)) or len(word[0])
    return word.start() + max(letters / 2, letters - 1)


def left_after(text: str, told: Sequence[WordEnd], sample: int, rate_hz: int) -> str:
    """The words of `text` that had not been said by `sample`, where the voice has `told` when it said which."""
    by = sample + rate_hz * _TOLD_WITHIN_MS // 1000
    return text[max((end.chars for end in told if end.sample <= by), default=0) :].strip()


def quietest_cut(samples: Pcm16, rate_hz: int) -> int:
    """Where to stop within `samples`: the middle of their quietest 20 ms, which seldom lies within a word; the latest
    of several that are equally quiet."""
    frame = rate_hz * _FRAME_MS // 1000
    count = samples.size // frame
    if not count:
        return samples.size
    frames = samples[: count * frame].reshape(count, frame).astype(np.float32)
    energy = np.mean(frames * frames, axis=1)[::-1]
    latest = count - 1 - int(np.argmin(energy))
    return latest * frame + frame // 2
