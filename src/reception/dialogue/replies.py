"""What the agent says, in short sentences, the first of them shortest, so that speech can start early."""

from collections.abc import Sequence
from datetime import date

from reception.dialogue.commands import TimeOfDay
from reception.dialogue.kinds.registry import kind_of
from reception.dialogue.spoken import (
    say_count,
    say_day,
    say_list,
    say_money,
    say_near_day,
    say_nights,
    say_phone,
    say_price,
    say_time,
    say_weekday,
)
from reception.dialogue.state import Details, DialogueState
from reception.dialogue.turn import TurnScene
from reception.ports.booking import Reservation, Slot, WaitlistEntry
from reception.ports.business import Bookable, OpenSpan

_SHORT_DAYS = 7
_EVENING_HOUR = 17
_NIGHT_HOURS = 4
"""Hours after midnight that belong to the evening before."""


def greeting(scene: TurnScene) -> tuple[str, ...]:
    """The owner's greeting, or one of ours, by sentences."""
    settings = scene.agent.settings
    if settings.greeting:
        return split_sentences(settings.greeting)
    who = f"This is {settings.persona_name}, the {kind_of(scene.agent).role}." if settings.persona_name else ""
    opening = f"Thank you for calling {scene.business.name}."
    return tuple(part for part in (opening, who, "How can I help you?") if part)


def recording_notice(scene: TurnScene) -> tuple[str, ...]:
    """What a caller who is recorded is told first; nothing to others."""
    settings = scene.agent.settings
    if not settings.recording or scene.channel != "voice":
        return ()
    return (settings.recording_notice or "This call is recorded.",)


def split_sentences(text: str) -> tuple[str, ...]:
    """`text` by its sentences; full stops of abbreviations and figures do not end one."""
    sentences: list[str] = []
    current: list[str] = []
    words = text.split()
    for index, word in enumerate(words):
        current.append(word)
        following = words[index + 1] if index + 1 < len(words) else ""
        bare = word.rstrip("\"')”")
        ends = bare.endswith(("!", "?")) or (bare.endswith(".") and bare.lower() not in _ABBREVIATIONS)
        if bare.lower() in _HALVES_OF_DAY:
            ends = following[:1].isupper()
        if ends and (not following or not following[0].islower()):
            sentences.append(" ".join(current))
            current = []
    if current:
        sentences.append(" ".join(current))
    return tuple(sentences)


_HALVES_OF_DAY = frozenset({"a.m.", "p.m."})
_ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "no.", "e.g.", "i.e.", "vs.", "approx.", "sq.", "ft."})


def with_article(thing: str) -> str:
    return f"{'an' if thing[:1].lower() in 'aeiou' else 'a'} {thing}"


def capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def say_guests(party_size: int) -> str:
    return "one" if party_size == 1 else say_count(party_size)


def say_party(details: Details) -> str:
    """How many, as far as it is known: "twelve", "more than ten", "ten or twelve"."""
    if details.party_size:
        return say_guests(details.party_size)
    if details.or_party:
        return say_list([say_count(number) for number in details.or_party], "or")
    return f"more than {say_count(details.above_party)}"


def say_subject(scene: TurnScene, place: str, party_size: int) -> str:
    """What is booked: "a table for four", "a Queen Room for two", "a viewing of 12 Elm Street"."""
    if scene.bookable is Bookable.VIEWING:
        return f"a viewing of {place}" if place else "a viewing"
    if scene.bookable is Bookable.ROOM:
        guests = "one guest" if party_size == 1 else f"{say_count(party_size)} guests"
        return f"{with_article(place or 'room')} for {guests}"
    if scene.noun == "table":
        return f"a table for {say_guests(party_size)}"
    return with_article(scene.noun)


def say_appointment(scene: TurnScene, service: str, staff: str) -> str:
    """ "a haircut with Dana", "an appointment"."""
    what = (
        with_article(service if service[1:2].isupper() else lower_first(service))
        if service
        else with_article(scene.noun)
    )
    return f"{what} with {staff}" if staff else what


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def subject_of(scene: TurnScene, booked: Slot | Reservation) -> str:
    """What a slot or a row is of."""
    if scene.bookable is not Bookable.APPOINTMENT:
        return say_subject(scene, booked.place, booked.party_size)
    if isinstance(booked, Slot):
        return say_appointment(scene, booked.service, booked.staff)
    staff = next((name for name in booked.resource_names if name in scene.business.staff), "")
    return say_appointment(scene, booked.service, staff)


