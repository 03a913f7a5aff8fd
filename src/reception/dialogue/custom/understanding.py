"""Understanding for agents with a definition: the product's own, and beside it their intents, slots and choices."""

from collections.abc import Sequence

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    Goodbye,
    NotUnderstood,
    RejectedField,
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetField,
    SetSlot,
    SlotName,
    StartFlow,
    Tell,
)
from reception.dialogue.context import Understanding, UnderstandingContext
from reception.dialogue.custom.context import CustomContext
from reception.dialogue.custom.matcher import IntentMatcher, Match
from reception.dialogue.custom.reading import NUMERIC, is_question, read_answer, read_corrections, read_mentions
from reception.dialogue.custom.transfer import named_target
from reception.dialogue.kinds.kind import BUILTIN_FLOWS
from reception.dialogue.understanding.parsers.amounts import read_amount
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.ports.definition import IntentDefinition, SlotType
from reception.ports.expectation import Completeness
from reception.ports.speech import Embedder

NEAR_ENOUGH = 0.5
MARGIN = 0.04
"""An intent must be so near, and so much nearer than the agent's other ones."""
NEARER_THAN_A_QUESTION = 0.72
"""What sounds like a question is one, unless an example is as near as this."""
NEAR_ENOUGH_TO_SWITCH = 0.6
"""Within a flow, where most of what is said is about it."""

_CONTACT = frozenset({SlotName.NAME, SlotName.PHONE, SlotName.EMAIL})
_WHEN = frozenset({SlotName.DATE, SlotName.TIME})
_CONTROL = (RequestHuman, Goodbye, Repeat, CancelFlow)
_VALUES = (SetSlot, CorrectSlot, RejectedSlot)


class CustomUnderstanding:
    """Implements `Understanding` around another: agents without a definition are understood as by that one."""

    def __init__(self, base: Understanding, embedder: Embedder) -> None:
        self._base = base
        self._matcher = IntentMatcher(embedder)

    async def understand(self, text: str, context: UnderstandingContext) -> Sequence[Command]:
        commands = list(await self._base.understand(text, context))
        custom = context.custom
        if custom is None:
            return commands
        if _is_settled(commands):
            return _with_target(commands, text, custom)
        read = _read_values(commands, text, custom)
        if not any(isinstance(command, SetField) for command in read) or custom.stage == "idle":
            read = await self._with_intent(read, text, custom)
        return _permitted(read, custom) or [NotUnderstood("unsupported")]

    def completeness(self, text: str, context: UnderstandingContext) -> Completeness:
        asked = context.custom.asked if context.custom is not None else None
        if asked is not None and asked.type in NUMERIC:
            told = self._base.completeness(text, context)
            if told is Completeness.UNSURE and read_amount(text) is not None:
                return Completeness.OPEN_ENDED if len(tokenize(text)) < 2 else Completeness.COMPLETE
            return told
        return self._base.completeness(text, context)

    async def _with_intent(self, commands: list[Command], text: str, custom: CustomContext) -> list[Command]:
        """`commands` with the agent's own intent that the words are near to, in place of what they seemed to want."""
        if custom.asked is not None and custom.asked.type is SlotType.TEXT:
            return commands
        match = await self._matcher.best(text, custom)
        if match is None or not _is_meant(match, commands, custom):
            return commands
        begun = _begun(match.intent)
        if begun is None or (custom.flow is not None and begun == StartFlow(Flow.CUSTOM, custom.flow.name)):
            return commands
        replaced = (StartFlow, NotUnderstood, AskKnowledge, Tell)
        kept: list[Command] = [one for one in commands if not isinstance(one, replaced)]
        if isinstance(begun, StartFlow) and begun.flow is Flow.CUSTOM:
            kept = _read_at_beginning(kept, text, begun.name, custom)
        elif isinstance(begun, Tell):
            kept = [one for one in kept if not isinstance(one, _VALUES)]
        return [begun, *kept]


