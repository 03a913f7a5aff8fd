"""How each question is put, and what kind of answer it expects."""

from dataclasses import replace

from reception.dialogue.commands import Flow
from reception.dialogue.custom.wording import ask_confirmation, ask_slot, expectation_of_slot
from reception.dialogue.flows.alternatives import which_day, which_number
from reception.dialogue.home_questions import HOME_WORDINGS, home_wording
from reception.dialogue.kinds.registry import offers_of
from reception.dialogue.replies import (
    capitalise,
    describe_enquiry,
    describe_entry,
    describe_row,
    describe_slot,
    lower_first,
    option_words,
    read_back,
    say_subject,
    say_total,
    with_article,
)
from reception.dialogue.spoken import (
    say_day,
    say_digits,
    say_list,
    say_near_day,
    say_nights,
    say_phone,
    say_time,
    say_weekday,
)
from reception.dialogue.state import PROVING_DIGITS, DialogueState, Question
from reception.dialogue.turn import TurnScene, Wording
from reception.dialogue.understanding.parsers.phones import lacks_area_code
from reception.dialogue.understanding.recipients import addressed
from reception.dialogue.wordings import FOR_ROOMS, WORDINGS
from reception.ports.business import Bookable
from reception.ports.expectation import Expectation, Expects

_SPOKEN_PLACES = 3
_ON_ROWS = frozenset(
    {
        Flow.CHANGE_RESERVATION,
        Flow.CANCEL_RESERVATION,
        Flow.FIND_RESERVATION,
        Flow.CONFIRM_AGAIN,
        Flow.RUNNING_LATE,
    }
)
"""Flows on a reservation that there is."""

_EXPECTS: dict[Question, Expects] = {
    Question.PARTY_AND_WHEN: Expects.PARTY_SIZE,
    Question.PARTY: Expects.PARTY_SIZE,
    Question.WHEN: Expects.DATE,
    Question.DATE: Expects.DATE,
    Question.TIME: Expects.TIME,
    Question.NIGHTS: Expects.NIGHTS,
    Question.PLACE: Expects.CHOICE,
    Question.SERVICE: Expects.CHOICE,
    Question.WHICH_STAFF: Expects.CHOICE,
    Question.CHOICE: Expects.CHOICE,
    Question.WHICH_RESERVATION: Expects.CHOICE,
    Question.NAME: Expects.NAME,
    Question.PHONE: Expects.PHONE,
    Question.REST_OF_PHONE: Expects.PHONE,
    Question.FIND: Expects.PHONE,
    Question.LAST_DIGITS: Expects.PHONE,
    Question.CALLER_PHONE: Expects.YES_NO,
    Question.READ_BACK: Expects.YES_NO,
    Question.CONFIRM_CHANGE: Expects.YES_NO,
    Question.CONFIRM_CANCEL: Expects.YES_NO,
    Question.CONFIRM_LEAD: Expects.YES_NO,
    Question.CUSTOM_CONFIRM: Expects.YES_NO,
    Question.OFFER_MESSAGE: Expects.YES_NO,
    Question.NEXT_WISH: Expects.YES_NO,
    Question.OFFER_WAITLIST: Expects.YES_NO,
    Question.CONFIRM_WAITLIST: Expects.YES_NO,
    Question.CONFIRM_LEAVE_WAITLIST: Expects.YES_NO,
    Question.TAKE_OFFER: Expects.YES_NO,
    Question.ANYTHING_ELSE: Expects.YES_NO,
    Question.MESSAGE: Expects.FREE_TEXT,
    Question.LOOKING_FOR: Expects.FREE_TEXT,
    Question.PURPOSE: Expects.FREE_TEXT,
    Question.AREA: Expects.FREE_TEXT,
    Question.BEDROOMS: Expects.FREE_TEXT,
    Question.BUDGET: Expects.FREE_TEXT,
    Question.TIMING: Expects.FREE_TEXT,
    Question.FINANCING: Expects.FREE_TEXT,
    Question.VIEWING_TIME: Expects.FREE_TEXT,
}

_IN_LINE = Wording(
    ("What phone number is it under?", "Which phone number did you leave for it?"),
    "What phone number is it under?",
    "Please give me the phone number that you left for the waitlist.",
)

_PRIMES: dict[Expects, str] = {
    Expects.PHONE: "My phone number is 415 555 0142.",
    Expects.TIME: "At 7:30 PM.",
    Expects.DATE: "On Friday, November 27th.",
    Expects.EMAIL: "It's maria@example.com.",
}


