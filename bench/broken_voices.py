"""What is lost and what is said again where a voice that tells no word's time breaks off: which of several rules to
resume by does how well with voices of several kinds.

    python -m bench.broken_voices [ROUNDS]

Every sentence is broken off after each of its words but the last, by voices that have said the other sentences before.
Counted are breaks after which a word, or one of a number, was lost, and those after which some were said again.
"""

import random
import re
import sys
from collections import Counter
from collections.abc import Callable

from reception.providers.resilience.pace import Pace

SENTENCES = (
    "Parking is free behind our house.",
    "You need not reserve any space.",
    "Its gate closes near midnight.",
    "We are open every day from noon until ten in the evening.",
    "I have a table for two at seven thirty on Friday the sixth of March.",
    "You can reach us at five five five zero one two three.",
    "Shall I put that down for you?",
    "The fee is twelve dollars and fifty cents a night.",
    "Your booking number is four eight one nine.",
    "Breakfast is served between seven and half past ten.",
)
_JITTER = 0.2
_VOICES: dict[str, tuple[Callable[[str], float], float]] = {
    "60 ms a letter": (lambda word: 60.0 * (len(word) + 1), 0.0),
    "60 ms a letter, a fifth more or less a word": (lambda word: 60.0 * (len(word) + 1), _JITTER),
    "100 ms a word, 45 ms a letter, likewise": (lambda word: 100 + 45.0 * len(word), _JITTER),
    "90 ms a word, 170 ms a syllable, likewise": (lambda word: 90 + 170.0 * _syllables(word), _JITTER),
    "350 ms a word": (lambda word: 350.0, 0.0),
}
_NUMBER = re.compile(r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|twelve|thirty|fifty)[.?]?")
_WORD = re.compile(r"\S+")


def _syllables(word: str) -> int:
    return max(1, len(re.findall("[aeiouy]+", word.lower())))


def by_halves(pace: Pace, text: str, audio_ms: float) -> str:
    """A word that is half said counts as said."""
    said = audio_ms / pace.ms_per_char
    unsaid = (word.start() for word in _WORD.finditer(text) if (word.start() + word.end()) / 2 > said)
    return text[next(unsaid, len(text)) :]


def by_safety(pace: Pace, text: str, audio_ms: float) -> str:
    """As calls do it."""
    return pace.left_of(text, audio_ms, 1.0)


def broken_off(voice: Callable[[str], float], jitter: float, rule: Callable[[Pace, str, float], str]) -> Counter[str]:
    """One round of breaks by one voice."""
    counted: Counter[str] = Counter()
    for text in SENTENCES:
        pace, words = Pace(), text.split()
        for other in [one for one in SENTENCES if one != text] * 3:
            pace.learn(other, sum(voice(word) * random.lognormvariate(0, jitter) for word in other.split()), 1.0)
        audio_ms = 0.0
        for said, word in enumerate(words[:-1], start=1):
            audio_ms += voice(word) * random.lognormvariate(0, jitter)
            resumed = len(words) - len(rule(pace, text, audio_ms).split())
            lost = words[said:resumed]
            counted["breaks"] += 1
            counted["lost"] += bool(lost)
            counted["digit lost"] += any(_NUMBER.fullmatch(one) for one in lost)
            counted["again"] += resumed < said
            counted["words again"] += max(0, said - resumed)
    return counted


def main() -> None:
    """Print a line a voice and rule."""
    random.seed(1)
    rounds = int(sys.argv[1]) if sys.argv[1:] else 100
    for name, (voice, jitter) in _VOICES.items():
        for rule in (by_halves, by_safety):
            counted = sum((broken_off(voice, jitter, rule) for _ in range(rounds)), Counter[str]())
            breaks = counted["breaks"]
            told = ", ".join(f"{what} {100 * counted[what] / breaks:.1f} %" for what in ("lost", "digit lost", "again"))
            print(
                f"{name:45} {rule.__name__:10} {told} ({counted['words again'] / max(1, counted['again']):.1f} words)"
            )


if __name__ == "__main__":
    main()