def say_when(scene: TurnScene, slot: Slot | Reservation) -> str:
    """ "on Friday, November 27th at 7:30 PM"; of a stay its arrival and nights."""
    if scene.bookable is Bookable.ROOM:
        nights = (slot.ends_at.date() - slot.starts_at.date()).days
        return f"for {say_nights(nights)}, arriving on {say_day(slot.starts_at.date())}"
    return f"on {say_day(slot.starts_at.date())} at {say_time(slot.starts_at)}"


def describe_slot(scene: TurnScene, slot: Slot) -> str:
    return f"{subject_of(scene, slot)} {say_when(scene, slot)}"


def describe_row(scene: TurnScene, row: Reservation) -> str:
    return f"{subject_of(scene, row)} {say_when(scene, row)}, under {row.guest.name}"


def echo_slot(scene: TurnScene, slot: Slot) -> str:
    """A short repetition of what is being looked at."""
    if scene.bookable is Bookable.ROOM:
        what = f", {slot.place}" if slot.place else ""
        return f"{capitalise(say_when(scene, slot)[4:])}{what}."
    day = say_near_day(slot.starts_at.date(), scene.now.date())
    if day == "today" and slot.starts_at.hour >= _EVENING_HOUR:
        day = "tonight"
    people = f" for {say_guests(slot.party_size)}" if scene.noun == "table" else ""
    if scene.bookable is Bookable.APPOINTMENT and (slot.service or slot.staff):
        people = f", {say_appointment(scene, slot.service, slot.staff)}"
    return f"{capitalise(day)} at {say_time(slot.starts_at)}{people}."


def read_back(state: DialogueState, scene: TurnScene) -> str:
    """Everything that is about to be booked, in one sentence."""
    if state.slot is None:
        return ""
    details = state.details
    contact = f"under {details.name}, phone {say_phone(details.phone, scene.business.region)}"
    contact += f", e-mail {details.email}" if details.email else ""
    note = f", with the note: {details.notes}" if details.notes else ""
    return f"{capitalise(describe_slot(scene, state.slot))}{say_total(state.slot)}, {contact}{note}."


def say_total(booked: Slot | Reservation) -> str:
    """ ", $540 in total", nothing where no rate is set."""
    price = booked.price
    return f", {say_price(price.amount, price.currency)} in total" if price is not None else ""


def booked(scene: TurnScene, row: Reservation) -> tuple[str, ...]:
    """The confirmation, from the committed row."""
    opening = "You're booked" if scene.bookable is not Bookable.VIEWING else "Your viewing is booked"
    what = describe_row(scene, row)
    if scene.bookable is Bookable.VIEWING:
        what = what.removeprefix("a viewing of ").removeprefix("a viewing ")
    return (f"{opening}: {what}{say_total(row)}.", f"Your reference is {row.reference}.")


def moved(scene: TurnScene, row: Reservation) -> tuple[str, ...]:
    return (f"That's changed: {describe_row(scene, row)}{say_total(row)}.", f"Your reference is still {row.reference}.")


def welcome_back(texts: tuple[str, ...], name: str) -> tuple[str, ...]:
    """A greeting in `texts` with a word for who is known, before the question that it ends with."""
    back = f"Welcome back, {name.split()[0]}."
    return (*texts[:-1], back, texts[-1]) if texts and texts[-1].endswith("?") else (*texts, back)


def describe_entry(scene: TurnScene, entry: WaitlistEntry) -> str:
    """What somebody waits for: "a table for four on Friday, March 12th around 7 PM"."""
    what = say_subject(scene, entry.place, entry.party_size)
    day = say_day(entry.wanted.date())
    return f"{what} on {day}" if scene.bookable is Bookable.ROOM else f"{what} on {day} around {say_time(entry.wanted)}"


