"""Things that a question searches for ("which homes have three bedrooms"), said a few at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reception.core.requirements import requirements
from reception.dialogue.knowledge import Sentence, find_things
from reception.dialogue.state import DialogueState
from reception.ports.knowledge import Passage

GO_ON = "There are more: say “the others” to hear them."
NO_MORE = "That is all there are."
_LONGEST = 320
"""Characters that are said of things at once."""
_ASKS_ON = re.compile(
    r"\W*(?:(?:and|but|so|okay|yes|please|well|um|oh|no|what|which|who|are|is|there|have|has|got|do|does|you|tell|me|give|"
    r"say|read|can|could|i|we|hear|about|with|the|any|of|them|a|some|show|list|go|would|like|to|ones|homes|houses|"
    r"properties|listings|rooms|places|apartments)\W+)*"
    r"(?:more|others?|else|rest|on|another|further|next|remaining|additional|continue|anything else)\b"
    r"(?:\W+(?:please|then|ones?|homes?|houses?|properties|listings|rooms|places|apartments|of|them|those|like|that|this|"
    r"is|are|there|do|you|have|got|for|me|available|as|well|too))*\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is said of the things now; `left` are still to be told, `state` knows which."""

    sentences: tuple[Sentence, ...]
    state: DialogueState
    left: int


def asks_on(text: str, state: DialogueState) -> bool:
    """Whether `text` wants to hear what was left of the things that were being listed."""
    return bool(state.listed) and _ASKS_ON.fullmatch(text) is not None


def list_things(
    question: str, passages: Sequence[Passage], about: str, state: DialogueState, most: int
) -> Listing | None:
    """The first `most` things that fit `question`, or the next ones where it is what is being listed; None where it
    searches for nothing, or finds one thing at most."""
    if not requirements(question).searches:
        return None
    things = find_things(question, passages, about)
    if len(things) < 2:
        return None
    skipped = state.listed_so_far if question == state.listed else 0
    said: list[Sentence] = []
    for thing in things[skipped : skipped + most]:
        if said and sum(len(one.text) for one in said) + len(thing[0].text) > _LONGEST:
            break
        said.append(thing[0])
    told = skipped + len(said)
    return Listing(tuple(said), replace(state, listed=question, listed_so_far=told), len(things) - told)
