"""Understanding without a network: rules and parsers first, the nearest prototype for what they leave open."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import AskKnowledge, Command, Flow, NotUnderstood, RejectedSlot, SetSlot, StartFlow
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.completeness import completeness_of
from reception.dialogue.understanding.enquiries import read_enquiry
from reception.dialogue.understanding.messages import contact_in
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.phones import read_number
from reception.dialogue.understanding.prototypes import Prototypes
from reception.dialogue.understanding.reader import read
from reception.dialogue.understanding.rules import Intent
from reception.ports.expectation import Completeness, Expects
from reception.ports.speech import Embedder

_SHORTEST_WORDS = 2
_SHORTEST_AIMLESS_WORDS = 5
"""Values without a purpose ("this weekend") are an answer when they are short, and a wish when they are not."""
_LONGEST_WORDS = 40
_STATEMENT = re.compile(
    r"\W*(?:(?:and|but|so|well|oh|um|hi|hello|hey|yes|sorry)\W+)*(?:i|we|my|our|there|the|someone|somebody|i['’]\w+|"
    r"we['’]\w+|there['’]s)\b(?:\W+\w+){3,}",
    re.IGNORECASE,
)
""" "There's water coming through my ceiling": a whole sentence, on which the documents may have something."""


class LocalUnderstanding:
    """Implements `Understanding`.

    Until `warm` has run, only the rules are used, so that a call never waits for the prototypes.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._prototypes: Prototypes | None = None

    async def warm(self) -> None:
        """Embed the prototypes and load the numbering plans. Raises what the embedder raises."""
        self._prototypes = await Prototypes.embedded(self._embedder)
        read_number("+14155550142", "US")

    async def understand(self, text: str, context: UnderstandingContext) -> Sequence[Command]:
        """The commands in `text`, in spoken order; `NotUnderstood` when there are none."""
        commands = read(text, context)
        unclear = commands == [NotUnderstood("unclear")]
        aimless = context.flow is None and all(isinstance(one, SetSlot | RejectedSlot) for one in commands)
        shortest = _SHORTEST_WORDS if unclear else _SHORTEST_AIMLESS_WORDS
        if self._prototypes is None or not (unclear or aimless) or not shortest <= len(text.split()) <= _LONGEST_WORDS:
            return commands
        vectors = await self._embedder.embed([text])
        nearest = self._prototypes.nearest(vectors[0], text, context)
        if nearest is None:
            return [AskKnowledge(text.strip(" ,.?!"))] if unclear and _is_statement(text, context) else commands
        if unclear:
            return [*nearest, *_with_message(text, context)] if StartFlow(Flow.LEAVE_MESSAGE) in nearest else nearest
        return [*nearest, *commands] if isinstance(nearest[0], StartFlow) else commands

    def completeness(self, text: str, context: UnderstandingContext) -> Completeness:
        return completeness_of(text, context)


def _with_message(text: str, context: UnderstandingContext) -> list[Command]:
    """Who leaves a message, whom it is for, and what it is, where all that is said along with the wish to leave one."""
    tokens = tokenize(text)
    contact = [SetSlot(one.slot, one.value) for one in contact_in(text, tokens, context) if one.value is not None]
    return [*contact, *(told for _, told in read_enquiry(text, tokens, context, (Intent.MESSAGE,)))]


def _is_statement(text: str, context: UnderstandingContext) -> bool:
    idle = context.flow is None and context.expectation.expects in {Expects.ANYTHING, Expects.YES_NO}
    return idle and _STATEMENT.match(text) is not None
