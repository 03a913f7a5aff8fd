"""E-mail addresses, written or spoken: "maria dot ramos at example dot com"."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import UNITS

_WRITTEN = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"[a-z][\w-]*\.[a-z.]{2,}")
_SYMBOLS = {
    "dot": ".", "period": ".", "point": ".", "underscore": "_", "_": "_", "dash": "-", "hyphen": "-", "minus": "-",
    "plus": "+", "+": "+",
}  # fmt: skip
_BEFORE = word_set(
    "email is address it my the to at that's yes so sure okay please and on me can reach you use mail would be "
    "i have send by via"
)
_TOP_LEVEL = word_set("com org net uk co de fr es it io edu gov info eu us ie me test example")
_KNOWN_HOSTS = word_set("gmail hotmail outlook yahoo icloud")
_LONGEST_LOCAL = 10
_REPEATS = {"double": 2, "triple": 3}


_ASIDES = tuple(
    tuple(phrase.split())
    for phrase in (
        "all in lower case", "all lower case", "lower case", "lowercase", "all lowercase", "all in lowercase",
        "all one word", "one word", "no spaces", "no space", "no dots", "all small letters", "small letters",
        "all together", "in one word", "with no spaces", "in small letters", "capital", "with a capital",
    )
)  # fmt: skip
"""What is said about an address and stands in none."""
_ASIDE_WORDS = frozenset(word for phrase in _ASIDES for word in phrase) - {"all", "in", "a", "with", "no", "one"}
_ATS = frozenset({"at", "@"})


def find_emails(tokens: Sequence[Token]) -> list[Found]:
    """Every e-mail address in `tokens`, in lower case."""
    words = {token.word for token in tokens}
    if not words & _ATS and not any("@" in word for word in words):
        return []
    if not words & _ASIDE_WORDS:
        return _find(tokens)
    kept = [at for at in range(len(tokens)) if not _is_aside(tokens, at)]
    if len(kept) == len(tokens):
        return _find(tokens)
    found = _find([tokens[at] for at in kept])
    return [replace(one, start=kept[one.start], end=kept[one.end - 1] + 1) for one in found]


_MEANT = re.compile(
    r"(?<!your )\bemail(?: address)? (?:is|would be|will be) (?!the same|on file|still|already|not|in|my|private|what|"
    r"there|correct|right|wrong|fine)\w|"
    r"\b(?:email|send|write)(?: \w+){0,4} (?:at|to) (?!the\b|my\b|this\b|that\b|home\b|work\b)[a-z]\w*"
    r"(?: \w+){0,4} (?:dot|at)\b"
)
INVALID = "invalid_email"


def find_broken_email(tokens: Sequence[Token]) -> list[Found]:
    """What is meant as an e-mail address where none can be read, at most one."""
    signs = (at for at, token in enumerate(tokens) if token.word == "@")
    at = next((at for at in signs if not word_at(tokens, at + 1)[:1].isdecimal()), None)
    if at is not None:
        start = at if word_at(tokens, at - 1) in _BEFORE else max(0, at - 1)
        return [Found(SlotName.EMAIL, start, min(at + 2, len(tokens)), reason=INVALID)]
    words = " ".join(token.word for token in tokens)
    meant = _MEANT.search(words)
    if meant is None:
        return []
    start = words[: meant.start()].count(" ")
    return [Found(SlotName.EMAIL, start, len(tokens), reason=INVALID)]


def _is_aside(tokens: Sequence[Token], at: int) -> bool:
    for phrase in _ASIDES:
        for start in range(at - len(phrase) + 1, at + 1):
            if tuple(word_at(tokens, start + offset) for offset in range(len(phrase))) == phrase:
                return True
    return False


def _find(tokens: Sequence[Token]) -> list[Found]:
    found: list[Found] = []
    for at, token in enumerate(tokens):
        if _WRITTEN.fullmatch(token.word):
            start, local = _read_local_before_dot(tokens, at)
            found.append(Found(SlotName.EMAIL, start, at + 1, local + token.word.strip(".")))
        elif token.word in {"at", "@"}:
            domain = _read_domain(tokens, at + 1)
            local_part = _read_local(tokens, at) if domain is not None else None
            if domain is not None and local_part is not None:
                start, local = local_part
                found.append(Found(SlotName.EMAIL, start, domain[1], f"{local}@{domain[0]}"))
    return found


def _read_local_before_dot(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """What was spoken in front of an address that was half written: "maria dot ramos@example.com"."""
    if word_at(tokens, at - 1) not in _SYMBOLS:
        return at, ""
    start, local = _read_local(tokens, at) or (at, "")
    return start, local


def _read_domain(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    if _HOST.fullmatch(word_at(tokens, at)):
        return word_at(tokens, at), at + 1
    parts: list[str] = []
    labels: list[str] = []
    while at < len(tokens):
        word = tokens[at].word
        if _SYMBOLS.get(word) == ".":
            if not parts:
                return None
            labels.append("".join(parts))
            parts = []
        elif _SYMBOLS.get(word) == "-":
            parts.append("-")
        elif word.isalnum() and len(labels) < 3:
            parts.append(word)
            if labels and word in _TOP_LEVEL and _SYMBOLS.get(word_at(tokens, at + 1)) != ".":
                return ".".join([*labels, "".join(parts)]), at + 1
            if len(parts) > 12 or (labels and word not in _TOP_LEVEL and len(parts) > 3):
                return None
        else:
            return None
        at += 1
    return None


def _read_local(tokens: Sequence[Token], at: int) -> tuple[int, str] | None:
    """The part in front of the "at" at `at`, read backwards."""
    parts: list[str] = []
    index = at - 1
    while index >= 0 and at - index <= _LONGEST_LOCAL:
        word = tokens[index].word
        if word in _SYMBOLS:
            parts.append(_SYMBOLS[word])
        elif word_at(tokens, index - 1) in _REPEATS and (len(word) == 1 or UNITS.get(word, 10) <= 9):
            single = "0" if word == "o" and word_at(tokens, index + 1) in UNITS else str(UNITS.get(word, word))
            parts.append(single * _REPEATS[word_at(tokens, index - 1)])
            index -= 1
        elif word in UNITS and UNITS[word] <= 9:
            parts.append(str(UNITS[word]))
        elif word.isalnum() and not (word in _BEFORE and (not parts or parts[-1] not in set("._-+"))):
            parts.append(word)
        else:
            break
        index -= 1
        paused = index >= 0 and tokens[index].gap[:1] in {",", ".", "?", "!"} and parts[-1] not in set("._-+")
        if paused and (word_at(tokens, index) in _BEFORE or len(word) > 1):
            break
    local = "".join(reversed(parts)).strip(".-+")
    return (index + 1, local) if local else None
