"""Periods of local days, divided into buckets of the tenant's own time, with the period before to compare with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from reception.core.errors import FieldProblem, Unprocessable
from reception.db.instants import Instants

BEFORE = 1
"""The bucket that `Period.bounds` gives to the period before; those of the period itself follow."""


class Bucket(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


MOST_DAYS: Mapping[Bucket, int] = {Bucket.HOUR: 14, Bucket.DAY: 400, Bucket.WEEK: 1_100, Bucket.MONTH: 1_100}


@dataclass(frozen=True, slots=True)
class Period:
    """The local days from `first` to `last`, both counted, in `zone`.

    Raises, when made: Unprocessable: it is empty, or has more days than its buckets allow.
    """

    first: date
    last: date
    bucket: Bucket
    zone: ZoneInfo

    def __post_init__(self) -> None:
        most = MOST_DAYS[self.bucket]
        if not 0 < self.days <= most:
            told = f"must not be after `to`, and at most {most} days before it with buckets of a {self.bucket.value}"
            raise Unprocessable("No such period.", problems=(FieldProblem("/from", told),))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def before(self) -> datetime:
        """Where the period before begins, which has as many days."""
        return self._midnight(self.first - timedelta(days=self.days))

    def starts(self) -> tuple[datetime, ...]:
        """Where each bucket begins, local with its offset. An hour that the clocks repeat is two, one that they skip
        none; weeks begin on Mondays, and the first week or month where the period does."""
        return _local_starts(self)

    def bounds(self) -> Instants:
        """For `width_bucket`: `BEFORE` is the period before, `BEFORE + 1` the first bucket."""
        return Instants((self.before, *_local_starts(self)))

    def parameters(self, agent_id: UUID | None = None) -> dict[str, Any]:
        """What the statements of this domain are given."""
        return {"bounds": self.bounds(), "since": self.before, "until": self.end, "agent_id": agent_id}

    def walk(self) -> Iterator[datetime]:
        """Where each bucket begins, in UTC."""
        day = self.first
        while day <= self.last:
            following = self._following(day)
            if self.bucket is Bucket.HOUR:
                hour, end = self._midnight(day), self._midnight(following)
                while hour < end:
                    yield hour
                    hour += timedelta(hours=1)
            else:
                yield self._midnight(day)
            day = following

    def _following(self, day: date) -> date:
        if self.bucket is Bucket.WEEK:
            return day + timedelta(days=7 - day.weekday())
        if self.bucket is Bucket.MONTH:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return day + timedelta(days=1)

    def _midnight(self, day: date) -> datetime:
        """Its first instant: where clocks skip midnight, that at which they do."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@lru_cache(maxsize=32)
def _local_starts(period: Period) -> tuple[datetime, ...]:
    """A report asks for them many times."""
    return tuple(start.astimezone(period.zone) for start in period.walk())
