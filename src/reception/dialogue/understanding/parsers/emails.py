"""E-mail addresses, written or spoken: "maria dot ramos at example dot com"."""

import re
from collections.abc import Sequence

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


def find_emails(tokens: Sequence[Token]) -> list[Found]:
    """Every e-mail address in `tokens`, in lower case."""
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
