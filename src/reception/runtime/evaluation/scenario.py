"""A scenario as values: who calls whom and when, what they say, and what must come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from reception.domains.tenants.service import TenantSpec
from reception.ports.audio import Encoding
from reception.ports.business import AgentKind, AgentSettings, ResourceKind
from reception.ports.definition import AgentDefinition
from reception.ports.dialogue import Channel, Json
from reception.ports.knowledge import DocumentKind
from reception.ports.staff import WorkingHours
from reception.runtime.evaluation.matching import Match, RowsWanted

ActKind = Literal["say", "dtmf", "silence", "hang_up", "wait", "interrupt", "reconnect", "meanwhile", "nothing"]


@dataclass(frozen=True, slots=True)
class ResourceSetUp:
    """One bookable thing. Fields as in `domains.reservations.service.create_resource`."""

    kind: ResourceKind
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, Json] = field(default_factory=dict)
    smallest_party: int = 1
    joins: tuple[str, ...] = ()
    hours: WorkingHours = field(default_factory=WorkingHours)


@dataclass(frozen=True, slots=True)
class AgentSetUp:
    name: str
    kind: AgentKind
    settings: AgentSettings
    definition: AgentDefinition = field(default_factory=AgentDefinition)


@dataclass(frozen=True, slots=True)
class DocumentSetUp:
    title: str
    text: str
    kind: DocumentKind = DocumentKind.GENERAL


@dataclass(frozen=True, slots=True)
class BusinessSetUp:
    """A whole tenant. The first of `agents` takes the call unless the scenario names another."""

    spec: TenantSpec
    resources: tuple[ResourceSetUp, ...]
    agents: tuple[AgentSetUp, ...]
    documents: tuple[DocumentSetUp, ...]


@dataclass(frozen=True, slots=True)
class ReservationSetUp:
    """A booking that is there before the call. `count` 0 books until nothing is free any more."""

    starts: datetime
    party_size: int
    name: str
    phone: str
    email: str = ""
    notes: str = ""
    place: str = ""
    nights: int = 0
    service: str = ""
    staff: str = ""
    status: str = "confirmed"
    count: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True)
class WaitingSetUp:
    """Somebody who waits for a place at `wanted`, or between `earliest` and `latest`."""

    wanted: datetime
    earliest: datetime
    latest: datetime
    party_size: int
    name: str
    phone: str
    place: str = ""
    nights: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class LeadSetUp:
    kind: str
    name: str
    phone: str
    summary: str
    details: Mapping[str, Json] = field(default_factory=dict)
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Existing:
    """What is in the database besides the business itself."""

    reservations: tuple[ReservationSetUp, ...] = ()
    leads: tuple[LeadSetUp, ...] = ()
    waitlist: tuple[WaitingSetUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Somebody else's booking that is cancelled while the caller talks."""

    name: str


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the caller does. `text` is what is said, the keys that are pressed; `lasts` of silence and
    waiting; `noted` what happens `meanwhile`."""

    kind: ActKind
    text: str = ""
    lasts: timedelta = timedelta()
    after_s: float = 1.0
    meanwhile: tuple[ReservationSetUp | Cancellation, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What must hold, after a turn or at the end. None of a field leaves it open."""

    rows: tuple[RowsWanted, ...] = ()
    said: tuple[Match, ...] = ()
    not_said: tuple[Match, ...] = ()
    actions: tuple[str, ...] | None = None
    includes_actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    commands: tuple[Match, ...] = ()
    documents: tuple[Match, ...] = ()
    heard: tuple[Match, ...] = ()
    asks: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    handoff: bool | None = None
    most_turns: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """`when` waits until the agent asks that, answering everything else; `only_if` leaves the turn out unless it
    is asked at that moment."""

    act: Act
    when: str = ""
    only_if: str = ""
    expect: Expected | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """How the caller sounds with `--speech`. `noise_snr_db` is None in a quiet room."""

    spoken: bool = False
    noise_snr_db: float | None = None
    rate_hz: int = 8000
    encoding: Encoding = "mulaw"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`clock` is aware, in the business's zone. `answers` are by question (see `questions`), or by a pattern in
    slashes that is looked for in what the agent said last."""

    name: str
    file: str
    line: int
    business: BusinessSetUp
    clock: datetime
    turns: Sequence[Turn]
    answers: Mapping[str, tuple[Act, ...]]
    expect: Expected
    description: str = ""
    tags: tuple[str, ...] = ()
    agent: str = ""
    caller: str = ""
    channel: Channel = "voice"
    speech: Line = Line()
    existing: Existing = Existing()
    modes: tuple[str, ...] = ("local", "llm")
    most_turns: int = 40

    @property
    def today(self) -> date:
        return self.clock.date()


DEFAULT_CLOCK = datetime.combine(date(2027, 3, 10), time(10))
"""A Wednesday, without a zone."""
