"""Booking rules over HTTP: lengths of time in minutes, days and nights, amounts as decimal text, weekdays by name."""

from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema, model_validator

from reception.api.schemas import LocalDay, LocalTime, Request, Text
from reception.ports.business import Bookable, BookingRules
from reception.ports.rules import RoomRate, Service, Shift, StayRule


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK = tuple(Weekday)

Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Amount = Annotated[
    Decimal,
    Field(ge=0, lt=10**8, max_digits=10, decimal_places=2),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,8}(\.\d{1,2})?$", "examples": ["179.00"]}),
]
Weekdays = Annotated[tuple[Weekday, ...], Field(max_length=7)]
Nights = Annotated[int, Field(ge=1, le=365)]
Name = Annotated[Text, Field(min_length=1, max_length=120)]


def _numbers(days: tuple[Weekday, ...]) -> tuple[int, ...]:
    return tuple(sorted({_WEEK.index(day) for day in days}))


def _days(numbers: tuple[int, ...]) -> tuple[Weekday, ...]:
    return tuple(_WEEK[number] for number in numbers)


def _length(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


class TurnTime(Request):
    """How long a party of up to `party` stays."""

    party: int = Field(ge=1, le=999)
    minutes: Minutes


TurnTimes = Annotated[tuple[TurnTime, ...], Field(max_length=20)]


def _steps(turns: tuple[TurnTime, ...]) -> tuple[tuple[int, timedelta], ...]:
    return tuple((turn.party, _length(turn.minutes)) for turn in turns)


def _turns(steps: tuple[tuple[int, timedelta], ...]) -> tuple[TurnTime, ...]:
    return tuple(TurnTime(party=party, minutes=_minutes(length)) for party, length in steps)


class ShiftRule(Request):
    """A named service of a restaurant, such as lunch. Where there are any, tables are given within them only. Empty
    `turn_times`, and `covers` of 0, are those of the restaurant."""

    name: Annotated[Text, Field(min_length=1, max_length=60)]
    opens: LocalTime
    last_seating: LocalTime
    weekdays: Weekdays = _WEEK
    turn_times: TurnTimes = ()
    covers: int = Field(default=0, ge=0, le=10_000)

    def value(self) -> Shift:
        return Shift(
            self.name, self.opens, self.last_seating, _numbers(self.weekdays), _steps(self.turn_times), self.covers
        )

    @classmethod
    def of(cls, shift: Shift) -> "ShiftRule":
        return cls(
            name=shift.name,
            opens=shift.opens,
            last_seating=shift.last_seating,
            weekdays=_days(shift.weekdays),
            turn_times=_turns(shift.turn_times),
            covers=shift.covers,
        )


class Rate(Request):
    """What a night in a room of the type `place` costs, for nights that begin on `weekdays`, from `first` to `last`. Of
    several that hold for a night the first counts."""

    place: Annotated[Text, Field(min_length=1, max_length=200)]
    nightly: Amount
    weekdays: Weekdays = _WEEK
    first: LocalDay | None = None
    last: LocalDay | None = None

    def value(self) -> RoomRate:
        return RoomRate(self.place, self.nightly, _numbers(self.weekdays), self.first, self.last)

    @classmethod
    def of(cls, rate: RoomRate) -> "Rate":
        return cls(
            place=rate.place,
            nightly=rate.nightly,
            weekdays=_days(rate.weekdays),
            first=rate.first,
            last=rate.last,
        )


class Stay(Request):
    """A limit on stays that arrive from `first` to `last` in rooms of the types `places`, empty for all."""

    first: LocalDay | None = None
    last: LocalDay | None = None
    places: Annotated[tuple[Annotated[Text, Field(min_length=1, max_length=200)], ...], Field(max_length=50)] = ()
    minimum_nights: Nights = 1
    maximum_nights: Nights | None = None
    no_arrival: Weekdays = ()
    no_departure: Weekdays = ()

    def value(self) -> StayRule:
        return StayRule(
            self.first,
            self.last,
            self.places,
            self.minimum_nights,
            self.maximum_nights,
            _numbers(self.no_arrival),
            _numbers(self.no_departure),
        )

    @classmethod
    def of(cls, rule: StayRule) -> "Stay":
        return cls(
            first=rule.first,
            last=rule.last,
            places=rule.places,
            minimum_nights=rule.minimum_nights,
            maximum_nights=rule.maximum_nights,
            no_arrival=_days(rule.no_arrival),
            no_departure=_days(rule.no_departure),
        )


class ServiceRule(Request):
    """What an appointment can be for; the person stays taken for `buffer_minutes` after it."""

    name: Name
    minutes: int = Field(ge=5, le=24 * 60)
    buffer_minutes: int = Field(default=0, ge=0, le=8 * 60)
    price: Amount | None = None

    def value(self) -> Service:
        return Service(self.name, _length(self.minutes), _length(self.buffer_minutes), self.price)

    @classmethod
    def of(cls, service: Service) -> "ServiceRule":
        return cls(
            name=service.name,
            minutes=_minutes(service.length),
            buffer_minutes=_minutes(service.buffer),
            price=service.price,
        )


class Rules(Request):
    """How bookings are taken; the defaults are those of a restaurant. docs/BOOKING_RULES.md tells every field."""

    bookable: Bookable = Bookable.TABLE
    slot_minutes: int = Field(default=15, ge=5, le=240)
    turn_times: Annotated[TurnTimes, Field(min_length=1)] = (
        TurnTime(party=2, minutes=90),
        TurnTime(party=99, minutes=120),
    )
    largest_party: int = Field(default=8, ge=1, le=999)
    lead_minutes: int = Field(default=30, ge=0, le=60 * 24 * 30)
    horizon_days: int = Field(default=180, ge=1, le=730)
    last_seating_minutes: int = Field(default=60, ge=0, le=12 * 60)
    hold_minutes: int = Field(default=5, ge=1, le=60)
    late_minutes: int = Field(default=15, ge=0, le=120)
    offer_minutes: int = Field(default=15, ge=1, le=24 * 60)
    shifts: Annotated[tuple[ShiftRule, ...], Field(max_length=20)] = ()
    covers_per_quarter: int = Field(default=0, ge=0, le=10_000)
    check_in: LocalTime = time(15, 0)
    check_out: LocalTime = time(11, 0)
    shortest_stay_nights: Nights = 1
    longest_stay_nights: Nights = 14
    stay_rules: Annotated[tuple[Stay, ...], Field(max_length=200)] = ()
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    rates: Annotated[tuple[Rate, ...], Field(max_length=500)] = ()
    services: Annotated[tuple[ServiceRule, ...], Field(max_length=200)] = ()
    travel_minutes: int = Field(default=0, ge=0, le=8 * 60)

    @model_validator(mode="after")
    def _turn_times_ascend(self) -> "Rules":
        parties = [turn.party for turn in self.turn_times]
        if parties != sorted(set(parties)):
            raise ValueError("turn_times must name each party once, in ascending order")
        return self

    def onto(self, rules: BookingRules) -> BookingRules:
        """`rules` with the fields that are present here."""
        kept = {name: getattr(Rules.of(rules), name) for name in Rules.model_fields.keys() - self.model_fields_set}
        return self.model_copy(update=kept).value()

    def value(self) -> BookingRules:
        return BookingRules(
            bookable=self.bookable,
            slot_minutes=self.slot_minutes,
            turn_times=_steps(self.turn_times),
            largest_party=self.largest_party,
            lead_time=_length(self.lead_minutes),
            horizon=timedelta(days=self.horizon_days),
            last_seating_before_close=_length(self.last_seating_minutes),
            hold=_length(self.hold_minutes),
            late_minutes=self.late_minutes,
            offer=_length(self.offer_minutes),
            shifts=tuple(shift.value() for shift in self.shifts),
            covers_per_quarter=self.covers_per_quarter,
            check_in=self.check_in,
            check_out=self.check_out,
            shortest_stay_nights=self.shortest_stay_nights,
            longest_stay_nights=self.longest_stay_nights,
            stay_rules=tuple(rule.value() for rule in self.stay_rules),
            currency=self.currency,
            rates=tuple(rate.value() for rate in self.rates),
            services=tuple(service.value() for service in self.services),
            travel=_length(self.travel_minutes),
        )

    @classmethod
    def of(cls, rules: BookingRules) -> "Rules":
        values: dict[str, Any] = {
            "turn_times": _turns(rules.turn_times),
            "lead_minutes": _minutes(rules.lead_time),
            "horizon_days": rules.horizon.days,
            "last_seating_minutes": _minutes(rules.last_seating_before_close),
            "hold_minutes": _minutes(rules.hold),
            "offer_minutes": _minutes(rules.offer),
            "shifts": tuple(ShiftRule.of(shift) for shift in rules.shifts),
            "stay_rules": tuple(Stay.of(rule) for rule in rules.stay_rules),
            "rates": tuple(Rate.of(rate) for rate in rules.rates),
            "services": tuple(ServiceRule.of(service) for service in rules.services),
            "travel_minutes": _minutes(rules.travel),
        }
        same = {name: getattr(rules, name) for name in cls.model_fields.keys() - values.keys()}
        return cls.model_construct(**values, **same)
