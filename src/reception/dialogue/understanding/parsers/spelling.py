"""Spelled words: "R-A-M-O-S", "r a m o s", "B as in Bravo", "double-you", "double l"."""

from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set

_NATO = word_set(
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
)
_PHONETIC = {**{word: word[0] for word in _NATO}, "alfa": "a", "juliett": "j", "whisky": "w"}
_SOUNDS = {
    "ay": "a", "bee": "b", "be": "b", "see": "c", "sea": "c", "cee": "c", "dee": "d", "ee": "e", "eff": "f", "ef": "f",
    "gee": "g", "aitch": "h", "haitch": "h", "eye": "i", "jay": "j", "kay": "k", "el": "l", "ell": "l", "em": "m",
    "en": "n", "oh": "o", "pee": "p", "pea": "p", "cue": "q", "queue": "q", "are": "r", "ar": "r", "ess": "s",
    "tee": "t", "tea": "t", "you": "u", "yu": "u", "vee": "v", "ex": "x", "why": "y", "wye": "y", "zee": "z",
    "zed": "z", "dubya": "w",
}  # fmt: skip
_HARDLY_WORDS = word_set("ay bee cee dee eff ef gee aitch haitch jay kay el ell em en ar ess tee vee ex wye zee zed")
"""Sounds that are hardly said but for letters, believed in longer runs."""
_LONG_RUN = 4
_AS_IN = (("as", "in"), ("is", "in"), ("for",), ("like",), ("like", "in"), ("as",))
_COUNTED_OFF = frozenset({"with", "and", "not", "just", "it's", "is", "has"})
""" "With a K and a T" names letters, and spells nothing."""
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Spelled:
    """The word, in lower case, that tokens `start` to `end` spell."""

    word: str
    start: int
    end: int


def find_spelled(tokens: Sequence[Token]) -> list[Spelled]:
    """Every run of at least two spelled letters; of at least three when none of them is a letter by itself."""
    found: list[Spelled] = []
    at = 0
    while at < len(tokens):
        run = _read_run(tokens, at)
        if run is None:
            at += 1
        else:
            found.append(run)
            at = run.end
    return found


def _read_run(tokens: Sequence[Token], at: int) -> Spelled | None:
    if word_at(tokens, at) == "a" and word_at(tokens, at - 1) in {"with", "and", "not"}:
        return None
    if word_at(tokens, at - 1) in {"a", "an"} and not tokens[at - 1].gap and word_at(tokens, at - 2) in _COUNTED_OFF:
        return None
    start = at
    letters: list[str] = []
    certain = likely = 0
    while at < len(tokens):
        read = _read_letter(tokens, at)
        if read is None:
            if letters and word_at(tokens, at) in {"and", "then"} and _is_sure(tokens, at + 1):
                at += 1
                continue
            break
        letter, end, sure = read
        if not letters and not sure and word_at(tokens, at) not in _HARDLY_WORDS:
            return None
        letters.append(letter)
        certain += sure
        likely += not sure and word_at(tokens, at) in _HARDLY_WORDS
        at = end
    if len(letters) >= _LONG_RUN:
        certain += likely
    if sum(map(len, letters)) < _SHORTEST or certain < _SHORTEST:
        return None
    if certain < 3 and all(word_at(tokens, start + offset) in {"a", "i", "o"} for offset in range(at - start)):
        return None
    return Spelled("".join(letters), start, at)


def _is_sure(tokens: Sequence[Token], at: int) -> bool:
    read = _read_letter(tokens, at)
    return read is not None and read[2]


def _read_letter(tokens: Sequence[Token], at: int) -> tuple[str, int, bool] | None:
    """The letter at `at`, its end, and whether it can hardly be anything else."""
    word = word_at(tokens, at)
    following = word_at(tokens, at + 1)
    if word == "double":
        if following in {"you", "u"}:
            return _explained(tokens, "w", at + 2)
        read = _read_letter(tokens, at + 1)
        return None if read is None or len(read[0]) > 1 else (read[0] * 2, read[1], read[2])
    if word in {"capital", "letter", "big"} and len(following) == 1 and following.isalpha():
        return _read_letter(tokens, at + 1)
    if word == "x" and following == "ray":
        return "x", at + 2, True
    if len(word) == 1 and word.isalpha():
        return _explained(tokens, word, at + 1)
    if word in _PHONETIC:
        return _PHONETIC[word], at + 1, True
    if word in _SOUNDS:
        explained = _explained(tokens, _SOUNDS[word], at + 1)
        return explained[0], explained[1], explained[1] > at + 1
    return None


def _explained(tokens: Sequence[Token], letter: str, at: int) -> tuple[str, int, bool]:
    """Past "as in Bravo" after a letter, when that word begins with it."""
    for words in _AS_IN:
        end = at + len(words)
        example = word_at(tokens, end)
        if all(word_at(tokens, at + offset) == word for offset, word in enumerate(words)) and len(example) > 1:
            if example.startswith(letter):
                return letter, end + 1, True
            if words != ("for",) and words != ("as",):
                return example[0], end + 1, True
    return letter, at, True
