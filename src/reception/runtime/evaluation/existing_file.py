"""Bookings and leads that are there before the call, read from a scenario's file."""

from collections.abc import Sequence
from datetime import datetime, time
from functools import partial

from reception.domains.tenants.service import TenantSpec
from reception.ports.business import Bookable, ResourceKind
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.moments import read_day, read_moment, read_time
from reception.runtime.evaluation.reading import (
    Fields,
    Report,
    Wrong,
    choice_of,
    items,
    not_one_of,
    plain_of,
    raised,
    said_by,
    text_of,
    whole_of,
)
from reception.runtime.evaluation.scenario import BusinessSetUp, Existing, LeadSetUp, ReservationSetUp, WaitingSetUp

_RESERVATION = (
    "date", "time", "at", "party", "name", "phone", "email", "notes", "place", "nights", "service", "staff", "status",
    "count",
)  # fmt: skip
_ALIASES = {
    "party_size": "party", "guests": "party", "people": "party", "guest_name": "name", "guest_phone": "phone",
    "room": "place", "room_type": "place", "listing": "place", "property": "place", "with": "staff", "day": "date",
    "arrival": "date", "check_in": "date", "note": "notes", "starts_at": "at", "starts": "at", "times": "count",
}  # fmt: skip
_WAITING = ("date", "time", "at", "from", "until", "party", "name", "phone", "place", "nights")
_STATUSES = ("confirmed", "cancelled", "seated", "no_show")
_MOST = 300


def existing_of(
    node: Node | None,
    of_business: tuple[Node | None, Node | None, Node | None],
    business: BusinessSetUp,
    clock: datetime,
    report: Report,
) -> Existing:
    """What a scenario's `existing` and its business list together."""
    reservations: list[ReservationSetUp] = []
    leads: list[LeadSetUp] = []
    waiting: list[WaitingSetUp] = []
    found = (
        None
        if node is None
        else Fields(node, "what exists", ("reservations", "leads", "waitlist"), report, {"bookings": "reservations"})
    )
    for inner in (of_business[0], found.node_of("reservations") if found else None):
        if inner is not None:
            reservations += _collected(inner, business, clock, report)
    for inner in (of_business[1], found.node_of("leads") if found else None):
        if inner is not None:
            leads += [_lead(item) for item in items(inner)]
    for inner in (of_business[2], found.node_of("waitlist") if found else None):
        if inner is not None:
            waiting += [_waits(item, business, clock, number) for number, item in enumerate(items(inner))]
    return Existing(tuple(reservations), tuple(leads), tuple(waiting))


def _collected(node: Node, business: BusinessSetUp, clock: datetime, report: Report) -> Sequence[ReservationSetUp]:
    try:
        return reservations_of(node, business, clock)
    except Wrong as wrong:
        report(wrong)
        return ()


def reservations_of(node: Node, business: BusinessSetUp, clock: datetime) -> tuple[ReservationSetUp, ...]:
    """The bookings in a list. One that names no guest has a fictional one of its own."""
    found = items(node)
    if len(found) > _MOST:
        raise Wrong(node, f"has {len(found)} bookings; at most {_MOST}")
    return tuple(_reservation(item, business, clock, number) for number, item in enumerate(found))


def _usual_party(spec: TenantSpec) -> int:
    return 1 if spec.rules.bookable is Bookable.APPOINTMENT else min(2, spec.rules.largest_party)


def _reservation(node: Node, business: BusinessSetUp, clock: datetime, number: int) -> ReservationSetUp:
    spec = business.spec
    found = Fields(node, "a booking", _RESERVATION, raised, _ALIASES)
    is_stay = spec.rules.bookable is Bookable.ROOM
    return ReservationSetUp(
        starts=_starts(found, node, spec, clock, is_stay=is_stay),
        party_size=found.take("party", lambda inner: whole_of(inner, least=1, most=1000), _usual_party(spec)),
        name=found.take("name", text_of, f"Guest {_letters(number)}"),
        phone=found.take("phone", text_of, f"+1212555{(100 + number % 100):04d}"),
        email=found.take("email", text_of, ""),
        notes=found.take("notes", text_of, ""),
        place=found.take("place", partial(_place, business=business), ""),
        nights=found.take("nights", lambda inner: whole_of(inner, least=1, most=365), 1 if is_stay else 0),
        service=_service(found, node, spec),
        staff=found.take("staff", partial(_person, business=business), ""),
        status=found.take("status", lambda inner: choice_of(inner, _STATUSES, "status"), "confirmed"),
        count=found.take("count", _count, 1),
        line=node.line,
    )


