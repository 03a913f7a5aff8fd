"""Every slot value in an utterance: the parsers run in an order of trust, and no word is read twice."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from reception.dialogue.commands import Flow, SlotName, TimeOfDay
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding import booking_rules
from reception.dialogue.understanding.parsers.clock_hours import resolve
from reception.dialogue.understanding.parsers.dates import find_dates
from reception.dialogue.understanding.parsers.day_readings import Day
from reception.dialogue.understanding.parsers.durations import find_minutes
from reception.dialogue.understanding.parsers.emails import find_broken_email, find_emails
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.from_now import find_from_now
from reception.dialogue.understanding.parsers.house_numbers import house_numbers
from reception.dialogue.understanding.parsers.names import find_name_clause, find_names
from reception.dialogue.understanding.parsers.names_beside import find_name_beside
from reception.dialogue.understanding.parsers.nights import find_nights, with_weekends
from reception.dialogue.understanding.parsers.no_names import NO_NAME, is_too_long
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set, words_of
from reception.dialogue.understanding.parsers.numbers import HOMOPHONES, read_cardinal, read_ordinal
from reception.dialogue.understanding.parsers.occasion_days import without_occasion_days
from reception.dialogue.understanding.parsers.open_staff import find_open_staff
from reception.dialogue.understanding.parsers.party import (
    LARGEST,
    MORE_THAN,
    OUT_OF_RANGE,
    find_parties,
    is_more_than,
)
from reception.dialogue.understanding.parsers.phone_tails import find_mended_tail
from reception.dialogue.understanding.parsers.phones import find_phones
from reception.dialogue.understanding.parsers.places import find_places
from reception.dialogue.understanding.parsers.references import find_references
from reception.dialogue.understanding.parsers.services import find_service, find_staff, find_strangers
from reception.dialogue.understanding.parsers.times import (
    TimeReading,
    find_times,
    is_impossible_clock,
    is_impossible_hour,
    spoken_half,
)
from reception.dialogue.understanding.parsers.weekends import with_either_day
from reception.dialogue.understanding.stay_spans import find_short_departures, with_shared_months
from reception.ports.booking import Slot
from reception.ports.business import Bookable
from reception.ports.expectation import Expects

_DAY_FIRST_LOCALES = frozenset(
    {"en-GB", "en-IE", "en-AU", "en-NZ", "en-ZA", "en-IN", "es", "fr", "de", "it", "pt", "nl"}
)
_NEGATIVE = re.compile(r"(?:^|\s)[-−]$")
_OF_THEM = frozenset({"of them", "of which", "of whom", "of those"})
_MOVES = word_set("to till until")
_BESIDE_NUMBER = 2
_UNASKED_BY_NUMBER = frozenset({Expects.PHONE, Expects.EMAIL, Expects.NAME, Expects.FREE_TEXT})


@dataclass(frozen=True, slots=True)
class Claims:
    """What has been read so far; a later reading of the same words is left out."""

    found: list[Found]

    def add(self, readings: Iterable[Found]) -> None:
        for reading in readings:
            if not any(reading.overlaps(other) for other in self.found):
                self.found.append(reading)

    def of(self, slot: SlotName) -> list[Found]:
        return [found for found in self.found if found.slot is slot]


def gather(text: str, tokens: Sequence[Token], context: UnderstandingContext, *, booking: bool) -> list[Found]:
    """All values in `tokens`, in spoken order. `booking` says that the utterance speaks of one."""
    expects = context.expectation.expects
    stays = context.business.rules.bookable is Bookable.ROOM
    claims = Claims([])
    claims.add(find_emails(tokens))
    if not claims.found and expects is not Expects.FREE_TEXT:
        claims.add(find_broken_email(tokens))
    claims.add(find_references(tokens))
    if not stays and context.flow in {None, Flow.NEW_RESERVATION}:
        claims.add(find_from_now(tokens, context.now, timedelta(minutes=context.business.rules.slot_minutes)))
    claims.add(_immense_counts(tokens))
    known_phone = context.slots.get(SlotName.PHONE)
    claims.add(find_mended_tail(tokens, known_phone if isinstance(known_phone, str) else "", context.business.region))
    claims.add(find_phones(tokens, context.business.region, expected=expects is Expects.PHONE))
    claims.add(_caller_number(tokens, context))
    if expects is Expects.PHONE and any(found.value for found in claims.of(SlotName.PHONE)):
        claims.add(find_names(text, tokens, expected=False, booking=booking, known=_known_name(context)))
        claims.add(_name_clause(text, tokens, context, claims, booking=booking))
        return sorted(claims.found, key=lambda found: found.start)
    business = context.business
    if business.rules.bookable is Bookable.APPOINTMENT:
        claims.add(find_service(tokens, business.services))
    claims.add(find_staff(tokens, business.staff))
    if business.staff and business.rules.bookable is Bookable.APPOINTMENT:
        claims.add(find_open_staff(tokens, business.staff))
        claims.add(find_strangers(text, tokens, business.staff))
    houses = house_numbers(tokens) if business.rules.bookable is Bookable.VIEWING else frozenset()
    if houses:
        claims.add(one for one in find_places(tokens, business.places) if one.start in houses)
    dates = without_occasion_days(
        tokens,
        find_dates(tokens, day_of(context)),
        known=(context.flow is not None or context.booked) and SlotName.DATE in context.slots,
    )
    if expects is Expects.PHONE and claims.of(SlotName.PHONE):
        dates = [one for one in dates if not _is_ordinal_alone(tokens, one)]
    if stays:
        dates = with_weekends(tokens, with_shared_months(tokens, dates), context.now.date())
        claims.add(find_short_departures(tokens, dates))
    else:
        dates = with_either_day(tokens, dates, context.now.date())
    claims.add(found for found in dates if found.slot is not SlotName.DATE or not _is_loose_date(tokens, found))
    if context.flow is Flow.RUNNING_LATE or booking_rules.speaks_of_lateness(words_of(tokens), booked=context.booked):
        located = SlotName.NAME in context.slots or SlotName.PHONE in context.slots
        claims.add(find_minutes(tokens, expected=context.flow is Flow.RUNNING_LATE and located))
    claims.add(_impossible_times(text, tokens, context))
    claims.add(_negative_counts(text, tokens, context, booking=booking))
    claims.add(find_nights(tokens, stays=stays, expected=expects is Expects.NIGHTS))
    parties = [
        one
        for one in find_parties(
            tokens, expected=expects is Expects.PARTY_SIZE, seated=business.rules.bookable is Bookable.TABLE
        )
        if houses.isdisjoint(range(one.start, one.end))
    ]
    times = [
        (one, reading)
        for one, reading in _times(tokens, context, claims)
        if houses.isdisjoint(range(one.start, one.end))
    ]
    time_first = expects is Expects.TIME or (expects is Expects.CHOICE and bool(context.offered))
    claims.add(found for found in parties if not (time_first and _is_loose_party(tokens, found)))
    claims.add(found for found, reading in times if reading.strong or not time_first)
    names = find_names(text, tokens, expected=expects is Expects.NAME, booking=booking, known=_known_name(context))
    if expects is Expects.NAME:
        claims.add(names)
    claims.add(dates)
    claims.add(found for found, _ in times)
    claims.add(parties)
    claims.add(_bare_number(tokens, context, claims))
    claims.add(names if not stays else ())
    claims.add(find_places(tokens, context.business.places))
    claims.add(names)
    claims.add(_name_clause(text, tokens, context, claims, booking=booking))
    found = [_of_a_person(one) for one in _second_party_is_time(tokens, claims.found, context)]
    return sorted(found, key=lambda reading: reading.start)


def _of_a_person(found: Found) -> Found:
    if found.slot is not SlotName.NAME or not isinstance(found.value, str) or not is_too_long(found.value):
        return found
    return replace(found, value=None, reason=NO_NAME)


def day_of(context: UnderstandingContext) -> Day:
    """The day and the conventions by which dates are read."""
    locale = context.business.locale
    day_first = locale in _DAY_FIRST_LOCALES or locale.split("-")[0] in _DAY_FIRST_LOCALES
    return Day(context.now.date(), day_first, context.expectation.expects is Expects.DATE)


def _name_clause(
    text: str, tokens: Sequence[Token], context: UnderstandingContext, claims: Claims, *, booking: bool
) -> list[Found]:
    expects = context.expectation.expects
    numbers = [one for one in claims.of(SlotName.PHONE) if one.value is not None]
    starts = [one.start for one in numbers]
    amid = not booking or expects is Expects.FREE_TEXT
    if claims.of(SlotName.NAME) or expects is Expects.EMAIL or (amid and not numbers):
        return []
    claimed = {at for found in claims.found for at in range(found.start, found.end)}
    known = f"{context.business.name} {' '.join(context.business.places)}".lower().split()
    free = [at not in claimed for at in range(len(tokens))]
    clause = find_name_clause(text, tokens, free, strangers=frozenset(known))
    # In other words only a name beside the caller's number is theirs: "..., Joe Baker, 415 ...".
    found = [one for one in clause if not amid or any(0 <= start - one.end <= _BESIDE_NUMBER for start in starts)]
    return found or [one for number in numbers for one in find_name_beside(text, tokens, number, claimed, known)][:1]


def _known_name(context: UnderstandingContext) -> str:
    value = context.slots.get(SlotName.NAME)
    return value if isinstance(value, str) else ""


def _is_loose_date(tokens: Sequence[Token], found: Found) -> bool:
    """A mere number, read as a day only because a date was asked for."""
    if found.weak:
        return True
    return found.end - found.start == 1 and word_at(tokens, found.start).isdecimal()


def _is_ordinal_alone(tokens: Sequence[Token], found: Found) -> bool:
    """ "the second", of two numbers for the telephone."""
    return all(
        token.word == "the" or read_ordinal(tokens, at) is not None
        for at, token in enumerate(tokens[found.start : found.end], found.start)
    )


def _is_loose_party(tokens: Sequence[Token], found: Found) -> bool:
    """ "for seven", which is a time where a time was asked for; a "table for seven" is not."""
    booked = word_at(tokens, found.start - 1) in {"table", "tables", "booking", "reservation", "room"}
    return found.end - found.start == 2 and word_at(tokens, found.start) == "for" and not booked


_OWN_NUMBER = re.compile(
    r"\b(?:this number|same number|the number i called|my caller id|this (?:phone|line|mobile|cell)|"
    r"(?:the )?(?:number|one|phone) (?:that )?i am (?:calling|ringing|phoning|speaking|talking|on)(?: you)?"
    r"(?: (?:from|on|now))?|whatever (?:number )?i am (?:calling|ringing) (?:from|on)|"
    r"(?:the )?number (?:that )?(?:came|comes|shows|is showing) up|(?:the )?one (?:that )?(?:came|comes|shows) up)"
)
_OWN_WHEN_ASKED = re.compile(
    r"\b(?:(?:use |on )?this one|the one i am calling|you (?:should |will |must |already |can )*(?:have|see|got) "
    r"(?:it|that|my number|the number)(?: (?:on your screen|there|already|in front of you))?|"
    r"(?:the )?number you (?:have|see|got))"
)


def _caller_number(tokens: Sequence[Token], context: UnderstandingContext) -> list[Found]:
    """ "this number", "the number I'm calling from": what the telephone network said."""
    if not context.caller_phone:
        return []
    words = words_of(tokens)
    asked = context.expectation.expects is Expects.PHONE and not any(map(str.isdigit, words))
    match = _OWN_NUMBER.search(words) or (_OWN_WHEN_ASKED.search(words) if asked else None)
    if match is None:
        return []
    start = words[: match.start()].count(" ")
    return [Found(SlotName.PHONE, start, start + match.group().count(" ") + 1, context.caller_phone)]


def _times(tokens: Sequence[Token], context: UnderstandingContext, claims: Claims) -> list[tuple[Found, TimeReading]]:
    expects = context.expectation.expects
    expected = expects is Expects.TIME or (expects is Expects.CHOICE and bool(context.offered))
    after = {found.end for found in claims.of(SlotName.DATE)}
    if context.flow is Flow.CHANGE_RESERVATION or {"move", "change", "push", "switch", "make"} & {
        t.word for t in tokens
    }:
        after |= {at + 1 for at, token in enumerate(tokens) if token.word in _MOVES}
    readings = find_times(tokens, expected=expected, after=frozenset(after))
    half = spoken_half(tokens)
    day = _spoken_day(context, claims)
    return [
        (Found(SlotName.TIME, reading.start, reading.end, resolve(reading, half, context.business, day)), reading)
        for reading in readings
    ]


def _impossible_times(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[Found]:
    """ "25:00", "7:75": times by their form that no clock shows."""
    asked = context.expectation.expects is Expects.TIME
    clocks = [
        Found(SlotName.TIME, at, at + 1, reason=OUT_OF_RANGE)
        for at, token in enumerate(tokens)
        if is_impossible_clock(token.word)
        and (asked or ":" in text[token.start : token.end] or word_at(tokens, at - 1) == "at")
    ]
    hours = [(at, is_impossible_hour(tokens, at)) for at in range(len(tokens))]
    return [*clocks, *(Found(SlotName.TIME, at, end, reason=OUT_OF_RANGE) for at, end in hours if end)]


def _negative_counts(
    text: str, tokens: Sequence[Token], context: UnderstandingContext, *, booking: bool
) -> list[Found]:
    """ "For -3": nobody comes in negative numbers."""
    asked = context.expectation.expects in {Expects.PARTY_SIZE, Expects.NIGHTS}
    if not (asked or booking):
        return []
    stays = context.expectation.expects is Expects.NIGHTS
    return [
        Found(SlotName.NIGHTS if stays else SlotName.PARTY_SIZE, at, at + 1, reason=OUT_OF_RANGE)
        for at, token in enumerate(tokens)
        if (token.word.isdecimal() and _NEGATIVE.search(text[: token.start]))
        or (
            (word_at(tokens, at - 1) in {"minus", "negative"} and read_cardinal(tokens, at) is not None)
            and (at == 0 or not _ends_in_digit(tokens, at))
        )
    ]


_COUNTED = {
    **dict.fromkeys(word_set("people persons guests adults pax covers"), SlotName.PARTY_SIZE),
    **dict.fromkeys(word_set("nights night"), SlotName.NIGHTS),
}
_MOST_COUNTED_DIGITS = 9


def _immense_counts(tokens: Sequence[Token]) -> list[Found]:
    """ "99999999999 people": no telephone number, and nobody comes in such numbers."""
    return [
        Found(_COUNTED[word_at(tokens, at + 1)], at, at + 2, reason=OUT_OF_RANGE)
        for at, token in enumerate(tokens)
        if token.word.isdecimal() and len(token.word) > _MOST_COUNTED_DIGITS and word_at(tokens, at + 1) in _COUNTED
    ]


def _ends_in_digit(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at - 1].word[-1].isdecimal()


def _spoken_day(context: UnderstandingContext, claims: Claims) -> date | None:
    for found in reversed(claims.of(SlotName.DATE)):
        if isinstance(found.value, date):
            return found.value
    known = context.slots.get(SlotName.DATE)
    return known if isinstance(known, date) else None


def _bare_number(tokens: Sequence[Token], context: UnderstandingContext, claims: Claims) -> list[Found]:
    """Lone numbers, for the slot that was asked for; homophones only when they are nearly all that was said."""
    slot = {Expects.PARTY_SIZE: SlotName.PARTY_SIZE, Expects.NIGHTS: SlotName.NIGHTS}.get(context.expectation.expects)
    if slot is None or claims.of(slot):
        return []
    claimed = {at for found in claims.found for at in range(found.start, found.end)}
    readings: list[Found] = []
    at = 0
    while at < len(tokens):
        number = read_cardinal(tokens, at) if at not in claimed and tokens[at].word != "couple" else None
        if tokens[at].word == "couple" and at not in claimed:
            number = read_cardinal(tokens, at)
        if number is None or words_of(tokens[number.end : number.end + 2]) in _OF_THEM:
            at += 1
            continue
        if slot is SlotName.PARTY_SIZE and is_more_than(tokens, at):
            return [Found(slot, at, number.end, reason=MORE_THAN, raw=str(number.value))]
        good = 1 <= number.value <= (LARGEST if slot is SlotName.PARTY_SIZE else 365)
        readings.append(Found(slot, at, number.end, number.value if good else None, "" if good else OUT_OF_RANGE))
        at = number.end
    if not readings and 0 < len(tokens) <= 3 and not claims.found:
        last = len(tokens) - 1 if tokens[-1].word not in {"please", "thanks"} else len(tokens) - 2
        value = HOMOPHONES.get(word_at(tokens, last))
        if value is not None:
            readings.append(Found(slot, last, last + 1, value))
    return readings


def _second_party_is_time(
    tokens: Sequence[Token], found: Sequence[Found], context: UnderstandingContext
) -> list[Found]:
    """In "a table for two for eight" the second number is the time."""
    parties = sorted((one for one in found if one.slot is SlotName.PARTY_SIZE), key=lambda one: one.start)
    if len(parties) != 2 or any(one.slot is SlotName.TIME for one in found):
        return list(found)
    second = parties[1]
    if word_at(tokens, second.start) != "for" or second.end - second.start != 2 or parties[0].end != second.start:
        return list(found)
    readings = find_times(tokens[second.start + 1 : second.end], expected=True)
    if not readings:
        return list(found)
    value: TimeOfDay = resolve(readings[0], spoken_half(tokens), context.business, None)
    return [replace(one, slot=SlotName.TIME, value=value) if one is second else one for one in found]


def matches_slot_time(value: TimeOfDay, slot: Slot) -> bool:
    """Whether `value` can mean the start of `slot`, in the other half of the day too when that was left open."""
    starts = slot.starts_at.time()
    if (starts.hour, starts.minute) == (value.time.hour, value.time.minute):
        return True
    return not value.certain and (starts.hour % 12, starts.minute) == (value.time.hour % 12, value.time.minute)
