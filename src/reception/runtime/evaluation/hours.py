"""Opening hours in short forms: "mon-fri 9:00-17:00, sat 10-14", or a mapping of days to hours."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time

from reception.ports.business import Closure, OpeningHours, OpenSpan, PublicHolidays
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.moments import read_day, read_time, weekday_of
from reception.runtime.evaluation.reading import Fields, Wrong, items, member_nodes, raised, text_of, texts_of

HOURS_FORMS = (
    '"mon-fri 9:00-17:00, sat 10:00-14:00", "daily 11:30-14:30 and 17:00-22:00", "always", '
    'or a mapping like {mon-fri: "9:00-17:00", sunday: closed}'
)
_ALWAYS = frozenset({"always", "24/7", "24 hours", "open 24 hours", "round the clock"})
_CLOSED = frozenset({"closed", "none", "no", "-"})
_EVERY = {
    "daily": range(7), "every day": range(7), "everyday": range(7), "all week": range(7), "all days": range(7),
    "weekdays": range(5), "weekday": range(5), "weekends": range(5, 7), "weekend": range(5, 7),
}  # fmt: skip
_CLOCK = r"(?:\d{1,2}(?:[:.]\d{2})?\s*(?:[ap]\.?m\.?)?|noon|midnight)"
_SPAN = re.compile(rf"({_CLOCK})\s*(?:-|–|—|to|until)\s*({_CLOCK})", re.IGNORECASE)
_DAY_WORDS = r"(?:mon|tues?|wed|thur?s?|fri|sat|sun)(?:day|nesday|urday|sday|rsday)?s?"
_DAYS = re.compile(
    rf"every\s+day|everyday|daily|all\s+week|weekdays?|weekends?|{_DAY_WORDS}(?:\s*(?:-|–|—|to)\s*{_DAY_WORDS})?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,;:&/+|.]+|and\b", re.IGNORECASE)
_SHUT = re.compile(r"closed|none", re.IGNORECASE)
_MOST_SPANS = 8


def hours_of(node: Node, today: date) -> OpeningHours:
    """Opening hours from any of the forms; `exceptions` (also `holidays`) may stand beside the days of a mapping."""
    if isinstance(node.content, dict):
        days = dict(node.content)
        exceptions = next((days.pop(name) for name in ("exceptions", "holidays") if name in days), None)
        closures, public = days.pop("closures", None), days.pop("public_holidays", None)
        always = days.pop("weekly", None)
        return OpeningHours(
            hours_of(always, today).weekly if always is not None else _mapped(node, days),
            exceptions_of(exceptions, today) if exceptions is not None else (),
            closures_of(closures, today) if closures is not None else (),
            public_holidays_of(public) if public is not None else None,
        )
    if isinstance(node.content, list):
        if len(node.content) == 7 and all(isinstance(day.content, list) for day in node.content):
            return OpeningHours(tuple(spans_of(day) for day in node.content))
        return OpeningHours(_written("; ".join(text_of(item) for item in items(node)), node))
    return OpeningHours(_written(text_of(node), node))


def days_of(node: Node) -> tuple[int, ...]:
    """Days of the week: "mon-fri", "sat, sun", a list of those, or numbers from 0 for Monday."""
    days: list[int] = []
    for item in items(node):
        words = text_of(item).strip()
        found = [int(words)] if words.isdigit() and int(words) < 7 else _numbers(words)
        if not found:
            raise Wrong(item, f'"{words}" are no days of the week; write mon, mon-fri, weekend or daily')
        days += found
    return tuple(sorted(set(days)))


def closures_of(node: Node, today: date) -> tuple[Closure, ...]:
    """Days in a row on which it is closed: `{from, until, reason}`, or a day."""

    def day(one: Node) -> date:
        return _day(text_of(one), one, today)

    closures: list[Closure] = []
    for item in items(node):
        if isinstance(item.content, str):
            closures.append(Closure(day(item), day(item)))
            continue
        found = Fields(item, "a closure", ("first", "last", "reason"), raised, {"from": "first", "until": "last"})
        first = found.need("first", day, today)
        closures.append(Closure(first, found.take("last", day, first), found.take("reason", text_of, "")))
    return tuple(closures)


def public_holidays_of(node: Node) -> PublicHolidays | None:
    """`yes` for those of the business's region, a country, or `{country, subdivision, names}`."""
    if isinstance(node.content, dict):
        found = Fields(node, "public holidays", ("country", "subdivision", "names"), raised)
        return PublicHolidays(
            found.take("country", text_of, ""),
            found.take("subdivision", text_of, ""),
            found.take("names", texts_of, ()),
        )
    given = text_of(node).strip()
    if given.lower() in ("no", "none", "false"):
        return None
    return PublicHolidays("" if given.lower() in ("yes", "true") else given.upper())


