"""Slot ids: what was offered, written so that it can be checked again when it is taken.

An id is base64url of a JSON array `[version, bookable, start, end, party size, resource numbers, place, service,
person]`, the last two only where one was asked for; instants in Unix seconds. It is a claim, not a proof: `plan`
believes nothing that the rules do not bear out.
"""

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from reception.core.errors import SlotTaken, TimePassed, Unprocessable
from reception.db.bounds import refuse
from reception.domains.reservations import stays, visits
from reception.domains.reservations.availability import Calendar, Offer, Span
from reception.ports.booking import Price, Refusal, Slot, SlotQuery
from reception.ports.business import Bookable

_VERSION = 1
_LONGEST = 2000
_END_OF_TIME = 7_258_118_400
"""The year 2200 in Unix seconds: date arithmetic stays in range below it."""
_GRACE = timedelta(minutes=30)
"""How much later than the lead time allows an offer may still be taken: as long as a caller talks about it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A slot that the rules allow. `choices` are the sets of resources that would do, the one offered first; `covers`
    is how many guests may begin in the same quarter of an hour, 0 for any number."""

    offer: Offer
    place: str
    choices: tuple[tuple[int, ...], ...]
    price: Price | None = None
    covers: int = 0


def slot_of(offer: Offer, calendar: Calendar) -> Slot:
    """`offer` for a flow, its times local."""
    return Slot(
        slot_id=_encode(offer, calendar.rules.bookable),
        starts_at=offer.span.start.astimezone(calendar.zone),
        ends_at=offer.span.end.astimezone(calendar.zone),
        party_size=offer.party_size,
        place=spoken_place(offer.place, calendar.rules.bookable),
        service=offer.service,
        staff=_person(offer, calendar),
        price=price_of(offer, calendar),
    )


def _person(offer: Offer, calendar: Calendar) -> str:
    """Whom the guest would meet."""
    people = (unit.name for unit in calendar.units if unit.hours is not None and unit.numbers == offer.resource_nos)
    return offer.staff or next(people, "")


def spoken_place(place: str, bookable: Bookable) -> str:
    """Where a caller would say that is; a table is just a table."""
    return "" if bookable is Bookable.TABLE else place


def price_of(offer: Offer, calendar: Calendar) -> Price | None:
    """What all of `offer` costs by the rates of the business, None where it names none."""
    if calendar.rules.bookable is Bookable.ROOM:
        return stays.price_of(calendar.rules, offer.place, *stays.nights_of(calendar, offer.span))
    service = visits.service_of(calendar, offer.service)
    if service is None or service.price is None:
        return None
    return Price(service.price, calendar.rules.currency)


def slot_named(slot_id: str, calendar: Calendar) -> Slot:
    """The slot that an id stands for, unchecked but for its form: `plan` says whether it can be had.

    Raises:
        Unprocessable: the id is none of ours, or of another kind of booking.
    """
    return slot_of(_decode(slot_id, calendar.rules.bookable), calendar)


def read(slot: Slot, bookable: Bookable) -> Offer:
    """The offer that `slot` names.

    Raises:
        Unprocessable: the id is none of ours, of another kind of booking, or contradicts the rest of the slot.
    """
    offer = _decode(slot.slot_id, bookable)
    # Of a time that the clocks repeat, a local reading equals none of another zone.
    if Span(slot.starts_at.astimezone(UTC), slot.ends_at.astimezone(UTC)) != offer.span:
        raise refuse("/slot", "does not agree with its slot_id")
    if slot.party_size != offer.party_size:
        raise refuse("/slot", "does not agree with its slot_id")
    return offer


def plan(slot: Slot, calendar: Calendar) -> Plan:
    """Check `slot` against the rules of the business as they are now; `calendar.busy` is not looked at.

    Raises:
        Unprocessable: no slot that this business can have offered.
        SlotTaken: it may have been offered, and is not to be had any more; TimePassed: it has begun.
    """
    offer = read(slot, calendar.rules.bookable)
    _check_resources(offer, calendar)
    if calendar.rules.bookable is Bookable.ROOM:
        arrival, nights = stays.nights_of(calendar, offer.span)
        if nights < 1 or stays.span_of(calendar, arrival, nights) != offer.span:
            raise _foreign()
        refusal = stays.refuse(calendar, stays.as_query(calendar, offer))
    else:
        query = visits.as_known(calendar, _query_of(offer))
        if isinstance(query, Refusal):
            raise _foreign()
        refusal = visits.refuse(calendar, query, grace=_GRACE)
        run = visits.seating_at(calendar, query, offer.span.start)
        if run is not None and offer.span.end - offer.span.start != visits.length_of(calendar, query, run):
            raise _foreign()
    if refusal is Refusal.PAST:
        raise gone_by()
    if refusal is not None:
        raise SlotTaken(f"That can no longer be booked: {refusal.value}")
    planned = plan_of(offer, calendar)
    if not planned.choices:
        raise SlotTaken("Nobody is there for it any more")
    return planned