def in_line(scene: TurnScene, entry: WaitlistEntry) -> tuple[str, ...]:
    """That somebody is on the waitlist, and what happens then."""
    phone = say_phone(entry.guest.phone, scene.business.region)
    return (
        f"You're on the waitlist: {describe_entry(scene, entry)}, under {entry.guest.name}.",
        f"If something comes free, we'll let you know on {phone}.",
    )


def offered_place(scene: TurnScene, entry: WaitlistEntry) -> tuple[str, ...]:
    """What is kept for somebody who waits, and until when."""
    if entry.offer is None:
        return ()
    row = entry.offer
    what = f"{say_subject(scene, row.place, row.party_size)} {say_when(scene, row)}"
    until = ""
    if entry.offer_expires_at is not None:
        until = f" We're keeping it for you until {say_time(entry.offer_expires_at.astimezone(scene.now.tzinfo))}."
    return (f"Good news: {what} has come free.{until}",)


def reconfirmed(scene: TurnScene, row: Reservation) -> tuple[str, ...]:
    return (f"Thank you, that's confirmed: {describe_row(scene, row)}.",)


def noted_late(scene: TurnScene, row: Reservation) -> tuple[str, ...]:
    del scene
    return (f"No problem, I've noted that you'll be {say_count(row.late_minutes)} minutes late.",)


def cancelled(scene: TurnScene, row: Reservation) -> tuple[str, ...]:
    day = say_day(row.starts_at.date())
    return (f"Your {scene.noun} for {day}, under {row.guest.name}, is cancelled.",)


def option_words(slots: Sequence[Slot], scene: TurnScene) -> tuple[str, ...]:
    """Each of `slots` as few words as tell it from the others."""
    if scene.bookable is Bookable.ROOM:
        places = len({slot.place for slot in slots}) == len(slots)
        return tuple(_room_option(slot, scene, places=places) for slot in slots)
    days = {slot.starts_at.date() for slot in slots}
    if len(days) == 1:
        halves = {slot.starts_at.hour < 12 for slot in slots}
        if len({slot.staff for slot in slots}) > 1:
            return tuple(f"{say_time(slot.starts_at, half=len(halves) > 1)} with {slot.staff}" for slot in slots)
        return tuple(say_time(slot.starts_at, half=len(halves) > 1 or len(slots) == 1) for slot in slots)
    return tuple(_day_and_time(slot, slots, scene) for slot in slots)


def _day_and_time(slot: Slot, slots: Sequence[Slot], scene: TurnScene) -> str:
    """The day is said with its first time only, so that several times of a day are read as one group."""
    day = slot.starts_at.date()
    first = next(other for other in slots if other.starts_at.date() == day)
    near = _option_day(day, scene)
    if len({other.staff for other in slots}) > 1:
        return f"{near} at {say_time(slot.starts_at)} with {slot.staff}"
    return f"{near} at {say_time(slot.starts_at)}" if slot is first else say_time(slot.starts_at)


def _room_option(slot: Slot, scene: TurnScene, *, places: bool) -> str:
    day = _option_day(slot.starts_at.date(), scene)
    if not slot.place:
        return day
    return with_article(slot.place) if places else f"{with_article(slot.place)} from {day}"


def _option_day(day: date, scene: TurnScene) -> str:
    ahead = (day - scene.now.date()).days
    return say_weekday(day) if 1 < ahead < _SHORT_DAYS else say_near_day(day, scene.now.date())


def offer(slots: Sequence[Slot], asked: date | None, scene: TurnScene, *, waitlist: bool = False) -> str:
    """ "I have 7:00, 8:15 or 8:30." With the `waitlist`, that it is another way."""
    said = _offered(slots, asked, scene)
    return f"{said.removesuffix('.')}, or I can put you on the waitlist." if waitlist else said


def _offered(slots: Sequence[Slot], asked: date | None, scene: TurnScene) -> str:
    words = say_list(option_words(slots, scene), "or")
    days = {slot.starts_at.date() for slot in slots}
    if scene.bookable is Bookable.ROOM or len(days) > 1 or days == {asked}:
        half = "" if len(days) > 1 or scene.bookable is Bookable.ROOM else _shared_half(slots)
        return f"I have {words}{half}."
    return f"{capitalise(on_day(days.pop(), scene))} I have {words}{_shared_half(slots)}."


