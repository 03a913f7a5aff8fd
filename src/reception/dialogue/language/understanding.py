"""Rules first, and a language model for what they leave open, whose proposals the parsers read again."""

from collections.abc import Sequence

from reception.core.errors import ProviderError
from reception.dialogue.commands import (
    Command,
    Flow,
    NotUnderstood,
    RejectedSlot,
    SetField,
    SetSlot,
    SlotName,
    StartFlow,
)
from reception.dialogue.context import Understanding, UnderstandingContext
from reception.dialogue.custom.understanding import permitted
from reception.dialogue.language.own import own_of
from reception.dialogue.language.prompts import reading_messages
from reception.dialogue.language.recheck import recheck
from reception.dialogue.language.schema import FLOWS, LONGEST_OUTPUT, SMALL_TALK, Proposal, read_proposals, reading_of
from reception.dialogue.language.turn import LOCAL, LanguageTurn
from reception.dialogue.understanding.reader import read
from reception.ports.expectation import Completeness, Expects

PART = "understanding"
_MOST_TOKENS = 700
LONG_WORDS = 18
"""From here on an utterance says several things, of which rules may see only some."""
_DICTATED = frozenset({Expects.PHONE, Expects.EMAIL, Expects.FREE_TEXT})
"""What is taken letter by letter, or word for word."""
_UNCLEAR = NotUnderstood("unclear")


class ModelUnderstanding:
    """Implements `Understanding` for one turn. Where the model fails or is late, `local` takes over."""

    def __init__(self, local: Understanding, turn: LanguageTurn) -> None:
        self._local = local
        self._turn = turn

    async def understand(self, text: str, context: UnderstandingContext) -> Sequence[Command]:
        if not leaves_open(text, context):
            self._turn.used[PART] = LOCAL
            return await self._local.understand(text, context)
        heard: Sequence[Command] = ()
        if context.custom is not None and (context.custom.definition.intents or context.custom.definition.flows):
            # The agent's own intents and slots are read locally first, and asked about where that leaves them open.
            heard = await self._local.understand(text, context)
            if not (all(isinstance(one, NotUnderstood) for one in heard) or _tells_more(text, heard, context)):
                self._turn.used[PART] = LOCAL
                return heard
        return await self._asked(text, context, heard)

    async def _asked(self, text: str, context: UnderstandingContext, heard: Sequence[Command]) -> Sequence[Command]:
        """What the model makes of `text`; besides what was `heard`, only further values of the agent's own slots."""
        own = own_of(context, heard)
        messages = reading_messages(
            text, context, ", ".join(_flows(context)), ", ".join(SlotName), ", ".join(SMALL_TALK), own.told()
        )
        output = reading_of(own.commands, own.targets)
        try:
            written = await self._turn.whole(self._turn.reading_request(messages, _MOST_TOKENS, output), LONGEST_OUTPUT)
            found = recheck(text, self._read(written, own.commands), context, own)
        except ProviderError as error:
            self._turn.replaced(PART, error)
            return heard or await self._local.understand(text, context)
        self._turn.did(PART)
        if heard and not all(isinstance(one, NotUnderstood) for one in heard):
            return [*heard, *(one for one in found if isinstance(one, SetField))]
        commands = _permitted(found, context)
        return commands or heard or await self._local.understand(text, context)

    def completeness(self, text: str, context: UnderstandingContext) -> Completeness:
        return self._local.completeness(text, context)

    def _read(self, written: str, more: Sequence[str]) -> Sequence[Proposal]:
        try:
            return read_proposals(written, more)
        except ValueError as error:
            provider = self._turn.model.provider
            raise ProviderError(provider, f"{provider} did not write the JSON asked for", retryable=True) from error


def _flows(context: UnderstandingContext) -> Sequence[Flow]:
    return [flow for flow in FLOWS if context.custom is None or flow in context.custom.allowed]


def _permitted(commands: Sequence[Command], context: UnderstandingContext) -> Sequence[Command]:
    """`commands` without those that begin a flow which the agent does not have, or are for one."""
    return commands if context.custom is None else permitted(commands, context.custom)


def _tells_more(text: str, heard: Sequence[Command], context: UnderstandingContext) -> bool:
    """Whether `text`, of which `heard` was understood, may well have answered more of the agent's own slots."""
    filling = context.custom is not None and context.custom.stage == "slot"
    begins = any(isinstance(one, StartFlow) and one.flow is Flow.CUSTOM for one in heard)
    return len(text.split()) >= LONG_WORDS and (begins or filling) and bool(own_of(context, heard).fields)


def leaves_open(text: str, context: UnderstandingContext) -> bool:
    """Whether rules alone do not settle what `text` asks for.

    An answer to the question that was asked, a yes, a number, a wish in plain words and a short question are settled;
    so is whatever is dictated.
    """
    commands = read(text, context)
    if any(isinstance(one, NotUnderstood) and one.reason != "unclear" for one in commands):
        return False
    if context.expectation.expects in _DICTATED and commands != [_UNCLEAR]:
        return False
    words = len(text.split())
    aimless = (
        context.flow is None and not context.booked and all(isinstance(one, SetSlot | RejectedSlot) for one in commands)
    )
    return commands == [_UNCLEAR] or aimless or words >= LONG_WORDS
