"""What a scenario expects, read from its file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import phonenumbers

from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.matching import (
    EMPTY,
    PRESENT,
    Match,
    RowsWanted,
    RowWanted,
    all_of,
    any_of,
    contains,
    equals,
    matches,
    negated,
    same,
    within,
)
from reception.runtime.evaluation.moments import read_day, read_moment, read_time
from reception.runtime.evaluation.questions import is_pattern, known_questions, pattern_of, question_name
from reception.runtime.evaluation.reading import (
    Fields,
    Wrong,
    flag_of,
    items,
    not_one_of,
    raised,
    said_by,
    text_of,
    texts_of,
    whole_of,
)
from reception.runtime.evaluation.rows import VIEWS, View
from reception.runtime.evaluation.scenario import Expected

_TABLES = ("reservations", "leads", "messages", "callbacks", "handoffs", "holds", "waitlist")
_FIELDS = (
    *_TABLES, "tables", "said", "not_said", "actions", "not_actions", "commands", "documents", "heard", "asks",
    "ended", "handoff", "most_turns",
)  # fmt: skip
_ALIASES = {
    "must_say": "said", "says": "said", "say": "said", "must_not_say": "not_said", "never_said": "not_said",
    "unsaid": "not_said", "reservation": "reservations", "booking": "reservations", "bookings": "reservations",
    "lead": "leads", "message": "messages", "hold": "holds", "handed_over": "handoff", "transfer": "handoff",
    "action": "actions", "asked": "asks", "question": "asks", "ends": "ended", "end": "ended",
    "max_turns": "most_turns", "rows": "tables", "cites": "documents", "citations": "documents",
    "understood": "commands",
    "not_action": "not_actions", "callback": "callbacks",
}  # fmt: skip
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "caller": ("caller_hung_up",),
    "caller_hung_up": ("caller_hung_up",),
    "agent": ("goodbye", "silence", "not_understood", "transfer", "max_length"),
    "goodbye": ("goodbye",),
    "silence": ("silence",),
    "not_understood": ("not_understood",),
    "transfer": ("transfer",),
    "handoff": ("transfer",),
    "max_length": ("max_length",),
}
_NONE = frozenset({"none", "no", "nothing"})
_ANY = frozenset({"any", "anything", "present", "yes", "*"})


@dataclass(frozen=True, slots=True)
class Sight:
    """From where days and phone numbers are read; `slots` are those of the flows of the business's own agents."""

    today: date
    region: str
    slots: tuple[str, ...] = ()


def expected_of(node: Node, sight: Sight) -> Expected:
    """The mapping under `expect`."""
    found = Fields(node, "what is expected", _FIELDS, raised, _ALIASES)
    rows = [
        rows for name in _TABLES if (rows := found.take(name, partial(rows_of, name, sight=sight), None)) is not None
    ]
    rows += found.take("tables", lambda inner: _other_tables(inner, sight), [])
    actions = found.node_of("actions")
    listed = None if actions is None or isinstance(actions.content, dict) else _names_of(actions)
    return Expected(
        rows=tuple(rows),
        said=found.take("said", _said, ()),
        not_said=found.take("not_said", _said, ()),
        actions=listed,
        includes_actions=_names_of(actions.content["includes"])
        if actions is not None and isinstance(actions.content, dict) and "includes" in actions.content
        else (),
        not_actions=found.take("not_actions", _names_of, ()),
        commands=found.take("commands", _said, ()),
        documents=found.take("documents", _said, ()),
        heard=found.take("heard", _said, ()),
        asks=found.take("asks", lambda inner: tuple(question_of(item, sight) for item in items(inner)), ()),
        ended=found.take("ended", _ended, ()),
        handoff=found.take("handoff", flag_of, None),
        most_turns=found.take("most_turns", lambda inner: whole_of(inner, least=1, most=500), 0),
    )


def question_of(node: Node, sight: Sight) -> str:
    """The name of a question, or a pattern for what the agent says."""
    text = text_of(node)
    if is_pattern(text):
        said_by(pattern_of, node)
        return text
    known = (*known_questions(), *sight.slots)
    name = text.strip() if text.strip() in sight.slots else question_name(text)
    if name not in known:
        raise Wrong(node, not_one_of(text, "question", known) + ", or a /pattern/ of what the agent says")
    return name


def _said(node: Node) -> tuple[Match, ...]:
    """Each must be found; within an item that is a list, one of them."""
    return tuple(_text_match(item, contains) for item in items(node))


def _names_of(node: Node) -> tuple[str, ...]:
    names = texts_of(node)
    return () if len(names) == 1 and names[0].lower() in _NONE else names


