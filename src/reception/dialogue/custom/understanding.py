"""Understanding for agents with a definition: the product's own, and beside it their intents, slots and choices."""

import re
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
    SmallTalk,
    StartFlow,
    Tell,
)
from reception.dialogue.context import Understanding, UnderstandingContext
from reception.dialogue.custom.context import CustomContext, custom_context
from reception.dialogue.custom.matcher import IntentMatcher, Match
from reception.dialogue.custom.reading import (
    NUMERIC,
    is_declined,
    is_question,
    named_slot,
    read_answer,
    read_corrections,
    read_mentions,
)
from reception.dialogue.custom.transfer import named_target
from reception.dialogue.kinds.kind import BUILTIN_FLOWS
from reception.dialogue.state import DialogueState
from reception.dialogue.understanding.parsers.amounts import read_amount
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.ports.business import Agent
from reception.ports.definition import IntentDefinition, SlotType
from reception.ports.expectation import Completeness
from reception.ports.speech import Embedder

NEAR_ENOUGH = ((0.5, 0.04), (0.42, 0.12))
"""An intent must be so near, and so much nearer than the agent's other ones: measured on a repair shop's, 17 of
20 wishes pass, and one of 22 other sayings."""
NEARER_THAN_A_QUESTION = 0.72
"""What sounds like a question is one, unless an example is as near as this."""
NEAR_ENOUGH_TO_SWITCH = 0.6
"""Within a flow, where most of what is said is about it."""

