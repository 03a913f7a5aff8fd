"""Takes a turn's commands into the details of a flow: the part that all flows share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from reception.dialogue.commands import (
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    RejectedSlot,
    SetSlot,
    SlotName,
    SlotValue,
    SmallTalk,
    TimeOfDay,
)
from reception.dialogue.flows.alternatives import chosen_day, contradiction, settled, with_alternatives
from reception.dialogue.replies import REJECTIONS, WAIT
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.dialogue.understanding.answers import is_merely_polite
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.dialogue.understanding.parsers.phones import (
    AREA_CODE_DIGITS,
    lacks_area_code,
    needed_digits,
    read_number,
)
from reception.ports.booking import Slot
from reception.ports.business import OpenSpan
from reception.ports.dialogue import Say

YES_OR_NO = frozenset(
    {
        Question.READ_BACK,
        Question.CALLER_PHONE,
        Question.CONFIRM_CHANGE,
        Question.CONFIRM_CANCEL,
        Question.CONFIRM_LEAD,
        Question.CUSTOM_CONFIRM,
        Question.OFFER_MESSAGE,
        Question.OFFER_WAITLIST,
        Question.CONFIRM_WAITLIST,
        Question.CONFIRM_LEAVE_WAITLIST,
        Question.TAKE_OFFER,
    }
)
_OPTION_SLOTS = frozenset({SlotName.TIME, SlotName.DATE, SlotName.PLACE, SlotName.STAFF})
_MOST_DIGITS = 15
LONGEST_NAME = 120
_LONGEST_NOTES = 600


@dataclass(frozen=True, slots=True)
class Answers:
    """What the commands of a turn came to. `state` has the new details; `changed` names the slots that are different;
    `chosen` is what was picked of the offered, `choice` the index that was picked of anything else. `any_time` is the
    part of the day where the time was left to us, `wrong` what the caller wants to give again; `either`: there were
    several values for one thing; `last_digits` are those of a number of which no
    more was asked for; `insists`: what was refused is wanted all the same."""

    state: DialogueState
    changed: frozenset[SlotName] = frozenset()
    chosen: Slot | None = None
    choice: int | None = None
    confirmed: bool = False
    denied: bool = False
    left: bool = False
    any_time: str = ""
    either: bool = False
    insists: bool = False
    wrong: SlotName | None = None
    complaints: tuple[str, ...] = ()
    last_digits: str = ""


def take_in(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Answers:
    """Apply `commands` in order. A correction undoes a "yes" or "no" of the same turn: what was meant is the value."""
    answers = Answers(state)
    if _is_back_from_waiting(state, scene.text):
        return answers
    named = _named_by(state, commands)
    if named is not None:
        answers = replace(answers, chosen=named)
        commands = [command for command in commands if not _names_option(command)]
    for command in commands:
        match command:
            case SetSlot(slot, value, raw) | CorrectSlot(slot, value, raw):
                answers = _take_value(answers, slot, value, scene, raw)
            case RejectedSlot():
                answers = _take_rejection(answers, command, scene)
            case ChooseOption(index):
                answers = _take_choice(answers, index, scene)
            case Confirm():
                answers = _take_yes(answers)
            case SmallTalk(kind="acknowledge") if state.question in YES_OR_NO:
                answers = _take_yes(answers)
            case Deny():
                answers = _take_no(answers)
            case CancelFlow():
                answers = replace(answers, left=True)
            case _:
                pass
    details = settle_time(answers.state.details, scene)
    if details != answers.state.details:
        answers = replace(answers, state=replace(answers.state, details=details))
    return answers


def _is_back_from_waiting(state: DialogueState, text: str) -> bool:
    """ "Okay", said to our "take your time", agrees to nothing else."""
    waited = bool(state.last_reply) and state.last_reply[-1] in WAIT
    return waited and is_merely_polite(words_of(tokenize(text)))


def _take_value(answers: Answers, slot: SlotName, value: SlotValue, scene: TurnScene, raw: str = "") -> Answers:
    state = answers.state
    if slot is SlotName.PHONE:
        state = replace(state, phone_digits="", misdialled=0, caller_phone_refused=True)
    if slot is SlotName.NAME and isinstance(value, str):
        value = value[:LONGEST_NAME]
    if slot is SlotName.NOTES and isinstance(value, str):
        value = _with_note(state.details.notes, value)
    if isinstance(value, date) and state.details.or_days:
        value = chosen_day(state.details, value, raw)
    details = settled(state.details.with_slot(slot, value), slot)
    if slot is SlotName.PLACE:
        details = replace(details, any_place=False)
    changed = answers.changed | {slot} if details != state.details else answers.changed
    insists = answers.insists or (slot is SlotName.TIME and state.question is Question.CHOICE and not changed)
    return replace(answers, state=replace(state, details=details), changed=changed, insists=insists)


def _with_note(known: str, added: str) -> str:
    """Both notes; one that says the other again takes its place."""
    if added.lower() in known.lower():
        return known
    if not known or known.lower() in added.lower():
        return added
    return f"{known}; {added}"[:_LONGEST_NOTES]


def _names_option(command: Command) -> bool:
    return isinstance(command, SetSlot | CorrectSlot) and command.slot in _OPTION_SLOTS


def _named_by(state: DialogueState, commands: Sequence[Command]) -> Slot | None:
    """The one offered slot that a time, day or place names; none where another of them contradicts it."""
    if state.question is not Question.CHOICE:
        return None
    said = [one for one in commands if isinstance(one, SetSlot | CorrectSlot) and _names_option(one)]
    kinds = [[one for one in said if one.slot is kind] for kind in {one.slot for one in said}]
    fits = [
        slot for slot in state.offered if all(any(_is_of(slot, one.slot, one.value) for one in kind) for kind in kinds)
    ]
    return fits[0] if said and len(fits) == 1 else None


def _is_of(offered: Slot, slot: SlotName, value: SlotValue) -> bool:
    if isinstance(value, TimeOfDay):
        return _same_clock(offered.starts_at, value)
    if isinstance(value, date):
        return offered.starts_at.date() == value
    return value == (offered.staff if slot is SlotName.STAFF else offered.place)


def _same_clock(starts_at: datetime, said: TimeOfDay) -> bool:
    if starts_at.time() == said.time:
        return True
    twelve_apart = starts_at.hour % 12 == said.time.hour % 12 and starts_at.minute == said.time.minute
    return twelve_apart and not said.certain


def _take_choice(answers: Answers, index: int, scene: TurnScene) -> Answers:
    state = answers.state
    if state.question is Question.PLACE:
        places = scene.business.places
        if -len(places) <= index < len(places):
            return _take_value(answers, SlotName.PLACE, places[index], scene)
        return answers
    if state.question in {Question.DATE, Question.WHEN, Question.TIME} and index < len(state.details.or_days):
        return _take_value(answers, SlotName.DATE, state.details.or_days[index], scene)
    named = {Question.SERVICE: (SlotName.SERVICE, scene.business.services)}
    named[Question.WHICH_STAFF] = (SlotName.STAFF, scene.business.staff)
    if state.question in named:
        slot, names = named[state.question]
        return _take_value(answers, slot, names[index], scene) if -len(names) <= index < len(names) else answers
    if state.question is Question.CHOICE and -len(state.offered) <= index < len(state.offered):
        return replace(answers, chosen=state.offered[index])
    return replace(answers, choice=index)


def _take_yes(answers: Answers) -> Answers:
    state = answers.state
    if state.question is Question.CALLER_PHONE:
        details = replace(state.details, phone=state.caller_phone)
        changed = answers.changed | {SlotName.PHONE}
        return replace(answers, state=replace(state, details=details), changed=changed)
    if state.question is Question.CHOICE and len(state.offered) == 1:
        return replace(answers, chosen=state.offered[0])
    return replace(answers, confirmed=True)


def _take_no(answers: Answers) -> Answers:
    state = answers.state
    if state.question is Question.CALLER_PHONE:
        return replace(answers, state=replace(state, caller_phone_refused=True, question=Question.PHONE))
    if state.question is Question.PLACE:
        details = replace(state.details, any_place=True)
        return replace(answers, state=replace(state, details=details), changed=answers.changed | {SlotName.PLACE})
    return replace(answers, denied=True)


def _take_rejection(answers: Answers, rejected: RejectedSlot, scene: TurnScene) -> Answers:
    state = answers.state
    if rejected.reason == "step":
        return _take_step(answers, rejected)
    if rejected.reason == "wrong" or (rejected.slot is SlotName.STAFF and rejected.reason == "ambiguous"):
        return replace(answers, wrong=rejected.slot)
    if rejected.slot is SlotName.STAFF and rejected.reason in {"any", "else"}:
        return _leave_staff_open(answers, rejected, scene)
    if rejected.reason in {"any", "other"}:
        return replace(answers, any_time=rejected.raw if rejected.reason == "any" else "other")
    if rejected.reason in {"either", "contradictory"}:
        said = (contradiction(rejected),) if rejected.reason == "contradictory" else ()
        state = replace(state, details=with_alternatives(state.details, rejected))
        changed = answers.changed | {rejected.slot}
        return replace(answers, state=state, changed=changed, either=True, complaints=(*answers.complaints, *said))
    if rejected.reason == "more_than" and rejected.raw.isdecimal():
        details = replace(state.details, party_size=None, above_party=int(rejected.raw))
        return replace(answers, state=replace(state, details=details), changed=answers.changed | {rejected.slot})
    if rejected.slot is SlotName.PHONE and rejected.reason in {"incomplete_phone", "invalid_phone"}:
        return _take_digits(answers, rejected, scene)
    if rejected.reason == "ambiguous" and rejected.slot is SlotName.TIME:
        return replace(answers, complaints=(*answers.complaints, "Is that in the morning or in the evening?"))
    complaint = REJECTIONS.get(rejected.reason, "")
    if rejected.slot is SlotName.PHONE and rejected.reason == "forgotten" and state.question is not Question.FIND:
        complaint = REJECTIONS["refused"]
    retakes = state.flow is Flow.NEW_RESERVATION and state.details.time is not None
    if rejected.slot is SlotName.TIME and rejected.reason == "out_of_range" and retakes:
        answers = replace(answers, wrong=SlotName.TIME)
    if rejected.slot in {SlotName.DATE, SlotName.TIME} and state.question is Question.READ_BACK:
        state = replace(state, question=Question.WHAT_TO_CHANGE)
    return replace(
        answers, state=state, complaints=(*answers.complaints, complaint) if complaint else answers.complaints
    )


def _leave_staff_open(answers: Answers, rejected: RejectedSlot, scene: TurnScene) -> Answers:
    """ "Whoever is free"; along with a name it says that others will do as well."""
    state = answers.state
    other_than = ""
    if rejected.reason == "else":
        named_one = rejected.raw if rejected.raw in scene.business.staff else ""
        other_than = named_one or state.details.staff or (state.slot.staff if state.slot is not None else "")
    named = SlotName.STAFF in answers.changed
    wish = replace(state.details, any_staff=True, staff=state.details.staff if named else "")
    if not named:
        wish = replace(wish, other_than=other_than)
    return replace(answers, state=replace(state, details=wish), changed=answers.changed | {SlotName.STAFF})


def _take_step(answers: Answers, rejected: RejectedSlot) -> Answers:
    """ "One more night", before it is known how many there are."""
    fields = {SlotName.NIGHTS: "more_nights", SlotName.TIME: "more_minutes"}
    field = fields.get(rejected.slot, "more_people")
    steps: dict[str, int] = {field: int(rejected.raw)}
    details = replace(answers.state.details, **steps)  # type: ignore[arg-type]
    changed = answers.changed | {rejected.slot}
    return replace(answers, state=replace(answers.state, details=details), changed=changed)


def _take_digits(answers: Answers, rejected: RejectedSlot, scene: TurnScene) -> Answers:
    """Digits of a phone number that is dictated over several turns."""
    state, region = answers.state, scene.business.region
    new = "".join(c for c in rejected.raw if c.isdecimal() or c == "+")
    if state.question is Question.LAST_DIGITS:
        return replace(answers, last_digits=new)
    joined = (state.phone_digits + new)[: _MOST_DIGITS * 2]
    if lacks_area_code(state.phone_digits, region) and len(new) == AREA_CODE_DIGITS:
        joined = new + state.phone_digits
    number, reason = read_number(joined, region)
    if not number and state.phone_digits:
        number, _ = read_number(new + state.phone_digits, region)
    if number:
        return _take_value(answers, SlotName.PHONE, number, scene)
    if reason == "incomplete_phone" and len(joined) < needed_digits(region) + 3:
        asked = replace(state, phone_digits=joined, question=Question.REST_OF_PHONE, caller_phone_refused=True)
        return replace(answers, state=asked)
    alone, _ = read_number(new, region)
    if alone:
        return _take_value(answers, SlotName.PHONE, alone, scene)
    asked = replace(
        state, phone_digits="", question=Question.PHONE, caller_phone_refused=True, misdialled=state.misdialled + 1
    )
    return replace(answers, state=asked, complaints=(*answers.complaints, REJECTIONS["invalid_phone"]))


def settle_time(details: Details, scene: TurnScene) -> Details:
    """Morning or evening, where it was left open, by when the business is open on the day."""
    said = details.time
    if said is None or said.certain or details.day is None:
        return details
    spans = scene.business.hours.on(details.day)
    other = said.time.replace(hour=(said.time.hour + 12) % 24)
    if not _is_open(spans, said.time) and _is_open(spans, other):
        said = TimeOfDay(other)
    return replace(details, time=TimeOfDay(said.time))


def _is_open(spans: Sequence[OpenSpan], at: time) -> bool:
    return any(_covers(span, at) for span in spans)


def _covers(span: OpenSpan, at: time) -> bool:
    if span.opens < span.closes:
        return span.opens <= at < span.closes
    return at >= span.opens or at < span.closes


def ask_again(state: DialogueState, wrong: SlotName) -> DialogueState:
    """`state` with what was `wrong` to be given again."""
    details = state.details
    match wrong:
        case SlotName.NAME:
            return replace(state, details=replace(details, name=""), question=Question.NAME)
        case SlotName.PHONE:
            asked = replace(state, details=replace(details, phone=""), phone_digits="", question=Question.PHONE)
            return replace(asked, caller_phone_refused=True)
        case SlotName.DATE:
            return replace(state, details=replace(details, day=None), slot=None, question=Question.DATE)
        case SlotName.TIME:
            return replace(state, details=replace(details, time=None), slot=None, question=Question.TIME)
        case SlotName.NIGHTS:
            return replace(state, details=replace(details, nights=None), slot=None, question=Question.NIGHTS)
        case SlotName.PARTY_SIZE:
            return replace(state, details=replace(details, party_size=None), slot=None, question=Question.PARTY)
        case SlotName.STAFF:
            return replace(state, details=replace(details, staff=""), slot=None, question=Question.WHICH_STAFF)
        case SlotName.SERVICE:
            return replace(state, details=replace(details, service=""), slot=None, question=Question.SERVICE)
        case _:
            return replace(state, details=replace(details, place=""), slot=None, question=Question.PLACE)


def next_contact_question(state: DialogueState) -> Question | None:
    """The name or phone number that is still missing, and was not refused to a message."""
    refused = state.details.asked
    if not state.details.name and Question.NAME.value not in refused:
        return Question.NAME
    if state.details.phone or Question.PHONE.value in refused:
        return None
    if state.phone_digits:
        return Question.REST_OF_PHONE
    if state.caller_phone and not state.caller_phone_refused:
        return Question.CALLER_PHONE
    return Question.PHONE


def complain(step: Step, complaints: Sequence[str]) -> Step:
    """`step` with what could not be taken in said first."""
    if not complaints:
        return step
    return replace(step, parts=(Say(complaints[0]), *step.parts))
