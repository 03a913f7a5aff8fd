"""Cuts text into what is synthesised at once: long enough to sound natural, the first short enough to be early."""

import re
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=\S)")
_CLAUSE_END = re.compile(r"(?<=[,;:])\s+")
_SPACE = re.compile(r"\s+")
_INITIAL = re.compile(r"(?:^|\s)[A-Z]\.$")
_LONG_START_WORDS = 8
_LONG_WORDS = 28
_FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Clause:
    """`ends_sentence` says which pause follows."""

    text: str
    ends_sentence: bool


def clauses(text: str) -> list[Clause]:
    """The clauses of spoken text, in order.

    Sentences stay whole for the sake of their melody, except one with which the speaking begins and which has more
    than eight words: it is cut after its first clause of three words or more. Sentences of more than 28 words are cut
    likewise.
    """
    found: list[Clause] = []
    for sentence in _sentences(text):
        rest = sentence
        while len(rest.split()) > (_LONG_WORDS if found else _LONG_START_WORDS):
            head, rest = _head(rest)
            if not rest:
                rest = head
                break
            found.append(Clause(head, ends_sentence=False))
        found.append(Clause(rest, ends_sentence=True))
    return found


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if _INITIAL.search(text[start : end.start()]) or text[end.end()].islower():
            continue
        sentences.append(text[start : end.start()].strip() + end.group().strip())
        start = end.end()
    return [sentence for sentence in [*sentences, text[start:].strip()] if re.search(r"\w", sentence)]


def _head(sentence: str) -> tuple[str, str]:
    """The first clause and the rest, which is empty when there is no good place to cut."""
    for cut in _CLAUSE_END.finditer(sentence):
        head, rest = sentence[: cut.start()], sentence[cut.end() :]
        if len(head.split()) >= _FEWEST_WORDS and len(rest.split()) >= _FEWEST_WORDS:
            return head, rest
    return sentence, ""


def pieces(text: str, longest_chars: int) -> list[str]:
    """`text` in pieces of at most `longest_chars`, cut after a sentence where that can be, else after a clause, else
    between words; a word that is longer still is cut anywhere."""
    found: list[str] = []
    rest = text.strip()
    while len(rest) > longest_chars:
        cut = _last_cut(rest, longest_chars)
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*found, rest] if rest else found


def _last_cut(text: str, longest_chars: int) -> int:
    for boundary in (_SENTENCE_END, _CLAUSE_END, _SPACE):
        cuts = [cut.end() for cut in boundary.finditer(text[: longest_chars + 1]) if cut.start() <= longest_chars]
        if cuts:
            return cuts[-1]
    return longest_chars
