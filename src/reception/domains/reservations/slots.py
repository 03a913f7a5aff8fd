"""Slot ids: what was offered, written so that it can be checked again when it is taken.

An id is base64url of a JSON array `[version, bookable, start, end, party size, resource numbers, place]`, instants in
Unix seconds. It is a claim, not a proof: `plan` believes nothing that the rules do not bear out.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reception.core.errors import SlotTaken, Unprocessable
from reception.db.bounds import refuse
from reception.domains.reservations import stays, visits
from reception.domains.reservations.availability import Calendar, Offer, Span, turn_time
from reception.ports.booking import Slot, SlotQuery
from reception.ports.business import Bookable

_VERSION = 1
_LONGEST = 2000
_END_OF_TIME = 7_258_118_400
"""The year 2200 in Unix seconds: date arithmetic stays in range below it."""
_GRACE = timedelta(minutes=30)
"""How much later than the lead time allows an offer may still be taken: as long as a caller talks about it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A slot that the rules allow. `choices` are the sets of resources that would do, the one offered first."""

    offer: Offer
    place: str
    choices: tuple[tuple[int, ...], ...]


def slot_of(offer: Offer, calendar: Calendar) -> Slot:
    """`offer` for a flow, its times local."""
    return Slot(
        slot_id=_encode(offer, calendar.rules.bookable),
        starts_at=offer.span.start.astimezone(calendar.zone),
        ends_at=offer.span.end.astimezone(calendar.zone),
        party_size=offer.party_size,
        place=spoken_place(offer.place, calendar.rules.bookable),
    )


def spoken_place(place: str, bookable: Bookable) -> str:
    """Where a caller would say that is; a table is just a table."""
    return "" if bookable is Bookable.TABLE else place


def read(slot: Slot, bookable: Bookable) -> Offer:
    """The offer that `slot` names.

    Raises:
        Unprocessable: the id is none of ours, of another kind of booking, or contradicts the rest of the slot.
    """
    offer = _decode(slot.slot_id, bookable)
    same_time = slot.starts_at == offer.span.start and slot.ends_at == offer.span.end
    if not same_time or slot.party_size != offer.party_size:
        raise refuse("/slot", "does not agree with its slot_id")
    return offer


def plan(slot: Slot, calendar: Calendar) -> Plan:
    """Check `slot` against the rules of the business as they are now; `calendar.busy` is not looked at.

    Raises:
        Unprocessable: no slot that this business can have offered.
        SlotTaken: it may have been offered, and is not to be had any more.
    """
    offer = read(slot, calendar.rules.bookable)
    by_no = {unit.resource_no: unit for unit in calendar.fitting(1, offer.place)}
    chosen = [by_no.get(number) for number in offer.resource_nos]
    if any(unit is None for unit in chosen) or sum(u.capacity for u in chosen if u) < offer.party_size:
        raise _foreign()
    if calendar.rules.bookable is Bookable.ROOM:
        arrival, nights = stays.nights_of(calendar, offer.span)
        if nights < 1 or stays.span_of(calendar, arrival, nights) != offer.span:
            raise _foreign()
        refusal = stays.refuse(calendar, stays.as_query(calendar, offer))
    else:
        if offer.span.end - offer.span.start != turn_time(calendar.rules, offer.party_size):
            raise _foreign()
        query = SlotQuery(offer.span.start, offer.party_size, 0, offer.place)
        refusal = visits.refuse(calendar, query, grace=_GRACE)
    if refusal is not None:
        raise SlotTaken(f"That can no longer be booked: {refusal.value}")
    return planned(offer, calendar)


def planned(offer: Offer, calendar: Calendar) -> Plan:
    """The plan of an offer that the rules are known to allow."""
    others = ((unit.resource_no,) for unit in calendar.fitting(offer.party_size, offer.place))
    choices = tuple(dict.fromkeys((offer.resource_nos, *others)))
    return Plan(offer, spoken_place(offer.place, calendar.rules.bookable), choices)


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
    ]
    text = json.dumps(claim, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(slot_id: str, bookable: Bookable) -> Offer:
    if len(slot_id) > _LONGEST:
        raise _foreign()
    try:
        padded = slot_id + "=" * (-len(slot_id) % 4)
        claim = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        version, kind, start, end, party_size, numbers, place = claim
        whole = 0 <= start < end < _END_OF_TIME and all(
            type(number) is int for number in (start, end, party_size, *numbers)
        )
        if (version, kind) != (_VERSION, bookable.value) or not whole or not isinstance(place, str):
            raise _foreign()
        span = Span(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error) as error:
        raise _foreign() from error
    if party_size < 1 or not 1 <= len(numbers) <= 10 or len(set(numbers)) != len(numbers):
        raise _foreign()
    return Offer(span, party_size, place, tuple(numbers))
