"""What can be booked, in the forms that each kind of business thinks in: tables by seats, rooms by type, listings,
people with their hours and services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reception.ports.business import ResourceKind
from reception.ports.rules import EVERY_DAY, RoomRate, Service
from reception.ports.staff import Absence, WorkingHours
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.hours import days_of, hours_of
from reception.runtime.evaluation.moments import read_day, read_length
from reception.runtime.evaluation.reading import (
    Fields,
    Wrong,
    amount_of,
    items,
    not_one_of,
    plain_of,
    raised,
    said_by,
    text_of,
    texts_of,
    whole_of,
)
from reception.runtime.evaluation.scenario import ResourceSetUp

_MOST = 500
_KINDS = {
    "tables": ResourceKind.TABLE,
    "rooms": ResourceKind.ROOM,
    "listings": ResourceKind.VIEWING,
    "staff": ResourceKind.STAFF,
}
_DEFAULT_CAPACITY = {"tables": 4, "rooms": 2, "listings": 6, "staff": 1, "resources": 1}
_CAPACITY = ("seats", "sleeps", "capacity", "people")
_NAMES = ("name", "type", "room", "listing", "address", "title")
_PLACES = ("place", "area", "room_type")
_RATES = ("rate", "rates", "weekend_rate", "price")
_WEEKEND_NIGHTS = (4, 5)
SECTIONS = ("tables", "rooms", "listings", "staff", "resources")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is read: the `section` of the business, the kind that `resources` are by default, and the day of today."""

    section: str
    default: ResourceKind
    today: date


def resources_of(node: Node, sought: Sought) -> tuple[ResourceSetUp, ...]:
    """The resources under `tables`, `rooms`, `listings`, `staff` or `resources`."""
    made: list[ResourceSetUp] = []
    if isinstance(node.content, dict):
        for name, value in node.content.items():
            made += _named(name, value, sought)
    else:
        for number, item in enumerate(items(node), start=1):
            made += _made(item, sought, f"{sought.section.removesuffix('s').capitalize()} {number}")
    if not made:
        raise Wrong(node, "lists nothing")
    if len(made) > _MOST:
        raise Wrong(node, f"makes {len(made)}; at most {_MOST}")
    return tuple(made)


def _named(name: str, value: Node, sought: Sought) -> list[ResourceSetUp]:
    """`2: 12` is twelve tables for two; `King Room: 10` ten rooms; `King Room: {sleeps: 2, count: 10}`."""

    def node(content: Any) -> Node:
        return Node(content, value.line, value.field, value.file)

    if isinstance(value.content, dict):
        content = dict(value.content)
        seated = sought.section == "tables" and name.strip().isdigit()
        content.setdefault("seats" if seated else "name", node(name))
        return _made(node(content), sought, f"Table {name}" if seated else name)
    if sought.section == "tables" and name.strip().isdigit():
        count = whole_of(value, least=1, most=_MOST)
        seats = whole_of(node(name), least=1, most=1000)
        kind = ResourceKind.TABLE
        return [ResourceSetUp(kind, f"Table {seats}-{number}", "", seats) for number in range(1, count + 1)]
    with_it = {"listings": "staff", "staff": "hours"}.get(sought.section, "count")
    content = {"name": node(name)} if value.is_empty else {"name": node(name), with_it: value}
    return _made(node(content), sought, name)


def _made(node: Node, sought: Sought, fallback: str) -> list[ResourceSetUp]:
    if isinstance(node.content, str):
        node = Node({"name": node}, node.line, node.field, node.file)
    if not isinstance(node.content, dict):
        raise Wrong(node, "must be a name, or a mapping with name, capacity, count and what else is known of it")
    rest = dict(node.content)
    kind = _kind(rest.pop("kind", None), sought)
    name = _first(rest, _NAMES, text_of) or fallback
    capacity = _first(rest, _CAPACITY, _people) or _DEFAULT_CAPACITY[sought.section]
    smallest = _first(rest, ("smallest_party", "from", "minimum"), _people) or 1
    joins = _first(rest, ("joins",), texts_of) or ()
    hours = _working_hours(rest, sought.today) if kind is ResourceKind.STAFF else WorkingHours()
    place = _first(rest, _PLACES, text_of)
    numbers = [text_of(one) for one in items(rest.pop("numbers"))] if "numbers" in rest else []
    count = whole_of(rest.pop("count"), least=1, most=_MOST) if "count" in rest else len(numbers) or 1
    inner = rest.pop("attributes", None)
    if sought.section == "rooms":
        rest = {key: value for key, value in rest.items() if key not in _RATES}
    if kind is ResourceKind.STAFF and "services" in rest:
        rest["services"] = Node(items(rest["services"]), node.line, node.field, node.file)
    attributes = {**{key: plain_of(value) for key, value in rest.items()}, **(plain_of(inner) if inner else {})}
    if kind in (ResourceKind.ROOM, ResourceKind.VIEWING) and place is None:
        place = name
    return [
        ResourceSetUp(kind, one, place or "", capacity, attributes, smallest, joins, hours)
        for one in _names(name, count, numbers, kind)
    ]