def _ended(node: Node) -> tuple[str, ...]:
    endings: list[str] = []
    for item in items(node):
        name = text_of(item).strip().lower().replace(" ", "_")
        if name not in _ENDINGS:
            raise Wrong(item, not_one_of(name, "way for a call to end", tuple(_ENDINGS)))
        endings += _ENDINGS[name]
    return tuple(endings)


def _other_tables(node: Node, sight: Sight) -> list[RowsWanted]:
    if not isinstance(node.content, dict):
        raise Wrong(node, "must be a mapping of a table's name to what it must hold")
    return [rows_of(name, inner, sight) for name, inner in node.content.items()]


def rows_of(name: str, node: Node, sight: Sight) -> RowsWanted:
    """What the table or view `name` must hold: `none`, `unchanged`, a number, rows, or a mapping of operators."""
    view = VIEWS.get(name)
    if node.is_empty or (isinstance(node.content, str) and node.content.lower() in _NONE):
        return RowsWanted(name, none=True, line=node.line)
    if isinstance(node.content, str):
        if node.content.lower() == "unchanged":
            return RowsWanted(name, unchanged=True, line=node.line)
        if node.content.lower() in _ANY:
            return RowsWanted(name, count=(1, 10_000), line=node.line)
        return RowsWanted(name, count=_range(node), line=node.line)
    if isinstance(node.content, list):
        return RowsWanted(name, exactly=tuple(_row(item, name, view, sight) for item in node.content), line=node.line)
    if not node.content:
        raise Wrong(node, "is empty, and would check nothing; write none, unchanged, any, a number, or rows")
    if set(node.content) <= {"exactly", "includes", "excludes", "count", "unchanged"}:
        return _operators(node, name, view, sight)
    return RowsWanted(name, exactly=(_row(node, name, view, sight),), line=node.line)


def _operators(node: Node, name: str, view: View | None, sight: Sight) -> RowsWanted:
    found = Fields(node, "rows", ("exactly", "includes", "excludes", "count", "unchanged"), raised)

    def listed(inner: Node) -> tuple[RowWanted, ...]:
        return tuple(_row(item, name, view, sight) for item in items(inner))

    wanted = RowsWanted(
        name,
        exactly=found.take("exactly", listed, None),
        includes=found.take("includes", listed, ()),
        excludes=found.take("excludes", listed, ()),
        count=found.take("count", _range, None),
        unchanged=found.take("unchanged", flag_of, False),
        line=node.line,
    )
    if wanted == RowsWanted(name, line=node.line):
        raise Wrong(node, "checks nothing; give exactly, includes or excludes some rows, or count, or unchanged: yes")
    return wanted


def _row(node: Node, name: str, view: View | None, sight: Sight) -> RowWanted:
    if isinstance(node.content, str) and view is not None and "summary" in view.fields:
        return RowWanted((("summary", _text_match(node, contains)),), line=node.line)
    if not isinstance(node.content, dict):
        raise Wrong(node, "must be a mapping of the fields that the row must have")
    singular = name.removesuffix("s")
    if view is None:
        known = {key: "value" for key in node.content if key != "count"}
        found = Fields(node, singular, (*known, "count"), raised)
    else:
        known = dict(view.fields)
        found = Fields(node, f"a {singular}", (*known, "count"), raised, view.aliases)
    fields = [
        (key, found.take(key, partial(_match, known[key], key, sight=sight), PRESENT)) for key in known if key in found
    ]
    if view is not None and view.default_status and "status" not in found:
        fields.append(("status", equals(view.default_status)))
    count = found.take("count", lambda inner: whole_of(inner, least=1, most=1000), 1)
    return RowWanted(tuple(fields), count, node.line)


def _match(kind: str, name: str, node: Node, sight: Sight) -> Match:
    """How the value of a field of `kind` is compared with what is written."""
    if kind == "value":
        kind = _kind_by_name(name)
    if kind == "details":
        return _details(node)
    if isinstance(node.content, list) and kind != "each":
        return any_of([_match(kind, name, item, sight) for item in node.content])
    if isinstance(node.content, str) and node.content.lower() in {*_ANY, *_NONE, "empty"} and kind != "flag":
        return EMPTY if node.content.lower() in {*_NONE, "empty"} else PRESENT
    if node.is_empty:
        return EMPTY
    readers: Mapping[str, Callable[[Node], Match]] = {
        "number": lambda one: _number(one),
        "flag": lambda one: same(flag_of(one)),
        "day": lambda one: _exactly(said_by(lambda text: read_day(text, sight.today), one)),
        "time": lambda one: _exactly(said_by(read_time, one)),
        "moment": lambda one: _moment(one, sight),
        "phone": lambda one: _phone(one, sight.region),
        "part": lambda one: _text_match(one, contains),
        "each": lambda one: _each(one),
    }
    read = readers.get(kind)
    return read(node) if read is not None else _text_match(node, equals)


