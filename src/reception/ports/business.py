"""A business and its agent, as the dialogue and the engine see them: plain values, read once at the start of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from uuid import UUID

from reception.core import public_holidays
from reception.ports.definition import AgentDefinition
from reception.ports.rules import RoomRate, Service, Shift, StayRule


class BusinessKind(StrEnum):
    RESTAURANT = "restaurant"
    HOTEL = "hotel"
    REAL_ESTATE = "real_estate"
    CLINIC = "clinic"
    SALON = "salon"
    OTHER = "other"


class AgentKind(StrEnum):
    RECEPTIONIST = "receptionist"
    REAL_ESTATE = "real_estate"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Open from `opens` to `closes` local time; a `closes` not after `opens` means the next day."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed from `first` to `last`, both included; `reason` is what callers are told ("our summer break")."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Closed on the public holidays of `country` (ISO 3166), and those of its part `subdivision`: on all of them, or on
    those called one of `names`, in English where they have an English name. Days on which a holiday is observed instead
    are called so ("Christmas Day (observed)")."""

    country: str
    subdivision: str = ""
    names: tuple[str, ...] = ()

    def name_of(self, day: date) -> str | None:
        """The holiday for which it is closed on `day`, None on other days."""
        name = public_holidays.of_year(self.country, self.subdivision, day.year).get(day)
        if name is None or not self.names:
            return name
        return next((one for one in name.split("; ") if one in self.names), None)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`weekly[0]` is Monday. An entry in `exceptions` replaces its day, be it closed or a holiday otherwise; an empty
    one closes it."""

    weekly: tuple[tuple[OpenSpan, ...], ...]
    exceptions: tuple[tuple[date, tuple[OpenSpan, ...]], ...] = ()
    closures: tuple[Closure, ...] = ()
    holidays: PublicHolidays | None = None

    def on(self, day: date) -> tuple[OpenSpan, ...]:
        """The spans that start on `day`, in order."""
        for exception, spans in self.exceptions:
            if exception == day:
                return spans
        return () if self._closing(day) is not None else self.weekly[day.weekday()]

    def closed_for(self, day: date) -> str | None:
        """Why it is closed on `day` of all days: the reason or the holiday's name, empty where none is given. None when
        the day is open, or closed every week."""
        for exception, spans in self.exceptions:
            if exception == day:
                return None if spans else (self._closing(day) or "")
        return self._closing(day)

    def _closing(self, day: date) -> str | None:
        for closure in self.closures:
            if closure.first <= day <= closure.last:
                return closure.reason
        return self.holidays.name_of(day) if self.holidays is not None else None


class Bookable(StrEnum):
    """What is reserved: a table for some hours, a room for some nights, a viewing of a listing with a person, or an
    appointment with one for a service."""

    TABLE = "table"
    ROOM = "room"
    VIEWING = "viewing"
    APPOINTMENT = "appointment"


class ResourceKind(StrEnum):
    """What a reservation takes. Viewings and appointments take a person; a listing is where a viewing is."""

    TABLE = "table"
    ROOM = "room"
    VIEWING = "viewing"
    STAFF = "staff"

    @classmethod
    def of(cls, bookable: Bookable) -> "ResourceKind":
        """The kind of what is added for it."""
        return cls.STAFF if bookable is Bookable.APPOINTMENT else cls(bookable.value)


@dataclass(frozen=True, slots=True)
class BookingRules:
    """How a business takes bookings.

    `turn_times` are (largest party, length) pairs in ascending order; the last one holds for every larger party. Tables
    are given within `shifts` only, where there are any, and the last seating of each replaces
    `last_seating_before_close`. At most `covers_per_quarter` guests begin in a quarter of an hour, 0 for no limit; a
    larger party may when nobody else does.

    Rooms are booked by nights, from `check_in` to `check_out`. Of the `rates` of a room type the first that holds for a
    night counts; of the `stay_rules` all that hold. Amounts are in `currency` (ISO 4217).

    Appointments are for one of the `services`. Whoever shows listings needs `travel` between two viewings.

    A guest may be `late_minutes` late without asking a person. What frees is kept for `offer` for the first on the
    waitlist whom it fits.
    """

    bookable: Bookable = Bookable.TABLE
    slot_minutes: int = 15
    turn_times: tuple[tuple[int, timedelta], ...] = ((2, timedelta(minutes=90)), (99, timedelta(minutes=120)))
    largest_party: int = 8
    lead_time: timedelta = timedelta(minutes=30)
    horizon: timedelta = timedelta(days=180)
    last_seating_before_close: timedelta = timedelta(minutes=60)
    hold: timedelta = timedelta(minutes=5)
    check_in: time = time(15, 0)
    check_out: time = time(11, 0)
    longest_stay_nights: int = 14
    late_minutes: int = 15
    offer: timedelta = timedelta(minutes=15)
    shifts: tuple[Shift, ...] = ()
    covers_per_quarter: int = 0
    shortest_stay_nights: int = 1
    stay_rules: tuple[StayRule, ...] = ()
    currency: str = "USD"
    rates: tuple[RoomRate, ...] = ()
    services: tuple[Service, ...] = ()
    travel: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Business:
    """One tenant. `timezone` is an IANA name; `region` an ISO 3166 code, by which phone numbers are read.

    `places` are the names a caller may choose from: room types of a hotel, listings of an estate agency. `version`
    counts the changes of all this.
    """

    tenant_id: UUID
    slug: str
    name: str
    kind: BusinessKind
    timezone: str
    region: str
    locale: str
    phone: str
    address: str
    hours: OpeningHours
    rules: BookingRules
    places: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    version: int = 1
    transcript_retention_days: int | None = None

    @property
    def services(self) -> tuple[str, ...]:
        """What an appointment can be for, by name."""
        return tuple(service.name for service in self.rules.services)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What an agent's owner may tune; the defaults are safe.

    `patience` scales every wait at the end of an utterance, 0.5 to 3. With `recording`, calls are recorded and kept for
    `recording_days`, and begin with `recording_notice`, or with one of ours where it is empty.

    `stt` and `tts` name who hears and speaks, in the order in which they stand in for each other (`deepgram:nova-3,
    embedded`); empty for what the installation uses. `voice` is one of the first of `tts`. `llm` names language models
    likewise (`groq:openai/gpt-oss-20b, openai:gpt-5-mini`); `local` for none, empty for the installation's. `language`
    is a BCP 47 tag, empty for that of the business. `pronunciations` say for words as written how they are spoken.
    """

    greeting: str = ""
    persona_name: str = ""
    voice: str = "heart"
    voice_speed: float = 1.0
    stt: str = ""
    tts: str = ""
    language: str = ""
    pronunciations: Mapping[str, str] = field(default_factory=dict)
    patience: float = 1.0
    silence_prompt_s: float = 8.0
    silence_prompts: int = 2
    filler_after_ms: int = 700
    max_call_s: int = 1800
    handoff_phone: str = ""
    vocabulary: tuple[str, ...] = field(default=())
    recording: bool = False
    recording_notice: str = ""
    recording_days: int = 30
    llm: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """One published version of an agent; `version` counts from 1."""

    agent_id: UUID
    tenant_id: UUID
    name: str
    kind: AgentKind
    settings: AgentSettings
    version: int = 1
    definition: AgentDefinition = field(default_factory=AgentDefinition)
