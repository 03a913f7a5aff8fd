"""Reads nodes as values of a type: liberal in how a value is written, and exact about what is wrong and where."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.moments import read_day, read_length, read_moment, read_time

T = TypeVar("T")
D = TypeVar("D")

_YES = frozenset({"true", "yes", "on", "y"})
_NO = frozenset({"false", "no", "off", "n"})


class Wrong(Exception):
    """A value that cannot be taken; `message` says why, and what can."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


Report = Callable[[Wrong], None]


def raised(wrong: Wrong) -> None:
    """A `Report` that goes no further."""
    raise wrong


class Fields:
    """The members of a mapping, taken one by one; what is wrong with them goes to `report`.

    Args:
        allowed: the names that there are. Any other is a problem.
        aliases: other names for them.
    """

    def __init__(
        self,
        node: Node,
        what: str,
        allowed: Collection[str],
        report: Report,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(node.content, dict):
            raise Wrong(node, f"must be a mapping with the fields of {what}: {_listed(allowed)}")
        self.node = node
        self.report = report
        self._members: dict[str, Node] = {}
        for key, value in node.content.items():
            plain = key.strip().replace("-", "_").replace(" ", "_").lower()
            name = (aliases or {}).get(plain, plain)
            if name not in allowed:
                hint = ". A text with a comma in it needs quotes inside { }" if value.is_empty and " " in key else ""
                self.report(Wrong(value, not_one_of(key, f"field of {what}", allowed) + hint))
            elif name in self._members:
                self.report(Wrong(value, f"says the same as the field before it, {name}"))
            else:
                self._members[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def node_of(self, name: str) -> Node | None:
        return self._members.get(name)

    def take(self, name: str, read: Callable[[Node], T], default: D) -> T | D:
        """The member `name` as `read` makes it; `default` where it is absent, or wrong."""
        node = self._members.get(name)
        if node is None:
            return default
        try:
            return read(node)
        except Wrong as wrong:
            self.report(wrong)
        return default

    def need(self, name: str, read: Callable[[Node], T], instead: D) -> T | D:
        """As `take`; a problem where the member is absent."""
        if name not in self._members:
            self.report(Wrong(self.node, f'"{name}" is missing'))
        return self.take(name, read, instead)


def not_one_of(given: str, what: str, allowed: Collection[str]) -> str:
    """The message for a name that there is not."""
    by_case = {name.lower(): name for name in sorted(allowed)}
    near = difflib.get_close_matches(given.lower(), by_case, n=1, cutoff=0.7)
    hint = f' Did you mean "{by_case[near[0]]}"?' if near else ""
    return f'"{given}" is no {what}.{hint} Allowed: {_listed(allowed)}'


def _listed(names: Collection[str]) -> str:
    return ", ".join(names if isinstance(names, Sequence) else sorted(names))


def text_of(node: Node) -> str:
    if node.is_empty:
        raise Wrong(node, "must be a text")
    if not isinstance(node.content, str):
        raise Wrong(node, f"must be a text, not a {_kind(node)}")
    return node.content


def _kind(node: Node) -> str:
    return "list" if isinstance(node.content, list) else "mapping"


def items(node: Node) -> list[Node]:
    """The items of a list; a lone value is a list of one, nothing is none."""
    if node.is_empty:
        return []
    return node.content if isinstance(node.content, list) else [node]


def texts_of(node: Node) -> tuple[str, ...]:
    return tuple(text_of(item) for item in items(node))


def member_nodes(node: Node, needed: Iterable[str]) -> Mapping[str, Node]:
    """The members of a mapping, all of `needed` among them."""
    if not isinstance(node.content, dict):
        raise Wrong(node, f"must be a mapping with {_listed(list(needed))}")
    for name in needed:
        if name not in node.content:
            raise Wrong(node, f'"{name}" is missing')
    return node.content


def flag_of(node: Node) -> bool:
    plain = text_of(node).strip().lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise Wrong(node, f'"{node.content}" must be yes or no')


def whole_of(node: Node, *, least: int | None = None, most: int | None = None) -> int:
    try:
        number = int(text_of(node).strip().replace("_", ""))
    except ValueError:
        raise Wrong(node, f'"{node.content}" must be a whole number') from None
    if (least is not None and number < least) or (most is not None and number > most):
        raise Wrong(node, f"{number} must be {least} to {most}" if most is not None else f"must be {least} or more")
    return number


def number_of(node: Node) -> float:
    try:
        return float(text_of(node).strip())
    except ValueError:
        raise Wrong(node, f'"{node.content}" must be a number') from None


def choice_of(node: Node, allowed: Collection[str], what: str, aliases: Mapping[str, str] | None = None) -> str:
    given = text_of(node).strip().lower()
    for form in (given, given.replace(" ", "_").replace("-", "_")):
        name = (aliases or {}).get(form, form)
        if name in allowed:
            return name
    raise Wrong(node, not_one_of(text_of(node), what, allowed))


def said_by(read: Callable[[str], T], node: Node) -> T:
    """`read` of the node's text, its ValueError as what is wrong."""
    try:
        return read(text_of(node))
    except ValueError as error:
        raise Wrong(node, str(error)) from None


def plain_of(node: Node) -> Any:
    """The node as JSON: numbers, true and false by their looks."""
    if isinstance(node.content, dict):
        return {key: plain_of(value) for key, value in node.content.items()}
    if isinstance(node.content, list):
        return [plain_of(item) for item in node.content]
    text = node.content
    if text is None or text in ("true", "false"):
        return None if text is None else text == "true"
    for number in (int, float):
        try:
            return number(text) if not text.startswith(("+", "0")) or text in ("0", "0.0") else text
        except ValueError:
            continue
    return text


def value_of(hint: Any, node: Node, today: date) -> Any:
    """The node as a value of the annotation `hint`."""
    simple: dict[Any, Callable[[], Any]] = {
        str: lambda: text_of(node),
        bool: lambda: flag_of(node),
        int: lambda: whole_of(node),
        float: lambda: number_of(node),
        time: lambda: said_by(read_time, node),
        timedelta: lambda: said_by(read_length, node),
        datetime: lambda: said_by(lambda text: read_moment(text, today), node),
        date: lambda: said_by(lambda text: read_day(text, today), node),
    }
    if hint in simple:
        return simple[hint]()
    if hint is Decimal:
        return amount_of(node)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and NoneType in arguments:
        chosen = [argument for argument in arguments if argument is not NoneType]
        return None if node.is_empty else value_of(chosen[0], node, today)
    if origin is tuple:
        return _tuple_of(arguments, node, today)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(choice_of(node, [str(member.value) for member in hint], hint.__name__.lower()))
    if is_dataclass(hint) and isinstance(hint, type):
        return record_of(hint, node, today)
    return plain_of(node)


def amount_of(node: Node) -> Decimal:
    """An amount of money; a sign of currency before it is passed over."""
    try:
        return Decimal(text_of(node).strip().lstrip("$£€").replace(",", ""))
    except InvalidOperation:
        raise Wrong(node, f'"{node.content}" must be an amount such as 120 or 99.50') from None


def _tuple_of(arguments: tuple[Any, ...], node: Node, today: date) -> tuple[Any, ...]:
    """A list, or for pairs a mapping of first to second."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        pair = get_args(arguments[0]) if get_origin(arguments[0]) is tuple else ()
        if len(pair) == 2 and isinstance(node.content, dict):
            keys = {key: Node(key, value.line, value.field) for key, value in node.content.items()}
            return tuple(
                (value_of(pair[0], keys[key], today), value_of(pair[1], value, today))
                for key, value in node.content.items()
            )
        return tuple(value_of(arguments[0], item, today) for item in items(node))
    found = items(node)
    if len(found) != len(arguments):
        raise Wrong(node, f"must be a list of {len(arguments)}")
    return tuple(value_of(hint, item, today) for hint, item in zip(arguments, found, strict=True))


def record_of(
    cls: type[T],
    node: Node,
    today: date,
    *,
    base: T | None = None,
    aliases: Mapping[str, str] | None = None,
    readers: Mapping[str, Callable[[Node], Any]] | None = None,
) -> T:
    """The mapping as a dataclass; fields that are absent are those of `base`, or the class's own defaults. `readers`
    read fields by their name."""
    hints = get_type_hints(cls)
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]
    found = Fields(node, _name(cls), tuple(known), raised, aliases)
    values: dict[str, Any] = {}
    for name, each in known.items():
        member_node = found.node_of(name)
        if member_node is not None:
            read = (readers or {}).get(name)
            values[name] = read(member_node) if read else value_of(hints[name], member_node, today)
        elif base is not None:
            values[name] = getattr(base, name)
        elif each.default is MISSING and each.default_factory is MISSING:
            raise Wrong(node, f'"{name}" is missing')
    return cls(**values)


def _name(cls: type) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).strip()