_PLACES = {
    Bookable.TABLE: "area of the tables", Bookable.ROOM: "room type of the business",
    Bookable.VIEWING: "listing of the business", Bookable.APPOINTMENT: "place of the business",
}  # fmt: skip


def _place(node: Node, business: BusinessSetUp) -> str:
    return _one_of(node, _PLACES[business.spec.rules.bookable], [each.place for each in business.resources])


def _person(node: Node, business: BusinessSetUp) -> str:
    people = [each.name for each in business.resources if each.kind is ResourceKind.STAFF]
    people += [str(each.attributes.get(key, "")) for each in business.resources for key in ("staff", "agent")]
    return _one_of(node, "person of the business", people)


def _service(found: Fields, node: Node, spec: TenantSpec) -> str:
    services = [service.name for service in spec.rules.services]
    if spec.rules.bookable is Bookable.APPOINTMENT and services and "service" not in found:
        raise Wrong(node, f'needs "service", what the appointment is for: {", ".join(services)}')
    return found.take("service", lambda inner: _one_of(inner, "service of the business", services), "")


def _one_of(node: Node, what: str, names: Sequence[str]) -> str:
    """The text, which is one of `names` in whatever case."""
    text = text_of(node).strip()
    known = [name for name in dict.fromkeys(names) if name]
    if text.casefold() not in map(str.casefold, known):
        raise Wrong(node, not_one_of(text, what, known) if known else f'"{text}" is no {what}; there is none')
    return text


def _starts(found: Fields, node: Node, spec: TenantSpec, clock: datetime, *, is_stay: bool) -> datetime:
    today = clock.date()
    default = spec.rules.check_in if is_stay else None
    if "at" in found:
        return found.take("at", lambda inner: said_by(lambda text: read_moment(text, today), inner), _MIDNIGHT).replace(
            tzinfo=clock.tzinfo
        )
    if "date" not in found or ("time" not in found and default is None):
        raise Wrong(node, 'needs "date" and "time", or "at" with both' if not is_stay else 'needs "date", the arrival')
    day = found.take("date", lambda inner: said_by(lambda text: read_day(text, today), inner), today)
    at = found.take("time", lambda inner: said_by(read_time, inner), default or time(12))
    return datetime.combine(day, at, tzinfo=clock.tzinfo)


def _waits(node: Node, business: BusinessSetUp, clock: datetime, number: int) -> WaitingSetUp:
    spec = business.spec
    found = Fields(node, "somebody on the waitlist", _WAITING, raised, _ALIASES)
    is_stay = spec.rules.bookable is Bookable.ROOM
    wanted = _starts(found, node, spec, clock, is_stay=is_stay)
    return WaitingSetUp(
        wanted=wanted,
        earliest=datetime.combine(
            wanted.date(), found.take("from", partial(said_by, read_time), wanted.time()), tzinfo=clock.tzinfo
        ),
        latest=datetime.combine(
            wanted.date(), found.take("until", partial(said_by, read_time), wanted.time()), tzinfo=clock.tzinfo
        ),
        party_size=found.take("party", lambda inner: whole_of(inner, least=1, most=1000), _usual_party(spec)),
        name=found.take("name", text_of, f"Waiting {_letters(number)}"),
        phone=found.take("phone", text_of, f"+1212555{(150 + number % 50):04d}"),
        place=found.take("place", partial(_place, business=business), ""),
        nights=found.take("nights", lambda inner: whole_of(inner, least=1, most=365), 1 if is_stay else 0),
        line=node.line,
    )


_MIDNIGHT = datetime(2027, 1, 1)  # noqa: DTZ001  local to the business


def _letters(number: int) -> str:
    """A, B, … Z, AA, …: names without digits."""
    first, last = divmod(number, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def _count(node: Node) -> int:
    if isinstance(node.content, str) and node.content.lower() == "all":
        return 0
    return whole_of(node, least=1, most=_MOST)


def _lead(node: Node) -> LeadSetUp:
    found = Fields(
        node, "a lead", ("kind", "name", "phone", "summary", "details", "recipient"), raised, {"text": "summary"}
    )
    return LeadSetUp(
        kind=found.take("kind", text_of, "message"),
        name=found.take("name", text_of, "Ann Example"),
        phone=found.take("phone", text_of, "+12125550199"),
        summary=found.take("summary", text_of, ""),
        details=found.take("details", plain_of, {}),
        recipient=found.take("recipient", text_of, ""),
    )
