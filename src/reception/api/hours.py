"""Opening and working hours over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from reception.api.schemas import LocalDay, LocalTime, Request, Text
from reception.ports.business import Closure, OpeningHours, OpenSpan, PublicHolidays
from reception.ports.staff import Absence, WorkingHours


class Span(Request):
    """Open from `opens` to `closes`; a `closes` not after `opens` means the next day."""

    opens: LocalTime
    closes: LocalTime


Day = Annotated[tuple[Span, ...], Field(max_length=6)]


def _spans(day: Day) -> tuple[OpenSpan, ...]:
    return tuple(OpenSpan(span.opens, span.closes) for span in day)


def _day(spans: Sequence[OpenSpan]) -> tuple[Span, ...]:
    return tuple(Span(opens=span.opens, closes=span.closes) for span in spans)


class HoursException(Request):
    """Replaces the hours of one day, a holiday's or a closure's too; no spans close it."""

    date: LocalDay
    spans: Day = ()


class ClosedDays(Request):
    """Closed from `first` to `last`, both included; callers are told the `reason`, such as "our summer break"."""

    first: LocalDay
    last: LocalDay
    reason: Annotated[Text, Field(max_length=200)] = ""


class Holidays(Request):
    """Closed on the public holidays of a country, that of the business where none is named: on all of them, or on those
    called one of `names`."""

    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    subdivision: str = Field(default="", max_length=10)
    names: Annotated[tuple[Annotated[Text, Field(min_length=1, max_length=120)], ...], Field(max_length=60)] = ()


class Hours(Request):
    """`weekly[0]` is Monday. With `holidays` the business is closed on public holidays; null switches that off."""

    weekly: Annotated[tuple[Day, ...], Field(min_length=7, max_length=7)]
    exceptions: Annotated[tuple[HoursException, ...], Field(max_length=400)] = ()
    closures: Annotated[tuple[ClosedDays, ...], Field(max_length=200)] = ()
    holidays: Holidays | None = None

    def value(self) -> OpeningHours:
        wanted = self.holidays
        return OpeningHours(
            weekly=tuple(_spans(day) for day in self.weekly),
            exceptions=tuple((exception.date, _spans(exception.spans)) for exception in self.exceptions),
            closures=tuple(Closure(closed.first, closed.last, closed.reason) for closed in self.closures),
            holidays=PublicHolidays(wanted.country, wanted.subdivision, wanted.names) if wanted else None,
        )

    @classmethod
    def of(cls, hours: OpeningHours) -> "Hours":
        kept = hours.holidays
        return cls(
            weekly=tuple(_day(spans) for spans in hours.weekly),
            exceptions=tuple(HoursException(date=day, spans=_day(spans)) for day, spans in hours.exceptions),
            closures=tuple(
                ClosedDays(first=closure.first, last=closure.last, reason=closure.reason) for closure in hours.closures
            ),
            holidays=Holidays(country=kept.country, subdivision=kept.subdivision, names=kept.names) if kept else None,
        )


class HoursChange(Hours):
    """Hours of which only the fields that are present change."""

    weekly: Annotated[tuple[Day, ...], Field(min_length=7, max_length=7)] = ((),) * 7

    def onto(self, hours: OpeningHours) -> OpeningHours:
        """`hours` with the fields that are present here."""
        kept = {name: getattr(Hours.of(hours), name) for name in Hours.model_fields.keys() - self.model_fields_set}
        return self.model_copy(update=kept).value()


class Away(Request):
    """Away from the day `first` to the day `last`: all day, or between these times on each of them."""

    first: LocalDay
    last: LocalDay
    starts: LocalTime | None = None
    ends: LocalTime | None = None
    reason: Annotated[Text, Field(max_length=200)] = ""


class Work(Request):
    """When a person works: `weekly[0]` is Monday, and empty means whenever the business is open."""

    weekly: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    absences: Annotated[tuple[Away, ...], Field(max_length=400)] = ()

    def value(self) -> WorkingHours:
        return WorkingHours(
            tuple(_spans(day) for day in self.weekly),
            tuple(
                Absence(absence.first, absence.last, absence.starts, absence.ends, absence.reason)
                for absence in self.absences
            ),
        )

    @classmethod
    def of(cls, hours: WorkingHours) -> "Work":
        return cls(
            weekly=tuple(_day(spans) for spans in hours.weekly),
            absences=tuple(
                Away(
                    first=absence.first,
                    last=absence.last,
                    starts=absence.starts,
                    ends=absence.ends,
                    reason=absence.reason,
                )
                for absence in hours.absences
            ),
        )