def expectation_of(state: DialogueState, scene: TurnScene) -> Expectation:
    """What the pending question expects."""
    if state.question is Question.CUSTOM_SLOT:
        return expectation_of_slot(state, scene)
    expects = _EXPECTS.get(state.question, Expects.ANYTHING)
    options: tuple[str, ...] = ()
    if state.question is Question.PLACE:
        options = scene.business.places
    elif state.question is Question.SERVICE:
        options = scene.business.services
    elif state.question is Question.WHICH_STAFF:
        options = scene.business.staff
    elif state.question is Question.CHOICE:
        options = option_words(state.offered, scene)
    elif which_day(state, scene.now.date()):
        options = tuple(map(say_weekday, state.details.or_days))
    elif state.question is Question.WHICH_RESERVATION:
        options = reservation_options(state, scene)
    return Expectation(expects, options, PROVING_DIGITS if state.question is Question.LAST_DIGITS else 0)


def prime_for(expects: Expects) -> str:
    """A phrase in the form of the expected answer, for the recogniser."""
    return _PRIMES.get(expects, "")


def reservation_options(state: DialogueState, scene: TurnScene) -> tuple[str, ...]:
    today = scene.now.date()
    named = [f"{say_near_day(row.starts_at.date(), today)} at {say_time(row.starts_at)}" for row in state.found]
    if len(set(named)) < len(named):
        return tuple(f"{when}, for {row.party_size}" for when, row in zip(named, state.found, strict=True))
    return tuple(named)


def put_question(state: DialogueState, scene: TurnScene, *, resumed: bool = False) -> tuple[str, ...]:
    """The sentences that ask the pending question, by how often it was asked in vain.

    `resumed`: it is asked again only because something else was answered in between.
    """
    if (days := which_day(state, scene.now.date())) and not state.attempts:
        return (days,)
    if state.question in {Question.PARTY, Question.NIGHTS} and (number := which_number(state.details)):
        return (number,)
    if state.question in _RENDERED:
        return _RENDERED[state.question](state, scene, resumed)
    wording = _wording(state, scene)
    if resumed:
        return (wording.again,)
    if state.attempts >= 2 and wording.example:
        return (wording.example,)
    return (wording.again if state.attempts else scene.pick(wording.first),)


def _wording(state: DialogueState, scene: TurnScene) -> Wording:
    if state.flow is Flow.LEAVE_WAITLIST and state.question is Question.PHONE:
        return _IN_LINE
    if state.flow is Flow.LEAVE_WAITLIST or (state.flow in _ON_ROWS and state.target is None):
        if state.question is Question.NAME:
            return Wording(("What name is it under?",), "What name is the booking under?")
        if state.question is Question.DATE:
            return Wording(("And what day is it for?",), "What day is the booking for?")
    if state.question is Question.HOW_HELP:
        return replace(WORDINGS[Question.HOW_HELP], example=offers_of(scene.agent))
    if scene.bookable is Bookable.ROOM and state.question in FOR_ROOMS:
        return FOR_ROOMS[state.question]
    if state.question is Question.WHEN and scene.noun != "table":
        return Wording(
            (f"What day and time would you like the {scene.noun}?", "What day and time would suit you?"),
            "What day and time would suit you?",
            "Please tell me a day and a time, for example tomorrow at 3 PM.",
        )
    if state.question is Question.NAME and state.flow in {Flow.LEAVE_MESSAGE, Flow.LEAD}:
        return replace(WORDINGS[Question.NAME], first=("May I have your name?", "What is your name, please?"))
    if state.question in HOME_WORDINGS:
        return home_wording(state)
    return WORDINGS[state.question]