_SHORTEST_WISH_WORDS = 3
_CORRECTS = re.compile(r"\b(?:no|actually|sorry|wait|rather|instead|i mean|change|make (?:it|that))\b", re.IGNORECASE)
_AND_ASKS = re.compile(
    r"(?P<wish>\W*(?:\w\S*\s+){2,}?\w\S*?)[,.;!]*\s+(?:and|but|also|oh and|and also)\s+"
    r"(?P<question>(?:what|when|where|which|who|why|how|do you|is there|are there|are you|can you tell me)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
""" "My bike is broken, and do you have parking?\""""
_CONTACT = frozenset({SlotName.NAME, SlotName.PHONE, SlotName.EMAIL})
_WHEN = frozenset({SlotName.DATE, SlotName.TIME})
_LEAVES = (RequestHuman, Goodbye, CancelFlow)
_CONTROL = (*_LEAVES, Repeat)
_VALUES = (SetSlot, CorrectSlot, RejectedSlot)


class CustomUnderstanding:
    """Implements `Understanding` around another: agents without a definition are understood as by that one."""

    def __init__(self, base: Understanding, embedder: Embedder) -> None:
        self._base = base
        self._matcher = IntentMatcher(embedder)

    def prepare(self, agent: Agent) -> None:
        """Begin to read the agent's examples, so that they are known when its first caller speaks."""
        self._matcher.prepare(custom_context(agent, DialogueState()))

    async def aclose(self) -> None:
        await self._matcher.aclose()

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
        return permitted(read, custom) or [NotUnderstood("unsupported")]

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
        asked, rest = _apart(commands, text)
        said, others = (rest, ()) if rest else (text, commands)
        match = self._matcher.quoted(said, custom)
        if match is None and _may_be_meant(others, custom):
            match = await self._matcher.nearest(said, custom)
        if match is None or not _is_meant(match, others, text, custom):
            return commands
        begun = begun_by(match.intent)
        if begun is None or (custom.flow is not None and begun == StartFlow(Flow.CUSTOM, custom.flow.name)):
            return commands
        replaced = (StartFlow, NotUnderstood, AskKnowledge, Tell)
        kept: list[Command] = [one for one in commands if not isinstance(one, replaced)]
        if isinstance(begun, StartFlow) and begun.flow is Flow.CUSTOM:
            kept = _read_at_beginning(kept, text, begun.name, custom)
        elif isinstance(begun, Tell):
            kept = [one for one in kept if not isinstance(one, _VALUES)]
        return [*asked, begun, *kept]


def _apart(commands: Sequence[Command], text: str) -> tuple[list[Command], str]:
    """Questions, and what is said beside them, where that is enough to be a wish of its own."""
    asked = [one for one in commands if isinstance(one, AskKnowledge)]
    both = _AND_ASKS.match(text)
    if asked and both is not None:
        return [AskKnowledge(both.group("question").strip(" .?!"))], both.group("wish")
    asked = [one for one in asked if is_question(one.question)]
    rest = text
    for one in asked:
        rest = rest.replace(one.question, " ")
    if not asked or len(rest.split()) < _SHORTEST_WISH_WORDS:
        return [], ""
    return list(asked), rest


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
        return _read_back_to(commands, text, custom)
    if custom.asked is None or any(isinstance(command, _LEAVES) for command in commands):
        return commands
    if not custom.asked.required and custom.asked.type is not SlotType.YES_NO and is_declined(text):
        return [*(one for one in commands if isinstance(one, _VALUES) and one.slot in _CONTACT), Deny()]
    if any(isinstance(command, Repeat) for command in commands):
        return commands
    answer = read_answer(custom.asked, text, commands)
    open_slots = custom.flow.slots if _CORRECTS.search(text) else custom.open_slots
    others = [slot for slot in open_slots if slot is not custom.asked]
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


def _read_back_to(commands: list[Command], text: str, custom: CustomContext) -> list[Command]:
    """What a caller puts right, or says is wrong, of what was read back."""
    if custom.flow is None:
        return commands
    found: list[Command] = list(read_corrections(custom.flow.slots, text, commands))
    named = named_slot(custom.flow.slots, text)
    values = any(isinstance(command, (*_VALUES, SetField)) for command in (*commands, *found))
    if not values and named is not None and not any(isinstance(command, _CONTROL) for command in commands):
        return [RejectedField(named.name, "wrong", text)]
    return [*_of_this_flow(commands, custom), *found] if found else commands


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


def _may_be_meant(commands: Sequence[Command], custom: CustomContext) -> bool:
    """Whether nearness could tell more than was understood: not within an answer, and not of mere talk."""
    answers = (*_VALUES, Confirm, Deny, SetField, RejectedField)
    if custom.stage != "idle" and any(isinstance(command, answers) for command in commands):
        return False
    return not commands or not all(isinstance(one, (*_CONTROL, Confirm, Deny, SmallTalk)) for one in commands)


def _is_meant(match: Match, commands: Sequence[Command], text: str, custom: CustomContext) -> bool:
    if not any(match.score >= score and match.margin >= margin for score, margin in NEAR_ENOUGH):
        return False
    if any(isinstance(command, AskKnowledge) for command in commands) and is_question(text):
        return match.score >= NEARER_THAN_A_QUESTION
    if any(isinstance(command, _CONTROL) for command in commands):
        return False
    if custom.stage == "idle":
        return True
    answers = any(isinstance(command, (*_VALUES, Confirm, Deny, SetField, RejectedField)) for command in commands)
    return match.score >= (1.0 if answers else NEAR_ENOUGH_TO_SWITCH)


def begun_by(intent: IntentDefinition) -> Command | None:
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


def permitted(commands: Sequence[Command], custom: CustomContext) -> list[Command]:
    """`commands` without the product's flows that the agent does not have, and without values that would begin one."""
    allowed = custom.allowed
    if Flow.NEW_RESERVATION in allowed:
        return list(commands)
    kept = [one for one in commands if not isinstance(one, StartFlow) or one.flow is Flow.CUSTOM or one.flow in allowed]
    if custom.stage != "idle":
        return kept
    wanted = _CONTACT | (_WHEN if any(isinstance(one, StartFlow) for one in kept) else set())
    return [one for one in kept if not isinstance(one, _VALUES) or one.slot in wanted]
