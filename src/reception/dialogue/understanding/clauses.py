"""An utterance in clauses, each of which can want something of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.understanding.parsers.normalize import Token, word_set, words_of

_SENTENCE_ENDS = frozenset(".?!;")
_BEFORE_NAMES = word_set("dr mr mrs ms prof")
"""What is written with a full stop that ends nothing."""
_CONNECTORS = frozenset({"and", "but", "also", "plus", "oh", "then"})
_STARTS = re.compile(
    r"(?:and |but |also |oh |then |plus |so )*"
    r"(?:(?:what|where|when|how|which|who|why|do|does|did|is|are|can|could|will|would|have you|may|any chance|"
    r"tell me)\b"
    r"|(?:i|we) (?:would|want|need|am|are|have|was|were|will|do|wanted|also|might|may|just|can|could)\b"
    r"|my (?:name|number|phone|email|mobile|cell|last|surname)\b|the name\b|under\b"
    r"|(?:a|one|book|reserve|another) (?:\w+ )?(?:table|room|viewing|reservation|booking|appointment)\b"
    r"|book\b|reserve\b|please\b|let us\b|make it\b|change\b|cancel\b|it is (?:my|our|for)\b)"
)
_QUESTION_AFTER_STATEMENT = re.compile(
    r"(?:do you|is there|are there|can i|can we|could i|could we|could you|can you|what time|what is|how much|"
    r"where is|where are|are you|is it|does it|is the|have you|will there)\b"
)
_BINDS_QUESTION = word_set(
    "when if what where how whether know wondering ask tell say that who why because which and about check sure"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens `start` to `end`; `question` when it was written with a question mark, `sentence` counts sentences."""

    start: int
    end: int
    words: str
    question: bool
    sentence: int


def split(tokens: Sequence[Token]) -> list[Clause]:
    """Cut at sentence ends, commas, and where a connector or a question begins something new."""
    cuts = [0]
    for at in range(1, len(tokens)):
        if _cuts_before(tokens, at):
            cuts.append(at)
    clauses: list[Clause] = []
    sentence = 0
    for start, end in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        if start == end:
            continue
        gap = _gap_after(tokens[end - 1])
        words = words_of(tokens[start:end])
        clauses.append(Clause(start, end, words, "?" in gap, sentence))
        if any(mark in _SENTENCE_ENDS for mark in gap):
            sentence += 1
    return clauses


def _gap_after(token: Token) -> str:
    """What stands between a token and the next, as far as it may end something."""
    return token.gap.replace(".", "") if token.word in _BEFORE_NAMES else token.gap


def _cuts_before(tokens: Sequence[Token], at: int) -> bool:
    gap = _gap_after(tokens[at - 1])
    if tokens[at].start == tokens[at - 1].start:
        return False
    if any(mark in _SENTENCE_ENDS or mark in ",:" for mark in gap) or gap in {"-", "–", "—", "...", "…"}:
        return not (gap == "-" and tokens[at - 1].end + 1 == tokens[at].start)
    ahead = words_of(tokens[at : at + 6])
    if tokens[at].word in _CONNECTORS:
        return _STARTS.match(ahead) is not None
    if tokens[at - 1].word in _BINDS_QUESTION or tokens[at - 1].word in _CONNECTORS:
        return False
    return at >= 2 and _QUESTION_AFTER_STATEMENT.match(ahead) is not None and not _inside_question(tokens, at)


def _inside_question(tokens: Sequence[Token], at: int) -> bool:
    """ "What time do you close" and "how much is it" are one question, not a statement and a question."""
    before = words_of(tokens[max(0, at - 5) : at])
    return (
        re.search(r"\b(?:what|which|how|where|when|why|who|how much|how many|please|ask|know|if)\b[\w ]*$", before)
        is not None
    )
