"""What can be booked, in the forms that each kind of business thinks in: tables by seats, rooms by type, listings."""

from collections.abc import Mapping
from typing import Any

from reception.ports.business import Bookable
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.reading import Wrong, items, plain_of, text_of, whole_of
from reception.runtime.evaluation.scenario import ResourceSetUp

_MOST = 500
_KINDS = {"tables": Bookable.TABLE, "rooms": Bookable.ROOM, "listings": Bookable.VIEWING}
_DEFAULT_CAPACITY = {"tables": 4, "rooms": 2, "listings": 6, "resources": 1}
_CAPACITY = ("seats", "sleeps", "capacity", "people")
_NAMES = ("name", "type", "room", "listing", "address", "title")
_PLACES = ("place", "area", "room_type")


def resources_of(node: Node, section: str, default: Bookable) -> tuple[ResourceSetUp, ...]:
    """The resources under `tables`, `rooms`, `listings` or `resources`."""
    made: list[ResourceSetUp] = []
    if isinstance(node.content, dict):
        for name, value in node.content.items():
            made += _named(name, value, section, default)
    else:
        for number, item in enumerate(items(node), start=1):
            made += _made(item, section, default, f"{_word(section)} {number}")
    if not made:
        raise Wrong(node, "lists nothing")
    if len(made) > _MOST:
        raise Wrong(node, f"makes {len(made)}; at most {_MOST}")
    return tuple(made)


def _word(section: str) -> str:
    return section.removesuffix("s").capitalize()


def _named(name: str, value: Node, section: str, default: Bookable) -> list[ResourceSetUp]:
    """`2: 12` is twelve tables for two; `King Room: 10` ten rooms; `King Room: {sleeps: 2, count: 10}`."""
    if isinstance(value.content, dict):
        content = dict(value.content)
        if section == "tables" and name.strip().isdigit():
            content.setdefault("seats", Node(name, value.line, value.field))
            return _made(Node(content, value.line, value.field), section, default, f"Table {name}")
        content.setdefault("name", Node(name, value.line, value.field))
        return _made(Node(content, value.line, value.field), section, default, name)
    if section == "tables" and name.strip().isdigit():
        count = whole_of(value, least=1, most=_MOST)
        seats = whole_of(Node(name, value.line, value.field), least=1, most=1000)
        return [ResourceSetUp(Bookable.TABLE, f"Table {seats}-{number}", "", seats) for number in range(1, count + 1)]
    if section == "listings":
        return [ResourceSetUp(Bookable.VIEWING, name, name, 6, {"staff": text_of(value)} if value.content else {})]
    content = {"name": Node(name, value.line, value.field), "count": value}
    return _made(Node(content, value.line, value.field), section, default, name)


def _made(node: Node, section: str, default: Bookable, fallback: str) -> list[ResourceSetUp]:
    if isinstance(node.content, str):
        node = Node({"name": node}, node.line, node.field)
    if not isinstance(node.content, dict):
        raise Wrong(node, "must be a name, or a mapping with name, capacity, count and what else is known of it")
    rest = dict(node.content)
    name = _first(rest, _NAMES, text_of) or fallback
    capacity = _first(rest, _CAPACITY, lambda one: whole_of(one, least=1, most=1000)) or _DEFAULT_CAPACITY[section]
    place = _first(rest, _PLACES, text_of)
    kind = _kind(rest.pop("kind", None), section, default)
    numbers = [text_of(one) for one in items(rest.pop("numbers"))] if "numbers" in rest else []
    count = whole_of(rest.pop("count"), least=1, most=_MOST) if "count" in rest else len(numbers) or 1
    inner = rest.pop("attributes", None)
    attributes = {**{key: plain_of(value) for key, value in rest.items()}, **(plain_of(inner) if inner else {})}
    if kind in (Bookable.ROOM, Bookable.VIEWING) and place is None:
        place = name
    named = _names(name, count, numbers, kind)
    return [ResourceSetUp(kind, one, place or "", capacity, attributes) for one in named]


def _names(name: str, count: int, numbers: list[str], kind: Bookable) -> list[str]:
    if numbers:
        return [f"Room {number}" if number.isdigit() and kind is Bookable.ROOM else number for number in numbers]
    return [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]


def _first(rest: dict[str, Node], names: tuple[str, ...], read: Any) -> Any:
    """The first of `names` that is there, taken out."""
    found = None
    for name in names:
        if name in rest and found is None:
            found = read(rest.pop(name))
    return found


def _kind(node: Node | None, section: str, default: Bookable) -> Bookable:
    if section in _KINDS:
        return _KINDS[section]
    if node is None:
        return default
    kinds: Mapping[str, Bookable] = {kind.value: kind for kind in Bookable}
    given = text_of(node).strip().lower()
    if given not in kinds:
        raise Wrong(node, f'"{given}" is nothing that can be booked. Allowed: {", ".join(kinds)}')
    return kinds[given]