def on_day(day: date, scene: TurnScene) -> str:
    near = say_near_day(day, scene.now.date())
    return near if near in {"today", "tomorrow"} else f"on {near}"


def _shared_half(slots: Sequence[Slot]) -> str:
    halves = {slot.starts_at.hour < 12 for slot in slots}
    if len(halves) > 1 or len(slots) == 1:
        return ""
    return " in the morning" if halves == {True} else ""


def say_spans(spans: Sequence[OpenSpan]) -> str:
    """ "from 11:30 AM to 2:30 PM and from 5 PM to 10 PM"."""
    return say_list([f"from {say_time(span.opens)} to {_closing(span)}" for span in spans])


def _closing(span: OpenSpan) -> str:
    return "midnight" if (span.closes.hour, span.closes.minute) == (0, 0) else say_time(span.closes)


def say_area(area: str) -> str:
    """ "in Harbourside", "near the park", "at 42 Cedar Road"."""
    first = area.split()[0].lower()
    if first in {"near", "around", "in", "at", "by", "close", "within"}:
        return area
    return f"at {area}" if first[0].isdecimal() else f"in {area}"


def describe_enquiry(details: Details, region: str) -> str:
    """Everything that was said of it, in one line: "To rent, two bedrooms in Harbourside, up to $1,800, from June"."""
    parts = [{"buy": "To buy", "rent": "To rent", "sell": "To sell", "let": "To let out"}.get(details.purpose, "")]
    bedrooms = details.bedrooms
    if bedrooms is not None:
        parts.append("a studio" if bedrooms == 0 else f"{say_count(bedrooms)} bedroom{'s' if bedrooms > 1 else ''}")
    if details.area or details.place:
        parts.append(say_area(details.area) if details.area else details.place)
    if details.budget:
        limit = "around" if details.purpose in {"sell", "let"} else "up to"
        parts.append(f"{limit} {say_money(details.budget, region)}")
    parts += [details.timing, details.financing]
    if details.day is not None:
        at = f" at {say_time(details.time.time)}" if isinstance(details.time, TimeOfDay) else ""
        parts.append(f"viewing on {say_day(details.day)}{at}")
    if details.notes:
        parts.append(details.notes)
    return ", ".join(part for part in parts if part)


REJECTIONS = {
    "past_date": "That day has already passed.",
    "no_such_date": "I'm afraid there is no such day.",
    "invalid_phone": "That doesn't sound like a complete phone number.",
    "invalid_email": "That doesn't sound like a complete e-mail address.",
    "no_name": "I'm sorry, I can't take that down as a name.",
    "unknown_staff": "I'm sorry, I don't know anybody here of that name.",
    "out_of_range": "I'm afraid that can't be right.",
    "before_arrival": "That would be leaving before you arrive.",
    "more_than": "A larger party, then.",
    "hidden": "I'm afraid I can't see your number.",
    "refused": "I understand, but I can't book without it.",
    "unsure": "A rough number will do.",
    "forgotten": "No problem, your name and the day will do.",
}
"""What is said to a value that cannot be, by `RejectedSlot.reason`."""

NOT_CAUGHT = ("Sorry, I didn't catch that.", "I'm sorry, I didn't quite get that.", "Sorry, I missed that.")
WAIT = ("Of course, take your time.", "Sure, no hurry.")
THANKS = ("You're welcome.", "My pleasure.")
GOODBYE = ("Thank you for calling. Goodbye!", "Thanks for calling. Have a lovely day. Goodbye!")
CUT_OFF = "I'm sorry, we got cut off."
SILENT_ONCE = "Are you still there?"
SILENT_AGAIN = "I can't hear you at the moment."
SILENT_END = ("I'm afraid I can't hear you.", "Please call again any time. Goodbye!")
UNREACHABLE = "I'm sorry, I can't get at our bookings just now."
UNKNOWN = ("I'm afraid I don't know that.", "I'm sorry, I don't have that information.")