def _people(node: Node) -> int:
    return whole_of(node, least=1, most=1000)


def _names(name: str, count: int, numbers: list[str], kind: ResourceKind) -> list[str]:
    if numbers:
        return [f"Room {number}" if number.isdigit() and kind is ResourceKind.ROOM else number for number in numbers]
    return [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]


def _first(rest: dict[str, Node], names: tuple[str, ...], read: Any) -> Any:
    """The first of `names` that is there, taken out."""
    for name in names:
        if name in rest:
            return read(rest.pop(name))
    return None


def _kind(node: Node | None, sought: Sought) -> ResourceKind:
    if sought.section in _KINDS:
        return _KINDS[sought.section]
    if node is None:
        return sought.default
    kinds: Mapping[str, ResourceKind] = {kind.value: kind for kind in ResourceKind}
    given = text_of(node).strip().lower()
    if given not in kinds:
        raise Wrong(node, not_one_of(given, "kind of resource", tuple(kinds)))
    return kinds[given]


def _working_hours(rest: dict[str, Node], today: date) -> WorkingHours:
    hours, away = rest.pop("hours", None), rest.pop("away", rest.pop("absences", None))
    weekly = hours_of(hours, today).weekly if hours is not None and not hours.is_empty else ()
    return WorkingHours(weekly, tuple(_absence(item, today) for item in items(away)) if away is not None else ())


def _absence(node: Node, today: date) -> Absence:
    def day(one: Node) -> date:
        return said_by(lambda text: read_day(text, today), one)

    if isinstance(node.content, str):
        return Absence(day(node), day(node))
    found = Fields(node, "an absence", ("first", "last", "reason"), raised, {"from": "first", "until": "last"})
    first = found.need("first", day, today)
    return Absence(first, found.take("last", day, first), reason=found.take("reason", text_of, ""))


def joinings_of(node: Node, tables: Sequence[ResourceSetUp]) -> tuple[ResourceSetUp, ...]:
    """Tables that can be put together: a list of lists of their names."""
    seats = {table.name: table.capacity for table in tables}
    made: list[ResourceSetUp] = []
    for item in items(node):
        names = texts_of(item)
        for name in names:
            if name not in seats:
                raise Wrong(item, not_one_of(name, "table", tuple(seats)))
        together = sum(seats[name] for name in names)
        made.append(ResourceSetUp(ResourceKind.TABLE, " + ".join(names), "", together, joins=names))
    return tuple(made)


def services_of(node: Node) -> tuple[Service, ...]:
    """What appointments are for: `{Haircut: 45m}`, or a mapping or list with `length`, `price` and `buffer`."""
    if isinstance(node.content, dict) and not {"name", "length", "minutes"} & set(node.content):
        return tuple(_service(value, name) for name, value in node.content.items())
    return tuple(_service(item, "") for item in items(node))


def _service(node: Node, name: str) -> Service:
    if not isinstance(node.content, dict):
        return Service(name or text_of(node), said_by(read_length, node) if name else timedelta(hours=1))
    aliases = {"duration": "length", "lasts": "length", "minutes": "length", "costs": "price", "rate": "price"}
    found = Fields(node, "a service", ("name", "length", "buffer", "price"), raised, aliases)
    return Service(
        name=found.take("name", text_of, name) or "Service",
        length=found.need("length", _minutes, timedelta(hours=1)),
        buffer=found.take("buffer", _minutes, timedelta()),
        price=found.take("price", amount_of, None),
    )


def _minutes(node: Node) -> timedelta:
    text = text_of(node).strip()
    return timedelta(minutes=int(text)) if text.isdigit() else said_by(read_length, node)


def rates_of(node: Node) -> tuple[RoomRate, ...]:
    """What the nights in `rooms` cost: `rate`, `weekend_rate` (Friday and Saturday), or `rates` by days of the week."""
    named = node.content.items() if isinstance(node.content, dict) else [("", item) for item in items(node)]
    rates: list[RoomRate] = []
    for name, value in named:
        if isinstance(value.content, dict):
            rates += _rates_of_type(dict(value.content), name)
    return tuple(rates)


def _rates_of_type(fields: dict[str, Node], name: str) -> list[RoomRate]:
    place = _first(fields, _PLACES, text_of) or name or _first(fields, _NAMES, text_of) or ""
    rates: list[RoomRate] = []
    if (weekend := fields.get("weekend_rate")) is not None:
        rates.append(RoomRate(place, amount_of(weekend), _WEEKEND_NIGHTS))
    by_days = fields.get("rates")
    if by_days is not None and isinstance(by_days.content, dict):
        rates += [
            RoomRate(place, amount_of(value), days_of(Node(days, value.line, value.field, value.file)))
            for days, value in by_days.content.items()
        ]
    elif (rate := by_days or fields.get("rate") or fields.get("price")) is not None:
        rates.append(RoomRate(place, amount_of(rate), EVERY_DAY))
    return rates
