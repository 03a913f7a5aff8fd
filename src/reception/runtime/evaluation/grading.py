"""Grades a played scenario: on what the database holds, then on what was said and done."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from reception.ports.dialogue import Json
from reception.runtime.evaluation.matching import Match, RowsWanted, RowWanted
from reception.runtime.evaluation.questions import is_asked
from reception.runtime.evaluation.results import Exchange, Failure
from reception.runtime.evaluation.rows import VIEWS, Row, Snapshot
from reception.runtime.evaluation.scenario import Expected

_MOST_SHOWN = 5
_SHOWN = {
    "reservations": ("status", "name", "phone", "party", "date", "time", "nights", "place", "notes"),
    "leads": ("kind", "name", "phone", "summary"),
}


def grade_rows(wanted: RowsWanted, before: Snapshot, after: Snapshot) -> list[Failure]:
    """What of `wanted` does not hold of the rows as they are `after`, `before` being as they were set up."""
    name = wanted.table
    if not after.has(name):
        return [Failure(name, f'there is no table "{name}" with rows of a tenant', wanted.line)]
    view = VIEWS.get(name)
    rows = after.of(name)
    standing = [row for row in rows if view is None or not view.standing or row.get("status") in view.standing]
    news = changes(name, before, after)
    failures: list[str] = []
    if wanted.none and standing:
        failures.append(f"none expected; there {_are(len(standing))}: {_listed(standing, name)}")
    if wanted.unchanged and news:
        failures.append(f"nothing new or changed expected; there {_are(len(news))}: {_listed(news, name)}")
    if wanted.count is not None and not wanted.count[0] <= len(standing) <= wanted.count[1]:
        failures.append(f"{_told_count(wanted.count)} expected; there {_are(len(standing))}: {_listed(standing, name)}")
    if wanted.exactly is not None:
        failures += _missing(wanted.exactly, rows, news, name)
        failures += _unexpected(wanted.exactly, rows, news, name)
    failures += _missing(wanted.includes, rows, news, name)
    for row in wanted.excludes:
        failures += [f"must not be there: {_shown(one, name)}" for one in rows if not row.mismatches(one)]
    return [Failure(name, detail, wanted.line) for detail in failures]


def changes(name: str, before: Snapshot, after: Snapshot) -> list[Row]:
    """The rows that are new or not as they were, but those of no account (holds that lapsed)."""
    view = VIEWS.get(name)
    known = {row.get("id"): row for row in before.of(name)}
    ignored = view.ignored if view is not None else ()
    return [
        row
        for row in after.of(name)
        if row.get("status") not in ignored and _content(row) != _content(known.get(row.get("id"), {}))
    ]


def _content(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "updated_at"}


def _missing(wanted: Sequence[RowWanted], rows: Sequence[Row], news: Sequence[Row], name: str) -> list[str]:
    """Each wanted row needs one of its own."""
    taken: set[int] = set()
    failures: list[str] = []
    for row in wanted:
        for _ in range(row.count):
            found = next((at for at, one in enumerate(rows) if at not in taken and not row.mismatches(one)), None)
            if found is None:
                failures.append(f"no row with {row.told}{_nearest(row, news or rows, name)}")
                break
            taken.add(found)
    return failures


def _nearest(row: RowWanted, rows: Sequence[Row], name: str) -> str:
    if not rows:
        return "; there is none at all"
    near = min(rows, key=lambda one: len(row.mismatches(one)))
    return f"; the nearest: {_shown(near, name)}: {'; '.join(row.mismatches(near))}"


def _unexpected(wanted: Sequence[RowWanted], rows: Sequence[Row], news: Sequence[Row], name: str) -> list[str]:
    room = [row for row in wanted for _ in range(row.count)]
    failures: list[str] = []
    for one in news:
        match = next((row for row in room if not row.mismatches(one)), None)
        if match is not None:
            room.remove(match)
        elif len(news) > sum(row.count for row in wanted) or not any(row.mismatches(one) for row in wanted):
            failures.append(f"not expected: {_shown(one, name)}")
    return failures if len(rows) else []


def _are(count: int) -> str:
    return "is none" if count == 0 else "is 1" if count == 1 else f"are {count}"


def _told_count(count: tuple[int, int]) -> str:
    return str(count[0]) if count[0] == count[1] else f"{count[0]} to {count[1]}"


def _listed(rows: Sequence[Row], name: str) -> str:
    more = f"; and {len(rows) - _MOST_SHOWN} more" if len(rows) > _MOST_SHOWN else ""
    return "; ".join(_shown(row, name) for row in rows[:_MOST_SHOWN]) + more if rows else "nothing"


def _shown(row: Row, name: str) -> str:
    view = VIEWS.get(name)
    names = _SHOWN.get(view.table if view else name, tuple(row))
    return ", ".join(f"{key} {_text(row[key])}" for key in names if row.get(key) not in (None, "", 0, []))[:400]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)


def as_json(rows: Sequence[Row]) -> list[dict[str, Json]]:
    """Rows for a report."""
    return [
        {
            key: value if isinstance(value, int | str | float) or value is None else _json(value)
            for key, value in row.items()
        }
        for row in rows
    ]


def _json(value: Any) -> Json:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value if isinstance(value, int | str | float) or value is None else str(value)


def grade_words(expected: Expected, exchanges: Sequence[Exchange], ended: str, line: int) -> list[Failure]:
    """What of the expectations about words, actions and the end does not hold of `exchanges`."""
    replies = [one.reply for one in exchanges]
    failures: list[Failure] = []

    def fail(what: str, detail: str) -> None:
        failures.append(Failure(what, detail, line))

    for match in expected.said:
        if not any(map(match, replies)):
            fail("said", f"the agent never said anything {_worded(match)}")
    for match in expected.not_said:
        for reply in filter(match, replies):
            fail("not_said", f"the agent said something {_worded(match)}: {reply}")
    failures += _grade_understanding(expected, exchanges, line)
    failures += _grade_actions(expected, exchanges, line)
    question, last = (exchanges[-1].question, exchanges[-1].reply) if exchanges else ("", "")
    if expected.asks and not any(is_asked(name, question, last) for name in expected.asks):
        fail("asks", f'expected the agent to ask {" or ".join(expected.asks)}; it asks "{question}": {last}')
    if expected.ended and ended not in expected.ended:
        fail("ended", f"expected {' or '.join(expected.ended)}; it was {ended or 'not over'}")
    if expected.most_turns and len(exchanges) - 1 > expected.most_turns:
        fail("most_turns", f"{len(exchanges) - 1} turns; at most {expected.most_turns} expected")
    return failures


def _worded(match: Match) -> str:
    return match.told


def _grade_understanding(expected: Expected, exchanges: Sequence[Exchange], line: int) -> list[Failure]:
    sides = (
        ("commands", expected.commands, [" ; ".join(one.commands) for one in exchanges]),
        ("documents", expected.documents, [" ; ".join(one.documents) for one in exchanges]),
        ("heard", expected.heard, [one.heard for one in exchanges]),
    )
    return [
        Failure(what, f"nothing {match.told} among: {' | '.join(filter(None, texts)) or 'nothing'}", line)
        for what, matches, texts in sides
        for match in matches
        if not any(map(match, texts))
    ]


def _grade_actions(expected: Expected, exchanges: Sequence[Exchange], line: int) -> list[Failure]:
    done = [name for one in exchanges for name in one.actions]
    told = ", ".join(done) or "none"
    failures: list[Failure] = []
    if expected.actions is not None and list(expected.actions) != done:
        failures.append(Failure("actions", f"expected {', '.join(expected.actions) or 'none'}; done: {told}", line))
    for name in expected.includes_actions:
        if name not in done:
            failures.append(Failure("actions", f"expected {name} among those done: {told}", line))
    for name in expected.not_actions:
        if name in done:
            failures.append(Failure("not_actions", f"{name} was done", line))
    return failures


_PROMISES = (
    (re.compile(r"\b(you're|you are) booked\b|\bviewing is booked\b", re.IGNORECASE), ("confirmed",)),
    (re.compile(r"\bis (now )?cancelled\b", re.IGNORECASE), ("cancelled",)),
)


def grade_promises(exchanges: Sequence[Exchange], news: Sequence[Row]) -> list[Failure]:
    """Whether the agent said that something was done which the database does not hold: checked of every scenario."""
    failures: list[Failure] = []
    for pattern, statuses in _PROMISES:
        for one in exchanges:
            if (
                pattern.search(one.reply)
                and one.actions == ()
                and not any(row.get("status") in (*statuses, "cancelled") for row in news)
            ):
                failures.append(Failure("truth", f"said to be done, and is not in the database: {one.reply}"))
    return failures