def _kind_by_name(name: str) -> str:
    if name.endswith("_at"):
        return "moment"
    if name.endswith(("_day", "_date")) or name in ("day", "date"):
        return "day"
    return "phone" if "phone" in name else "loose"


def _exactly(value: Any) -> Match:
    told = value.strftime("%A %Y-%m-%d") if isinstance(value, date) else value.strftime("%H:%M")
    # A generic table gives its dates and times as text.
    return Match(
        told, lambda other: other == value or (isinstance(other, str) and other[: len(str(value))] == str(value))
    )


def _moment(node: Node, sight: Sight) -> Match:
    wanted = said_by(lambda text: read_moment(text, sight.today), node)
    return Match(
        f"{wanted:%Y-%m-%d %H:%M}", lambda other: getattr(other, "replace", lambda **_: other)(tzinfo=None) == wanted
    )


def _number(node: Node) -> Match:
    text = text_of(node).strip()
    if found := re.fullmatch(r"(\d+)\s*(?:-|to)\s*(\d+)", text):
        return within(int(found[1]), int(found[2]))
    try:
        return same(int(text))
    except ValueError:
        raise Wrong(node, f'"{text}" must be a number, or a range like 2-4') from None


def _range(node: Node) -> tuple[int, int]:
    text = text_of(node).strip()
    if found := re.fullmatch(r"(\d+)(?:\s*(?:-|to)\s*(\d+))?", text):
        return int(found[1]), int(found[2] or found[1])
    if found := re.fullmatch(r"(?:>=?|at least)?\s*(\d+)\s*(?:\+|or more)?", text):
        return int(found[1]), 10_000
    raise Wrong(node, f'"{text}" must be none, unchanged, any, a number, a range like 1-3, or rows')


def _phone(node: Node, region: str) -> Match:
    text = text_of(node).strip()
    if is_pattern(text):
        return _text_match(node, equals)
    wanted = digits_of(text, region)
    return Match(text, lambda other: isinstance(other, str) and digits_of(other, region) == wanted)


def digits_of(phone: str, region: str) -> str:
    """A phone number as E.164 where it is one, else its digits."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", phone)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _each(node: Node) -> Match:
    """Every one that is named is among the row's."""
    wanted = [_text_match(item, equals) for item in items(node)]
    return Match(
        " and ".join(one.told for one in wanted),
        lambda others: all(any(one(other) for other in (others or [])) for one in wanted),
    )


def _details(node: Node) -> Match:
    if not isinstance(node.content, dict):
        return _text_match(node, contains)
    parts = [(name, _text_match(inner, contains)) for name, inner in node.content.items()]
    return Match(
        " and ".join(f"{name} {one.told}" for name, one in parts),
        lambda value: isinstance(value, Mapping) and all(one(value.get(name)) for name, one in parts),
    )


_TESTS = ("contains", "equals", "matches", "not", "all", "any", "empty")


def _text_match(node: Node, default: Callable[[str], Match]) -> Match:
    """`/pattern/`, `~part`, a mapping with one of `_TESTS`, a list of which one must hold, or a plain text."""
    if isinstance(node.content, list):
        return any_of([_text_match(item, default) for item in node.content])
    if isinstance(node.content, dict):
        return _tests(node, default)
    if node.is_empty:
        return EMPTY
    text = text_of(node)
    if is_pattern(text):
        return matches(said_by(pattern_of, node))
    return contains(text[1:].strip()) if text.startswith("~") else default(text)


def _tests(node: Node, default: Callable[[str], Match]) -> Match:
    found = Fields(node, "a test of a text", _TESTS, raised)
    parts: list[Match] = []
    for name, build in (("contains", contains), ("equals", equals)):
        if (inner := found.node_of(name)) is not None:
            parts += [build(text) for text in texts_of(inner)]
    if (inner := found.node_of("matches")) is not None:
        parts += [matches(said_by(lambda text: pattern_of(f"/{text.strip('/')}/"), item)) for item in items(inner)]
    if (inner := found.node_of("not")) is not None:
        parts.append(negated(any_of([_text_match(item, default) for item in items(inner)])))
    if (inner := found.node_of("all")) is not None:
        parts += [_text_match(item, default) for item in items(inner)]
    if (inner := found.node_of("any")) is not None:
        parts.append(any_of([_text_match(item, default) for item in items(inner)]))
    if (inner := found.node_of("empty")) is not None:
        parts.append(EMPTY if flag_of(inner) else PRESENT)
    return all_of(parts)
