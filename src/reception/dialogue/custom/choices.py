"""Which of a slot's choices the caller named."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.ports.definition import Choice

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_POSITION = re.compile(r"\b(?:the |number |option )?(?P<which>first|second|third|fourth|fifth|sixth|last)(?: one)?\b")
_NUMBERED = re.compile(r"^(?:number |option )(?P<which>one|two|three|four|five|six|[1-6])$")
_COUNTS = ("one", "two", "three", "four", "five", "six")
_NEAR_ENOUGH = 0.82
_SHORT_ANSWER_WORDS = 4


def named_choices(choices: Sequence[Choice], text: str) -> list[str]:
    """The values that `text` names, each once, in the order in which they are first said."""
    words = f" {_plain(text)} "
    spans: list[tuple[int, int, str]] = []
    for choice in choices:
        for label in (choice.value, *choice.synonyms):
            at = words.find(f" {_plain(label)} ")
            if at >= 0:
                spans.append((at, at + len(_plain(label)) + 2, choice.value))
    # "Road bike" is not "bike" as well.
    whole = [one for one in spans if not any(_within(one, other) for other in spans)]
    return list(dict.fromkeys(value for _, _, value in sorted(whole)))


def answered_choice(choices: Sequence[Choice], text: str) -> str | None:
    """The one value that `text` gives as an answer; by its place or nearly right in a short one. None when unclear."""
    named = named_choices(choices, text)
    if len(named) == 1:
        return named[0]
    if named:
        parts = re.split(r"\b(?:no|not|sorry|actually|rather|i mean)\b", text, flags=re.IGNORECASE)
        last = named_choices(choices, parts[-1]) if len(parts) > 1 else []
        return last[0] if len(last) == 1 else None
    words = words_of(tokenize(text))
    if len(words.split()) > _SHORT_ANSWER_WORDS + 2:
        return None
    return _by_place(choices, words) or _nearly(choices, words)


def _by_place(choices: Sequence[Choice], words: str) -> str | None:
    found = _POSITION.search(words)
    if found is not None:
        which = found.group("which")
        index = len(choices) - 1 if which == "last" else _ORDINALS.index(which)
    else:
        numbered = _NUMBERED.match(words)
        if numbered is None:
            return None
        said = numbered.group("which")
        index = int(said) - 1 if said.isdecimal() else _COUNTS.index(said)
    return choices[index].value if index < len(choices) else None


def _nearly(choices: Sequence[Choice], words: str) -> str | None:
    by_label = {_plain(label): choice.value for choice in choices for label in (choice.value, *choice.synonyms)}
    said = [" ".join(words.split()[at:]) for at in range(len(words.split()))][:_SHORT_ANSWER_WORDS]
    for tail in said:
        near = get_close_matches(tail, by_label, n=1, cutoff=_NEAR_ENOUGH)
        if near:
            return by_label[near[0]]
    return None


def _within(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1] and other[1] - other[0] > one[1] - one[0]


def _plain(text: str) -> str:
    """Lower case, without plurals, so that "hybrids" is "hybrid"."""
    words = words_of(tokenize(text)).split()
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )
