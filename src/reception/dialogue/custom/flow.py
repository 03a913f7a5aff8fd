"""One turn of an agent's own flow: take in what was said, ask for what is missing, read back, end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from reception.dialogue.commands import (
    Command,
    Deny,
    FieldValue,
    Flow,
    RejectedField,
    SetField,
    SlotName,
    StartFlow,
    TimeOfDay,
)
from reception.dialogue.custom.ending import end
from reception.dialogue.custom.progress import CustomProgress
from reception.dialogue.custom.reading import is_declined
from reception.dialogue.custom.validators import accepted, complaint_about
from reception.dialogue.custom.wording import summary_of
from reception.dialogue.flows.answers import Answers, complain, take_in
from reception.dialogue.replies import split_sentences
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.definition import FlowDefinition, SlotDefinition, SlotType

_BY_SLOT = {
    SlotName.NAME: SlotType.NAME,
    SlotName.PHONE: SlotType.PHONE,
    SlotName.EMAIL: SlotType.EMAIL,
    SlotName.DATE: SlotType.DATE,
    SlotName.TIME: SlotType.TIME,
}
_EARLIEST_HOUR = 7
"""Hours before it are meant for the afternoon, where neither half of the day was said."""
_LONGEST_SUMMARY = 1500
_CONFIRMS = frozenset({Question.CUSTOM_CONFIRM, Question.WHAT_TO_CHANGE})


async def run_custom(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """A step of the flow that a `StartFlow` among `commands` names, or of the one in progress."""
    begun = next((one.name for one in commands if isinstance(one, StartFlow) and one.flow is Flow.CUSTOM), "")
    definition = scene.agent.definition
    flow = definition.flow(begun or (state.custom.flow if state.custom is not None else ""))
    if flow is None:
        return Step(state.without_flow(), answered=True)
    opening: tuple[str, ...] = ()
    if state.custom is None or (begun and state.custom.flow != begun):
        state = _begin(state, flow)
        opening = split_sentences(flow.intro)
    asked = state.question
    answers = take_in(_cleared(state, flow), commands, scene)
    if answers.left:
        return Step(answers.state.without_flow(), answered=True).saying("No problem.")
    taken = _Taking(answers.state, flow, scene, list(answers.complaints))
    taken.take_slots(answers)
    taken.take_fields(commands)
    taken.take_refusal(commands, asked)
    step = _next(taken, answers, asked)
    return complain(replace(step, parts=Step(state).saying(*opening).parts + step.parts), taken.complaints)


def _begin(state: DialogueState, flow: FlowDefinition) -> DialogueState:
    """Who is calling is known from before, if it is."""
    progress = CustomProgress(flow.name)
    known = {
        SlotType.NAME: state.details.name,
        SlotType.PHONE: state.details.phone,
        SlotType.EMAIL: state.details.email,
    }
    for kind, value in known.items():
        slot = _first_open(flow, progress, kind)
        if value and slot is not None:
            progress = progress.with_value(slot.name, value)
    return replace(state, custom=progress)


def _cleared(state: DialogueState, flow: FlowDefinition) -> DialogueState:
    """Without what was said before for another slot of the type that is asked for now, so that the same may be said."""
    asked = state.custom.asked if state.custom is not None else ""
    slot = next((one for one in flow.slots if one.name == asked), None)
    if slot is None or state.question in _CONFIRMS:
        return state
    details, none = state.details, Details()
    match slot.type:
        case SlotType.DATE:
            details = replace(details, day=none.day)
        case SlotType.TIME:
            details = replace(details, time=none.time)
        case SlotType.NAME | SlotType.PHONE | SlotType.EMAIL:
            emptied: dict[str, str] = {slot.type.value: ""}
            details = replace(details, **emptied)  # type: ignore[arg-type]
        case _:
            return state
    return replace(state, details=details)


class _Taking:
    """What the turn brings to the flow, bit by bit."""

    def __init__(self, state: DialogueState, flow: FlowDefinition, scene: TurnScene, complaints: list[str]) -> None:
        assert state.custom is not None
        self.state = state
        self.progress = state.custom
        self.flow = flow
        self.scene = scene
        self.complaints = complaints
        self.changed = False

    def put(self, slot: SlotDefinition, value: FieldValue) -> None:
        """Take `value`, or complain of it."""
        value = accepted(slot, value)
        complaint = complaint_about(slot, value, self.scene)
        if complaint:
            self.complaints.append(complaint)
            return
        self.changed = self.changed or self.progress.values.get(slot.name) != value
        self.progress = self.progress.with_value(slot.name, value)

    def take_slots(self, answers: Answers) -> None:
        """Names, numbers, addresses, days and times, as the product's own flows read them."""
        for name in (one for one in SlotName if one in answers.changed):
            value = answers.state.details.as_slots().get(name)
            slot = self._meant(_BY_SLOT[name]) if name in _BY_SLOT and value is not None else None
            if slot is not None:
                self.put(slot, _stored(value))
        if answers.wrong in _BY_SLOT:
            slot = self._meant(_BY_SLOT[answers.wrong])
            if slot is not None:
                self.reopen(slot)

    def take_fields(self, commands: Sequence[Command]) -> None:
        for command in commands:
            slot = next(
                (
                    one
                    for one in self.flow.slots
                    if isinstance(command, SetField | RejectedField) and one.name == command.name
                ),
                None,
            )
            if slot is not None and isinstance(command, SetField):
                self.put(slot, command.value)
            elif slot is not None and isinstance(command, RejectedField) and command.reason == "wrong":
                self.reopen(slot)
            elif slot is not None:
                self.complaints.append("Sorry, which one was that?")

    def take_refusal(self, commands: Sequence[Command], asked: Question) -> None:
        """A question that may go unanswered is skipped by a no, and by a second answer that was none."""
        slot = self._asked()
        if slot is None or slot.required or self.changed or asked is not Question.CUSTOM_SLOT:
            return
        declined = any(isinstance(command, Deny) for command in commands) or is_declined(self.scene.text)
        if declined or (self.state.attempts and self.complaints):
            self.complaints = [] if declined else self.complaints
            self.progress = replace(self.progress, skipped=(*self.progress.skipped, slot.name))

    def reopen(self, slot: SlotDefinition) -> None:
        self.progress = self.progress.without(slot.name)

    def missing(self) -> SlotDefinition | None:
        """The first slot that is neither known nor declined."""
        known = {*self.progress.values, *self.progress.skipped}
        return next((slot for slot in self.flow.slots if slot.name not in known), None)

    def _asked(self) -> SlotDefinition | None:
        return next((slot for slot in self.flow.slots if slot.name == self.progress.asked), None)

    def _meant(self, kind: SlotType) -> SlotDefinition | None:
        """The slot that a value of `kind` is for: the one asked for, else the first that is open, else the last."""
        asked = self._asked()
        if asked is not None and asked.type is kind and asked.name not in self.progress.values:
            return asked
        of_kind = [slot for slot in self.flow.slots if slot.type is kind]
        return _first_open(self.flow, self.progress, kind) or (of_kind[-1] if of_kind else None)


def _next(taken: _Taking, answers: Answers, asked: Question) -> Step:
    """What follows: a question, or the end."""
    flow = taken.flow
    objects = asked is Question.WHAT_TO_CHANGE or answers.denied
    if asked in _CONFIRMS and objects and not taken.changed and not answers.confirmed and taken.missing() is None:
        state = _settled(taken, Question.WHAT_TO_CHANGE, "")
        return Step(state, answered=answers.denied).saying("Of course." if answers.denied else "")
    slot = taken.missing()
    if slot is not None:
        return Step(_settled(taken, _question(slot, taken.state), slot.name), answered=taken.changed)
    if flow.confirmation and not (asked in _CONFIRMS and answers.confirmed and not taken.changed):
        return Step(_settled(taken, Question.CUSTOM_CONFIRM, ""), answered=taken.changed)
    return end(_settled(taken, Question.HOW_HELP, ""), flow, taken.scene)


def _settled(taken: _Taking, question: Question, asked: str) -> DialogueState:
    """The state with what is known now; a person who is fetched in the middle gets to know it, too."""
    progress = replace(taken.progress, asked=asked)
    details = taken.state.details
    for slot in taken.flow.slots:
        value = progress.values.get(slot.name)
        if isinstance(value, str) and slot.type in {SlotType.NAME, SlotType.PHONE, SlotType.EMAIL}:
            known: dict[str, str] = {slot.type.value: value}
            details = replace(details, **known)  # type: ignore[arg-type]
    told = summary_of(taken.flow, progress, taken.scene)[:_LONGEST_SUMMARY] if progress.values else ""
    details = replace(details, message=told)
    return replace(taken.state, custom=progress, details=details, question=question)


def _question(slot: SlotDefinition, state: DialogueState) -> Question:
    if slot.type is not SlotType.PHONE:
        return Question.CUSTOM_SLOT
    if state.phone_digits:
        return Question.REST_OF_PHONE
    if state.caller_phone and not state.caller_phone_refused:
        return Question.CALLER_PHONE
    return Question.CUSTOM_SLOT


def _first_open(flow: FlowDefinition, progress: CustomProgress, kind: SlotType) -> SlotDefinition | None:
    return next((slot for slot in flow.slots if slot.type is kind and slot.name not in progress.values), None)


def _stored(value: object) -> FieldValue:
    """A value of the product's own slots as one of a tenant's."""
    if isinstance(value, TimeOfDay):
        at = value.time
        if not value.certain and 0 < at.hour < _EARLIEST_HOUR:
            at = time(at.hour + 12, at.minute)
        return at.isoformat("minutes")
    return value if isinstance(value, str | int) else str(value)
