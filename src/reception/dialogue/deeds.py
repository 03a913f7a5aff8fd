"""Questions of what callers are to do that speak of nothing else: "what should I bring?"."""

import re
from collections.abc import Iterator, Sequence

from reception.dialogue.statements import statements
from reception.ports.knowledge import Passage

_ASKS = re.compile(
    r"\bwhat (?:else )?(?:should|shall|must|do|would|can|could|will) (?:i|we) (?:need to |have to |want to )?"
    r"(?P<deed>bring|take|wear|use|prepare|know|do)\b|"
    r"\b(?:anything|something) (?:i|we) (?:should|must|need to|have to) "
    r"(?P<other>bring|take|wear|prepare|know|do)\b",
    re.IGNORECASE,
)
_TOLD = (
    r"(?:^|\bplease |\b(?:you|guests|patients|clients|customers) (?:should|must|need to|have to) (?:also )?)(?:{0})\b"
)
_MOST_TOLD = 2


def told_to_do(question: str, passages: Sequence[Passage]) -> Iterator[tuple[str, Passage]]:
    """The sentences of `passages` that tell callers to do what `question` asks about, each with its passage."""
    asked = _ASKS.search(question)
    if asked is None:
        return
    deed = (asked.group("deed") or asked.group("other")).lower()
    told = re.compile(_TOLD.format("bring|have with you" if deed in {"bring", "take"} else deed), re.IGNORECASE)
    found = ((text, passage) for passage in passages for text in statements(passage.text) if told.search(text))
    for _, each in zip(range(_MOST_TOLD), found, strict=False):
        yield each
