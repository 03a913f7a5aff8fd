"""How the questions of an agent's own flow are put, and its values said."""

from collections.abc import Mapping
from datetime import date, time

from reception.core.templates import filled_in
from reception.dialogue.commands import FieldValue
from reception.dialogue.custom.progress import CustomProgress
from reception.dialogue.kinds.registry import spoken_name
from reception.dialogue.replies import split_sentences
from reception.dialogue.spoken import say_day, say_list, say_phone, say_time
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import TurnScene
from reception.ports.definition import FlowDefinition, SlotDefinition, SlotType
from reception.ports.expectation import Expectation, Expects

_EXPECTS = {
    SlotType.TEXT: Expects.FREE_TEXT,
    SlotType.NAME: Expects.NAME,
    SlotType.PHONE: Expects.PHONE,
    SlotType.EMAIL: Expects.EMAIL,
    SlotType.DATE: Expects.DATE,
    SlotType.TIME: Expects.TIME,
    SlotType.CHOICE: Expects.CHOICE,
    SlotType.YES_NO: Expects.YES_NO,
}
_EXAMPLES = {
    SlotType.NAME: "Please tell me your first and last name. You can spell it, too.",
    SlotType.PHONE: "Please tell me the phone number digit by digit, with the area code.",
    SlotType.EMAIL: "Please spell the e-mail address for me.",
    SlotType.DATE: "Please tell me the day, for example Friday, or the 14th of May.",
    SlotType.TIME: "Please tell me the time, for example half past three in the afternoon.",
    SlotType.NUMBER: "Please tell me just the number.",
    SlotType.AMOUNT: "Please tell me just the amount.",
    SlotType.YES_NO: "Please say yes or no.",
}


def own_flow(state: DialogueState, scene: TurnScene) -> FlowDefinition | None:
    """The agent's own flow that is in progress."""
    return None if state.custom is None else scene.agent.definition.flow(state.custom.flow)


def asked_slot(state: DialogueState, scene: TurnScene) -> SlotDefinition | None:
    flow = own_flow(state, scene)
    if flow is None or state.custom is None:
        return None
    asked = state.custom.asked
    return next((slot for slot in flow.slots if slot.name == asked), None)


def expectation_of_slot(state: DialogueState, scene: TurnScene) -> Expectation:
    slot = asked_slot(state, scene)
    if slot is None:
        return Expectation()
    return Expectation(_EXPECTS.get(slot.type, Expects.ANYTHING), tuple(choice.value for choice in slot.choices))


def ask_slot(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    """The owner's prompt; then their re-prompt; then an example of an answer."""
    slot = asked_slot(state, scene)
    if slot is None:
        return ()
    if state.attempts >= 2:
        example = _EXAMPLES.get(slot.type, "")
        if slot.type is SlotType.CHOICE:
            example = f"Please choose {say_list([choice.value for choice in slot.choices], 'or')}."
        if example:
            return (example,)
    again = slot.reprompt if (resumed or state.attempts) and slot.reprompt else slot.prompt
    return split_sentences(again)


def ask_confirmation(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    flow, progress = own_flow(state, scene), state.custom
    if flow is None or progress is None:
        return ()
    if resumed:
        return ("Is that all right?",)
    said = split_sentences(filled_in(flow.confirmation, spoken_values(flow, progress, scene)))
    return said if said and said[-1].endswith("?") else (*said, "Is that right?")


def spoken_values(flow: FlowDefinition, progress: CustomProgress, scene: TurnScene) -> Mapping[str, str]:
    """What is known, as a template says it; a slot that was declined is empty."""
    spoken = {slot.name: "" for slot in flow.slots}
    for slot in flow.slots:
        if slot.name in progress.values:
            spoken[slot.name] = say_value(slot, progress.values[slot.name], scene)
    return {**spoken, **progress.results}


def say_value(slot: SlotDefinition, value: FieldValue, scene: TurnScene) -> str:
    match slot.type:
        case SlotType.PHONE:
            return say_phone(str(value), scene.business.region)
        case SlotType.DATE:
            return say_day(date.fromisoformat(str(value)))
        case SlotType.TIME:
            return say_time(time.fromisoformat(str(value)))
        case SlotType.YES_NO:
            return "yes" if value else "no"
        case SlotType.NUMBER | SlotType.AMOUNT:
            return f"{value:,}" if isinstance(value, int) else f"{float(value):,.2f}"
        case _:
            return str(value)


def summary_of(flow: FlowDefinition, progress: CustomProgress, scene: TurnScene) -> str:
    """What is known, for a person who takes the matter up."""
    known = [slot for slot in flow.slots if slot.name in progress.values]
    told = [f"{spoken_name(slot.name)}: {say_value(slot, progress.values[slot.name], scene)}" for slot in known]
    return f"{spoken_name(flow.name).capitalize()}: {'; '.join(told)}" if told else spoken_name(flow.name).capitalize()
