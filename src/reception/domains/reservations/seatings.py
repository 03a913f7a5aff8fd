"""When something can begin: runs of starts, from the opening hours and the shifts of a restaurant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from reception.domains.reservations.availability import Calendar, Span, at_wall, open_spans
from reception.ports.business import Bookable
from reception.ports.rules import Shift

QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seating:
    """Starts from `first` in steps, none after `last`. `covers` is how many guests may begin in a quarter of an hour, 0
    for any number."""

    first: datetime
    last: datetime
    turn_times: tuple[tuple[int, timedelta], ...]
    covers: int = 0

    def is_step(self, start: datetime, step: timedelta) -> bool:
        return self.first <= start <= self.last and not (start - self.first) % step


def quarter_of(start: datetime) -> datetime:
    """The beginning of the quarter of an hour that `start` lies in, UTC. All zones in use are whole quarters off it."""
    return start - (start - _EPOCH) % QUARTER


def seatings(calendar: Calendar, first: date, last: date, before_close: timedelta) -> tuple[Seating, ...]:
    """The runs of starts by the hours of the local days `first` to `last`. The last start is `before_close` before the
    end of the opening, unless a shift says otherwise, and always before it."""
    rules = calendar.rules
    spans = open_spans(calendar.hours, first, last, calendar.zone)
    if rules.shifts and rules.bookable is Bookable.TABLE:
        days = (first + offset * _DAY for offset in range((last - first).days + 1))
        runs: Iterable[Seating] = (
            run
            for day in days
            for shift in rules.shifts
            for run in _of_shift(calendar, shift, day, spans, before_close)
        )
    else:
        runs = (
            Seating(span.start, _last_start(span, before_close), rules.turn_times, rules.covers_per_quarter)
            for span in spans
        )
    return tuple(run for run in runs if run.first <= run.last)


def _of_shift(
    calendar: Calendar, shift: Shift, day: date, spans: tuple[Span, ...], before_close: timedelta
) -> Iterator[Seating]:
    """The parts of a shift that lie in the opening hours, on its own steps."""
    if day.weekday() not in shift.weekdays:
        return
    rules, step = calendar.rules, timedelta(minutes=calendar.rules.slot_minutes)
    opens = at_wall(day, shift.opens, calendar.zone)
    last_day = day if shift.last_seating >= shift.opens else day + _DAY
    last = at_wall(last_day, shift.last_seating, calendar.zone)
    for span in spans:
        late = max(timedelta(), span.start - opens)
        first = opens + -(-late // step) * step
        end = last if last < span.end else _last_start(span, before_close)
        if first < span.end:
            yield Seating(first, end, shift.turn_times or rules.turn_times, shift.covers or rules.covers_per_quarter)


def _last_start(span: Span, before_close: timedelta) -> datetime:
    return span.end - max(before_close, timedelta.resolution)


def starts(runs: Iterable[Seating], step: timedelta) -> Iterator[tuple[datetime, Seating]]:
    """Every start, with its run."""
    for run in runs:
        start = run.first
        while start <= run.last:
            yield start, run
            start += step
