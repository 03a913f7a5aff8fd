"""Grades a played scenario: on what the database holds, then on what was said and done."""

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
    lost = gone(name, before, after)
    failures: list[str] = []
    if wanted.none and standing:
        failures.append(f"none expected; there {_are(len(standing))}: {_listed(standing, name)}")
    if wanted.unchanged and news:
        failures.append(f"nothing new or changed expected; there {_are(len(news))}: {_listed(news, name)}")
    if (wanted.unchanged or wanted.exactly is not None) and lost:
        failures.append(f"was there before, and is gone: {_listed(lost, name)}")
    if wanted.count is not None and not wanted.count[0] <= len(standing) <= wanted.count[1]:
        failures.append(f"{_told_count(wanted.count)} expected; there {_are(len(standing))}: {_listed(standing, name)}")
    if wanted.exactly is not None:
        failures += _missing(wanted.exactly, rows, news, name)
        failures += _unexpected(wanted.exactly, news, name)
    failures += _missing(wanted.includes, rows, news, name)
    for row in wanted.excludes:
        failures += [f"must not be there: {_shown(one, name)}" for one in rows if not row.mismatches(one)]
    return [Failure(name, detail, wanted.line) for detail in failures]


def changes(name: str, before: Snapshot, after: Snapshot) -> list[Row]:
    """The rows that are new or not as they were, but those that never were of account (holds that lapsed)."""
    view = VIEWS.get(name)
    known = {row.get("id"): row for row in before.of(name)}
    ignored = view.ignored if view is not None else ()

    def is_news(row: Row) -> bool:
        old = known.get(row.get("id"), {})
        counts = row.get("status") not in ignored or (old and old.get("status") not in ignored)
        return bool(counts) and _content(row) != _content(old)

    return [row for row in after.of(name) if is_news(row)]


def gone(name: str, before: Snapshot, after: Snapshot) -> list[Row]:
    """The rows of before that are not there any more, but those of no account."""
    view = VIEWS.get(name)
    ignored = view.ignored if view is not None else ()
    left = {row.get("id") for row in after.of(name)}
    return [row for row in before.of(name) if row.get("id") not in left and row.get("status") not in ignored]


def _content(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "updated_at"}


def _missing(wanted: Sequence[RowWanted], rows: Sequence[Row], news: Sequence[Row], name: str) -> list[str]:
    """Each wanted row needs one of its own."""
    room = [row for row in wanted for _ in range(row.count)]
    paired = _paired([[at for at, one in enumerate(rows) if not row.mismatches(one)] for row in room])
    short = dict.fromkeys(row for number, row in enumerate(room) if number not in paired)
    return [f"no row with {row.told}{_nearest(row, news or rows, name)}" for row in short]


def _paired(choices: Sequence[Sequence[int]]) -> set[int]:
    """Which of `choices` can have one of its own, as many of them as can at once (Kuhn's algorithm)."""
    holders: dict[int, int] = {}

    def settles(number: int, tried: set[int]) -> bool:
        for choice in choices[number]:
            if choice in tried:
                continue
            tried.add(choice)
            if choice not in holders or settles(holders[choice], tried):
                holders[choice] = number
                return True
        return False

    return {number for number in range(len(choices)) if settles(number, set())}


def _nearest(row: RowWanted, rows: Sequence[Row], name: str) -> str:
    if not rows:
        return "; there is none at all"
    near = min(rows, key=lambda one: len(row.mismatches(one)))
    return f"; the nearest: {_shown(near, name)}: {'; '.join(row.mismatches(near))}"


def _unexpected(wanted: Sequence[RowWanted], news: Sequence[Row], name: str) -> list[str]:
    """Each row that is new or changed needs a wanted one of its own."""
    room = [row for row in wanted for _ in range(row.count)]
    paired = _paired([[at for at, row in enumerate(room) if not row.mismatches(one)] for one in news])
    return [f"not expected: {_shown(one, name)}" for number, one in enumerate(news) if number not in paired]


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
