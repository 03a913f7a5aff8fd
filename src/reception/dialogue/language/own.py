"""An agent's own intents and slots as a model is told of them, and its proposals for them held against the words."""

from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.commands import Command, Flow, RequestHuman, SetField, SlotName, StartFlow
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.custom.reading import read_answer
from reception.dialogue.custom.understanding import begun_by
from reception.dialogue.kinds.registry import spoken_name
from reception.dialogue.language.data import as_data
from reception.dialogue.terms import content_terms
from reception.ports.definition import IntentDefinition, SlotDefinition, SlotType

BEGIN, SET_FIELD = "begin", "set_field"
_LONGEST = 160
_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Own:
    """What of the agent's own may be proposed: `intents` to begin, `fields` to fill in."""

    intents: tuple[IntentDefinition, ...] = ()
    fields: tuple[SlotDefinition, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        return (*((BEGIN,) if self.intents else ()), *((SET_FIELD,) if self.fields else ()))

    @property
    def targets(self) -> tuple[str, ...]:
        return (*(one.name for one in self.intents), *(one.name for one in self.fields))

    def told(self) -> str:
        """What is said of them in a prompt; empty where there are none."""
        lines = []
        if self.intents:
            lines.append("- begin: they want one of these, which this business offers besides. target: its name.")
            for intent in self.intents:
                examples = "; ".join(as_data(one, _LONGEST) for one in intent.examples[:_EXAMPLES])
                lines.append(f"  {intent.name}: {examples}")
        if self.fields:
            lines.append(
                "- set_field: they answer one of these. target: its name. words: only the words of the answer."
            )
            lines += [f"  {one.name} ({one.type.value}): {as_data(_asked(one), _LONGEST)}" for one in self.fields]
        return "\n".join(lines)

    def field(self, name: str) -> SlotDefinition | None:
        return next((one for one in self.fields if one.name == name), None)


NOTHING_OWN = Own()


def own_of(context: UnderstandingContext, begun: Sequence[Command] = ()) -> Own:
    """What may be proposed in `context`, where `begun` is what was understood already."""
    custom = context.custom
    if custom is None:
        return NOTHING_OWN
    started = next((one.name for one in begun if isinstance(one, StartFlow) and one.flow is Flow.CUSTOM), "")
    flow = custom.definition.flow(started) if started else None
    known = {one.name for one in begun if isinstance(one, SetField)}
    open_slots = flow.slots if flow is not None else custom.open_slots
    intents = custom.definition.intents if custom.stage == "idle" and not started else ()
    return Own(intents, tuple(one for one in open_slots if one.name not in known))


def begin(intent: IntentDefinition, words: str) -> Command | None:
    """What `intent` stands for; a person is only fetched for words that its examples have."""
    command = begun_by(intent)
    if isinstance(command, RequestHuman) and not content_terms(words) & content_terms(
        " ".join((spoken_name(intent.name), *intent.examples))
    ):
        return None
    return command


def value_of(slot: SlotDefinition, words: str) -> SetField | SlotName | None:
    """What `words` are worth for `slot`; of a type that the product reads itself, the slot that it reads it for."""
    if slot.type.value in set(SlotName):
        return SlotName(slot.type.value)
    if slot.type is SlotType.TEXT:
        return SetField(slot.name, words, words) if words else None
    found = read_answer(slot, words, ())
    return found if isinstance(found, SetField) else None


def _asked(slot: SlotDefinition) -> str:
    choices = ", ".join(choice.value for choice in slot.choices)
    return f"{slot.prompt} One of: {choices}." if choices else slot.prompt
