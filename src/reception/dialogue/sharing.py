"""Which questions may be answered with what others were told, and which answers may be told to others."""

import re
from collections.abc import Sequence

from reception.dialogue.grounding import is_grounded
from reception.dialogue.hours import profile_text
from reception.dialogue.knowledge import Sentence
from reception.dialogue.likeness import is_personal, names_in, serves_others
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import TurnScene
from reception.ports.dialogue import Say

_WORD = re.compile(r"[^\W_]+")


def may_share(question: str, state: DialogueState, scene: TurnScene) -> bool:
    """False within a flow, and for what is personal, passing, or holds what this caller has told of themselves."""
    if state.flow is not None or is_personal(scene.text) or not serves_others(question):
        return False
    return not _own_words(state) & _words(question)


def shared(
    question: str, answer: Sequence[Sentence], kept: Sequence[Say], state: DialogueState, scene: TurnScene
) -> tuple[Say, ...]:
    """`kept` where it may be told to others: it rests on the documents and the profile alone, not on this caller's
    words, and the question names nobody whom they do not name."""
    profile = profile_text(scene)
    known = _words("\n".join((profile, *(sentence.source for sentence in answer), *(say.text for say in kept))))
    if not names_in(question) <= known or _own_words(state) & _words(" ".join(say.text for say in kept)):
        return ()
    sources = {(sentence.text, sentence.citation): sentence.source for sentence in answer}
    for say in kept:
        source = sources.get((say.text, say.citations[0])) if say.citations else None
        if source is None or not is_grounded(say.text, (source, profile)):
            return ()
    return tuple(kept)


def _own_words(state: DialogueState) -> frozenset[str]:
    details = state.details
    guests = " ".join(row.guest.name for row in (state.booked, state.target) if row is not None)
    return _words(f"{details.name} {details.email} {details.phone} {state.caller_phone} {guests}")


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.casefold()) if len(word) > 1)
