"""What requests and responses of several resources share."""

from datetime import date, time, timedelta
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from reception.ports.business import Bookable, BookingRules, OpeningHours, OpenSpan


class Request(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Response(BaseModel):
    model_config = ConfigDict(frozen=True)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be an IANA time zone, like Europe/Lisbon")
    return name


def _no_control_characters(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t\r" for character in text):
        raise ValueError("must not contain control characters")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_no_control_characters)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
Timezone = Annotated[str, AfterValidator(_known_zone)]
_Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


class Span(Request):
    """Open from `opens` to `closes`; a `closes` not after `opens` means the next day."""

    opens: time
    closes: time


class HoursException(Request):
    """Replaces the hours of one day; no spans close it."""

    date: date
    spans: Annotated[tuple[Span, ...], Field(max_length=6)] = ()


class Hours(Request):
    """`weekly[0]` is Monday."""

    weekly: Annotated[tuple[Annotated[tuple[Span, ...], Field(max_length=6)], ...], Field(min_length=7, max_length=7)]
    exceptions: Annotated[tuple[HoursException, ...], Field(max_length=400)] = ()

    def value(self) -> OpeningHours:
        return OpeningHours(
            tuple(tuple(OpenSpan(span.opens, span.closes) for span in day) for day in self.weekly),
            tuple(
                (exception.date, tuple(OpenSpan(span.opens, span.closes) for span in exception.spans))
                for exception in self.exceptions
            ),
        )

    @classmethod
    def of(cls, hours: OpeningHours) -> "Hours":
        return cls(
            weekly=tuple(tuple(Span(opens=span.opens, closes=span.closes) for span in day) for day in hours.weekly),
            exceptions=tuple(
                HoursException(date=day, spans=tuple(Span(opens=span.opens, closes=span.closes) for span in spans))
                for day, spans in hours.exceptions
            ),
        )


class TurnTime(Request):
    """How long a party of up to `party` stays."""

    party: int = Field(ge=1, le=999)
    minutes: _Minutes


class Rules(Request):
    """How bookings are taken; the defaults are those of a restaurant."""

    bookable: Bookable = Bookable.TABLE
    slot_minutes: int = Field(default=15, ge=5, le=240)
    turn_times: Annotated[tuple[TurnTime, ...], Field(min_length=1, max_length=20)] = (
        TurnTime(party=2, minutes=90),
        TurnTime(party=99, minutes=120),
    )
    largest_party: int = Field(default=8, ge=1, le=999)
    lead_minutes: int = Field(default=30, ge=0, le=60 * 24 * 30)
    horizon_days: int = Field(default=180, ge=1, le=730)
    last_seating_minutes: int = Field(default=60, ge=0, le=12 * 60)
    hold_minutes: int = Field(default=5, ge=1, le=60)
    check_in: time = time(15, 0)
    check_out: time = time(11, 0)
    longest_stay_nights: int = Field(default=14, ge=1, le=365)
    late_minutes: int = Field(default=15, ge=0, le=120)
    offer_minutes: int = Field(default=15, ge=1, le=24 * 60)

    @model_validator(mode="after")
    def _turn_times_ascend(self) -> "Rules":
        parties = [turn.party for turn in self.turn_times]
        if parties != sorted(set(parties)):
            raise ValueError("turn_times must name each party once, in ascending order")
        return self

    def value(self) -> BookingRules:
        return BookingRules(
            bookable=self.bookable,
            slot_minutes=self.slot_minutes,
            turn_times=tuple((turn.party, timedelta(minutes=turn.minutes)) for turn in self.turn_times),
            largest_party=self.largest_party,
            lead_time=timedelta(minutes=self.lead_minutes),
            horizon=timedelta(days=self.horizon_days),
            last_seating_before_close=timedelta(minutes=self.last_seating_minutes),
            hold=timedelta(minutes=self.hold_minutes),
            check_in=self.check_in,
            check_out=self.check_out,
            longest_stay_nights=self.longest_stay_nights,
            late_minutes=self.late_minutes,
            offer=timedelta(minutes=self.offer_minutes),
        )

    @classmethod
    def of(cls, rules: BookingRules) -> "Rules":
        return cls(
            bookable=rules.bookable,
            slot_minutes=rules.slot_minutes,
            turn_times=tuple(
                TurnTime(party=party, minutes=length // timedelta(minutes=1)) for party, length in rules.turn_times
            ),
            largest_party=rules.largest_party,
            lead_minutes=rules.lead_time // timedelta(minutes=1),
            horizon_days=rules.horizon.days,
            last_seating_minutes=rules.last_seating_before_close // timedelta(minutes=1),
            hold_minutes=rules.hold // timedelta(minutes=1),
            check_in=rules.check_in,
            check_out=rules.check_out,
            longest_stay_nights=rules.longest_stay_nights,
            late_minutes=rules.late_minutes,
            offer_minutes=rules.offer // timedelta(minutes=1),
        )