def exceptions_of(node: Node, today: date) -> tuple[tuple[date, tuple[OpenSpan, ...]], ...]:
    """Days with other hours: a mapping of days to hours or `closed`, or a list of days that are closed."""
    if isinstance(node.content, dict):
        return tuple((_day(key, value, today), spans_of(value)) for key, value in node.content.items())
    return tuple((_day(text_of(item), item, today), ()) for item in items(node))


def spans_of(node: Node) -> tuple[OpenSpan, ...]:
    """The spans of one day: "9-12 and 13-17", a list of those, pairs, `{opens, closes}`, or `closed`."""
    if node.is_empty:
        return ()
    if isinstance(node.content, dict):
        known = member_nodes(node, ("opens", "closes"))
        return (OpenSpan(*(_at(text_of(known[name]), node) for name in ("opens", "closes"))),)
    if isinstance(node.content, list):
        texts = [item.content for item in node.content]
        if len(texts) == 2 and all(isinstance(one, str) and not _SPAN.search(one) for one in texts):
            return (OpenSpan(_at(str(texts[0]), node), _at(str(texts[1]), node)),)
        return tuple(span for item in node.content for span in spans_of(item))
    text = text_of(node).strip().lower()
    if text in _CLOSED:
        return ()
    if text in _ALWAYS:
        return (OpenSpan(time(0), time(0)),)
    found = [_span(opens, closes, node) for opens, closes in _SPAN.findall(text)]
    if not found or _BETWEEN.sub("", _SPAN.sub("", text)) or len(found) > _MOST_SPANS:
        raise Wrong(node, f'"{node.content}" are no hours; write "9:00-17:00", "9-12 and 13-17" or "closed"')
    return tuple(found)


def _day(text: str, node: Node, today: date) -> date:
    try:
        return read_day(text, today)
    except ValueError as error:
        raise Wrong(node, str(error)) from None


def _at(text: str, node: Node) -> time:
    try:
        return read_time(text, bare_hour=True)
    except ValueError as error:
        raise Wrong(node, str(error)) from None


_Weekly = tuple[tuple[OpenSpan, ...], ...]


def _mapped(node: Node, days: Mapping[str, Node]) -> _Weekly:
    weekly: list[tuple[OpenSpan, ...]] = [()] * 7
    for words, hours in days.items():
        numbers = _numbers(words)
        if not numbers:
            raise Wrong(node, f'"{words}" is no day; write days like mon, mon-fri, weekend or daily')
        for number in numbers:
            weekly[number] = spans_of(hours)
    return tuple(weekly)


def _numbers(words: str) -> list[int]:
    """Which days "mon-fri" or "sat, sun" are; none when some of it is no day."""
    if _BETWEEN.sub("", _DAYS.sub("", words)):
        return []
    return [number for found in _DAYS.findall(words) for number in _range(found)]


def _range(words: str) -> Sequence[int]:
    plain = " ".join(words.lower().split())
    if plain in _EVERY:
        return _EVERY[plain]
    ends = [weekday_of(_short(word)) for word in re.split(r"\s*(?:-|–|—|\bto\b)\s*", plain)]
    first, last = ends[0], ends[-1]
    if first is None or last is None:
        return ()
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _short(word: str) -> str:
    return word[:3]


def _written(text: str, node: Node) -> _Weekly:
    """Hours in one line: days, then their hours, as often as there are groups of days."""
    if text.strip().lower() in _ALWAYS:
        return ((OpenSpan(time(0), time(0)),),) * 7
    weekly: dict[int, tuple[OpenSpan, ...]] = {}
    days: list[int] = []
    naming = False
    rest = text.strip()
    while rest:
        if found := _SPAN.match(rest):
            days = days or list(range(7))
            for number in days:
                weekly[number] = (*weekly.get(number, ()), _span(found[1], found[2], node))
            naming = False
        elif found := _SHUT.match(rest):
            naming = False
        elif found := _DAYS.match(rest):
            named = list(_range(found[0]))
            days = [*days, *named] if naming else named
            weekly.update(dict.fromkeys(named, ()))
            naming = True
        elif not (found := _BETWEEN.match(rest)):
            raise Wrong(node, f'"{rest[:40]}" is not understood in hours; write {HOURS_FORMS}')
        rest = rest[found.end() :]
    if not weekly or naming:
        raise Wrong(node, f"says no hours; write {HOURS_FORMS}")
    return tuple(weekly.get(number, ()) for number in range(7))


def _span(opens: str, closes: str, node: Node) -> OpenSpan:
    """In "5-10pm" the half of the day is said once."""
    ends = _at(closes, node)
    half = re.search(r"[ap]\.?m?\.?$", closes.strip(), re.IGNORECASE)
    if half is not None and opens.strip().isdigit() and int(opens) <= 12:
        begins = _at(f"{opens} {half[0]}", node)
        if begins < ends:
            return OpenSpan(begins, ends)
    return OpenSpan(_at(opens, node), ends)