def _check_resources(offer: Offer, calendar: Calendar) -> None:
    """That the offer is of something which this business has, or had when it was made."""
    places = {unit.place for unit in calendar.units}
    ours = {number for unit in calendar.units for number in unit.numbers}
    table = calendar.rules.bookable in (Bookable.TABLE, Bookable.APPOINTMENT)
    if not ours.issuperset(offer.resource_nos) or (not table and offer.place not in places):
        raise _foreign()
    able = [unit for unit in calendar.able(offer.place) if unit.numbers == offer.resource_nos]
    if not able:
        raise SlotTaken("That is not to be had any more")
    if all(unit.capacity < offer.party_size for unit in able):
        raise _foreign()


def _query_of(offer: Offer) -> SlotQuery:
    return SlotQuery(offer.span.start, offer.party_size, 0, offer.place, service=offer.service, staff=offer.staff)


def plan_of(offer: Offer, calendar: Calendar) -> Plan:
    """The plan of an offer that the rules are known to allow: other resources do as well as the one offered, if they
    are of the same place and person."""
    rules, covers = calendar.rules, 0
    if rules.bookable is not Bookable.ROOM:
        run = visits.seating_at(calendar, _query_of(offer), offer.span.start)
        covers = run.covers if run is not None else 0
    offer = replace(offer, buffer=visits.buffer_of(calendar, offer.service))
    fitting = calendar.fitting(offer.party_size, offer.place, offer.service, offer.staff)
    able = [unit.numbers for unit in fitting if calendar.works(unit, offer.span)]
    choices = sorted(dict.fromkeys(able), key=lambda numbers: numbers != offer.resource_nos)
    return Plan(offer, spoken_place(offer.place, rules.bookable), tuple(choices), price_of(offer, calendar), covers)


def is_gone_by(offer: Offer, calendar: Calendar) -> bool:
    """Whether the time of `offer` is over: a visit that has begun, or a stay from before today."""
    if calendar.rules.bookable is not Bookable.ROOM:
        return offer.span.start <= calendar.now
    return stays.nights_of(calendar, offer.span)[0] < calendar.now.astimezone(calendar.zone).date()


def gone_by() -> TimePassed:
    return TimePassed("That time has already passed: ask for one to come")


def _foreign() -> Unprocessable:
    return refuse("/slot/slot_id", "is not a slot of this business")


def _encode(offer: Offer, bookable: Bookable) -> str:
    claim = [
        _VERSION,
        bookable.value,
        int(offer.span.start.timestamp()),
        int(offer.span.end.timestamp()),
        offer.party_size,
        list(offer.resource_nos),
        offer.place,
        *((offer.service, offer.staff) if offer.service or offer.staff else ()),
    ]
    text = json.dumps(claim, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(slot_id: str, bookable: Bookable) -> Offer:
    if len(slot_id) > _LONGEST:
        raise _foreign()
    try:
        padded = slot_id + "=" * (-len(slot_id) % 4)
        claim = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        version, kind, start, end, party_size, numbers, place, *more = claim
        service, staff = more or ("", "")
        whole = 0 <= start < end < _END_OF_TIME and all(
            type(number) is int for number in (start, end, party_size, *numbers)
        )
        if (version, kind) != (_VERSION, bookable.value) or not whole or not _texts(place, service, staff):
            raise _foreign()
        span = Span(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error) as error:
        raise _foreign() from error
    if party_size < 1 or not 1 <= len(numbers) <= 10 or len(set(numbers)) != len(numbers):
        raise _foreign()
    return Offer(span, party_size, place, tuple(numbers), service, staff)


def _texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)