def _is_settled(commands: Sequence[Command]) -> bool:
    """A person, and abuse, are answered whatever else was said."""
    return any(
        isinstance(command, RequestHuman) or (isinstance(command, NotUnderstood) and command.reason != "unclear")
        for command in commands
    )


def _with_target(commands: list[Command], text: str, custom: CustomContext) -> list[Command]:
    target = named_target(custom.definition.transfer_targets, text)
    return [RequestHuman(target) if isinstance(command, RequestHuman) else command for command in commands]


def _read_values(commands: list[Command], text: str, custom: CustomContext) -> list[Command]:
    if custom.flow is None:
        return commands
    if custom.stage == "confirm":
        found = read_corrections(custom.flow.slots, text, commands)
        return [*_of_this_flow(commands, custom), *found] if found else commands
    if custom.asked is None or any(isinstance(command, _CONTROL) for command in commands):
        return commands
    answer = read_answer(custom.asked, text, commands)
    others = [slot for slot in custom.open_slots if slot is not custom.asked]
    mentioned = [] if custom.asked.type is SlotType.TEXT else read_mentions(others, text)
    if answer is None:
        return [*_of_this_flow(commands, custom), *mentioned] if mentioned else commands
    kept = _of_this_flow(commands, custom)
    if custom.asked.type is SlotType.TEXT:
        kept = []
    dropped: tuple[type[Command], ...] = (Confirm, Deny, NotUnderstood, ChooseOption, StartFlow)
    if not is_question(text):
        dropped = (*dropped, AskKnowledge)
    return [*(one for one in kept if not isinstance(one, dropped)), answer, *mentioned]


def _of_this_flow(commands: Sequence[Command], custom: CustomContext) -> list[Command]:
    """`commands` without values that the flow in progress has no slot for."""
    types = {slot.type.value for slot in custom.flow.slots} if custom.flow is not None else set()
    return [one for one in commands if not isinstance(one, _VALUES) or one.slot.value in types]


def _read_at_beginning(commands: list[Command], text: str, name: str, custom: CustomContext) -> list[Command]:
    """What a caller says along with what they want: contact and time by the product's readers, choices by name."""
    flow = custom.definition.flow(name)
    if flow is None:
        return commands
    types = {slot.type.value for slot in flow.slots}
    kept = [one for one in commands if not isinstance(one, _VALUES) or one.slot.value in types]
    return [*kept, *read_mentions(flow.slots, text)]


def _is_meant(match: Match, commands: Sequence[Command], custom: CustomContext) -> bool:
    if match.margin < MARGIN:
        return False
    if any(isinstance(command, AskKnowledge) for command in commands):
        return match.score >= NEARER_THAN_A_QUESTION
    if any(isinstance(command, _CONTROL) for command in commands):
        return False
    if custom.stage == "idle":
        return match.score >= NEAR_ENOUGH
    answers = any(isinstance(command, (*_VALUES, Confirm, Deny, SetField, RejectedField)) for command in commands)
    return match.score >= (1.0 if answers else NEAR_ENOUGH_TO_SWITCH)


def _begun(intent: IntentDefinition) -> Command | None:
    """The command that an intent stands for."""
    if intent.say:
        return Tell(intent.name)
    if intent.target:
        return RequestHuman(intent.target)
    if intent.flow == "handoff":
        return RequestHuman()
    for name, flows in BUILTIN_FLOWS.items():
        if intent.flow == name:
            return StartFlow(flows[0])
    return StartFlow(Flow.CUSTOM, intent.flow)


def _permitted(commands: Sequence[Command], custom: CustomContext) -> list[Command]:
    """`commands` without the product's flows that the agent does not have, and without values that would begin one."""
    allowed = custom.allowed
    if Flow.NEW_RESERVATION in allowed:
        return list(commands)
    kept = [one for one in commands if not isinstance(one, StartFlow) or one.flow is Flow.CUSTOM or one.flow in allowed]
    if custom.stage != "idle":
        return kept
    wanted = _CONTACT | (_WHEN if any(isinstance(one, StartFlow) for one in kept) else set())
    return [one for one in kept if not isinstance(one, _VALUES) or one.slot in wanted]