def _ask_read_back(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed:
        return (f"So, shall I book that {scene.noun}?",)
    if state.attempts >= 2:
        return (read_back(state, scene), "Please say yes to book it, or tell me what to change.")
    return (read_back(state, scene), "Shall I book it?")


def _ask_choice(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if len(state.offered) == 1:
        return ("Would that suit you?",)
    if resumed or state.attempts:
        return (f"Would you like {say_list(option_words(state.offered, scene), 'or')}?",)
    return (scene.pick(("Which would you like?", "Would one of those suit you?")),)


def _ask_place(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    places = scene.business.places
    what = "room" if scene.bookable is Bookable.ROOM else "property"
    articled = tuple(map(with_article, places)) if what == "room" else places
    named = say_list(articled[:_SPOKEN_PLACES], "or")
    verb = "like" if what == "room" else "like to see"
    if resumed:
        return (f"Which {what} would you {verb}?",)
    if len(places) > _SPOKEN_PLACES and not state.attempts:
        return (f"Which {what} would you {verb}?", f"We have {named}, among others.")
    return (f"Which {what} would you {verb}: {say_list(articled[:6], 'or')}?",)


def _ask_service(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    services = tuple(with_article(lower_first(name)) for name in scene.business.services)
    if resumed:
        return ("What is the appointment for?",)
    if len(services) > _SPOKEN_PLACES and not state.attempts:
        return ("What is it for?", f"We have {say_list(services[:_SPOKEN_PLACES], 'and')}, among others.")
    return (f"What is it for: {say_list(services[:6], 'or')}?",)


def _ask_staff(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    del state, resumed
    return (f"Who would you like to see: {say_list(scene.business.staff[:5], 'or')}?",)


def _ask_caller_phone(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    del resumed
    return (f"Shall I use the number you are calling from, ending {state.caller_phone[-4:]}?",)


def _ask_rest_of_phone(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    region = scene.business.region
    del resumed
    if lacks_area_code(state.phone_digits, region):
        return (f"{say_digits(state.phone_digits)}.", "And the area code?")
    if state.attempts:
        return (f"So far I have {say_digits(state.phone_digits)}.", "What are the other digits?")
    return (f"{say_digits(state.phone_digits)}.", "And the rest?")


def _ask_which(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    del resumed
    options = say_list(reservation_options(state, scene), "or")
    if len(state.found) == 1:
        return (f"The one I have is for {options}.", "Is that the one you mean?")
    return (f"Which one is it: {options}?",)


def _ask_waitlist(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed or state.details.day is None:
        return ("Shall I put you on the waitlist?",)
    details = state.details
    what = say_subject(scene, details.place, details.party_size or 1)
    when = f"on {say_day(state.details.day)}"
    if details.nights and scene.bookable is Bookable.ROOM:
        when = f"for {say_nights(details.nights)}, arriving {when}"
    elif details.time is not None:
        when += f" around {say_time(details.time.time)}"
    contact = f"under {details.name}, phone {say_phone(details.phone, scene.business.region)}"
    return (f"The waitlist for {what} {when}, {contact}.", "Is that right?")


def _ask_leave_waitlist(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed or state.waiting is None:
        return ("Shall I take you off the waitlist?",)
    entry = f"{describe_entry(scene, state.waiting)}, under {state.waiting.guest.name}"
    return (f"You're on the waitlist for {entry}.", "Shall I take you off it?")


def _ask_change(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed or state.slot is None:
        return ("Shall I make that change?",)
    name, phone = state.details.new_name, state.details.new_phone
    contact = f", under {name}" if name else ""
    contact += f", with the note: {state.details.notes}" if state.details.notes else ""
    contact += f", e-mail {state.details.new_email}" if state.details.new_email else ""
    contact += f", phone {say_phone(phone, scene.business.region)}" if phone else ""
    what = f"{describe_slot(scene, state.slot)}{say_total(state.slot)}"
    return (f"So that would be {what}{contact}.", "Shall I change it?")


def _ask_cancel(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed or state.target is None:
        return ("Shall I cancel it?",)
    return (f"That is {describe_row(scene, state.target)}.", "Shall I cancel it?")


def _ask_lead(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    if resumed:
        return ("Shall I pass that on?",)
    details = state.details
    known = (capitalise(details.name), details.phone and say_phone(details.phone, scene.business.region))
    contact = f"{', '.join(one for one in known if one)}." if any(known) else ""
    if state.lead_kind == "message" and details.message:
        contact = f"A message for {addressed(details.recipient)}, {f'from {contact}' if contact else 'without a name.'}"
    about = f"{describe_enquiry(details, scene.business.region)}." if details.purpose else ""
    return tuple(said for said in (about, contact, "Is that right?") if said)


def _ask_next_wish(state: DialogueState, scene: TurnScene, resumed: bool) -> tuple[str, ...]:
    del scene
    if resumed or not state.later:
        return ("Shall we go on with the other one?",)
    return (f"You also said: “{state.later[0].strip(' .,?!')}”.", "Shall we go on with that?")


_RENDERED = {
    Question.SERVICE: _ask_service,
    Question.WHICH_STAFF: _ask_staff,
    Question.CONFIRM_WAITLIST: _ask_waitlist,
    Question.CONFIRM_LEAVE_WAITLIST: _ask_leave_waitlist,
    Question.NEXT_WISH: _ask_next_wish,
    Question.READ_BACK: _ask_read_back,
    Question.CHOICE: _ask_choice,
    Question.PLACE: _ask_place,
    Question.CALLER_PHONE: _ask_caller_phone,
    Question.REST_OF_PHONE: _ask_rest_of_phone,
    Question.WHICH_RESERVATION: _ask_which,
    Question.CONFIRM_CHANGE: _ask_change,
    Question.CONFIRM_CANCEL: _ask_cancel,
    Question.CONFIRM_LEAD: _ask_lead,
    Question.CUSTOM_SLOT: ask_slot,
    Question.CUSTOM_CONFIRM: ask_confirmation,
}
