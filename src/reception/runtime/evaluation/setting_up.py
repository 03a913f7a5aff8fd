"""Puts a scenario's business into the database, as a tenant of its own."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from reception.core.errors import AppError, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.snapshot import emptied, row_counts
from reception.domains.agents import service as agents
from reception.domains.leads import service as leads
from reception.domains.reservations import service as reservations
from reception.domains.reservations.rows import update_row
from reception.domains.reservations.waitlist import join_waitlist
from reception.domains.tenants import service as tenants
from reception.ports.booking import Guest, Reservation, ReservationStatus, SlotQuery
from reception.ports.business import Bookable, Business
from reception.ports.speech import Embedder
from reception.ports.tools import CreateLead
from reception.runtime.documents import take_in
from reception.runtime.evaluation.expected_file import digits_of
from reception.runtime.evaluation.scenario import BusinessSetUp, Existing, ReservationSetUp, Scenario, WaitingSetUp

_MOST_OF_ALL = 500
_EARLIER = timedelta(days=1)


class NotSetUp(Exception):
    """The scenario's business or what exists in it could not be stored; the message says why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A tenant that is ready to be called. `references` are those of the bookings that exist, by the guest's name."""

    tenant_id: UUID
    agent_id: UUID
    business: Business
    references: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A stored business; `agents` by name, `rows` what each of its tables held when it was new."""

    tenant_id: UUID
    agents: Mapping[str, UUID]
    business: Business
    rows: Mapping[str, int]


class Theatre:
    """Tenants for scenarios. Each scenario has one to itself; that of a scenario which is over is emptied, and serves
    another with the same business."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._free: dict[str, list[_Tenant]] = {}

    @asynccontextmanager
    async def stage(self, scenario: Scenario) -> AsyncIterator[Stage]:
        """The scenario's business with all that exists in it.

        Raises:
            NotSetUp: a field is not valid, or a booking cannot be had.
        """
        free = self._free.setdefault(repr(scenario.business), [])
        with _explained():
            tenant = free.pop() if free else await self._new(scenario.business)
            existing = await _store_existing(self._database, tenant.business, scenario.existing, scenario.clock)
        agent_id = tenant.agents[scenario.agent or scenario.business.agents[0].name]
        yield Stage(tenant.tenant_id, agent_id, tenant.business, existing)
        if await self._cleared(tenant):
            free.append(tenant)

    async def _new(self, wanted: BusinessSetUp) -> _Tenant:
        tenant_id = uuid7()
        agents_by_name = await _store_business(self._database, tenant_id, wanted)
        for document in wanted.documents:
            await take_in(
                self._database, self._embedder, tenant_id, title=document.title, text=document.text, kind=document.kind
            )
        async with self._database.tenant_session(tenant_id) as session:
            business = await tenants.get_business(session)
            return _Tenant(tenant_id, agents_by_name, business, await row_counts(session))

    async def _cleared(self, tenant: _Tenant) -> bool:
        """Whether the tenant is again as it was when it was new."""
        async with self._database.tenant_session(tenant.tenant_id) as session:
            filled = set(await row_counts(session)) - set(tenant.rows)
            # What rows of others refer to goes last, and first what leaves a note in another table when it goes.
            places = {"conversation_facts": 0, "conversations": 2, "reservations": 2}
            ordered = sorted(filled, key=lambda name: places.get(name, 1))
            return await emptied(session, ordered) and await row_counts(session) == tenant.rows


@contextmanager
def _explained() -> Iterator[None]:
    """What cannot be stored, as `NotSetUp`."""
    try:
        yield
    except Unprocessable as error:
        told = "; ".join(f"{problem.pointer.strip('/')} {problem.detail}" for problem in error.problems)
        raise NotSetUp(told or error.detail) from error
    except AppError as error:
        raise NotSetUp(error.detail) from error


async def _store_business(database: Database, tenant_id: UUID, wanted: BusinessSetUp) -> dict[str, UUID]:
    """Tenant, agents and resources in one transaction. Returns the agents by name."""
    stored: dict[str, UUID] = {}
    async with database.tenant_session(tenant_id) as session:
        slug = f"{wanted.spec.slug[:24].strip('-')}-{tenant_id.hex}"
        await tenants.create_tenant(session, tenant_id, replace(wanted.spec, slug=slug))
        for agent in wanted.agents:
            made = await agents.create_agent(
                session,
                tenant_id,
                name=agent.name,
                kind=agent.kind,
                settings=agent.settings,
                definition=agent.definition,
            )
            stored.setdefault(agent.name, made.agent_id)
        for resource in wanted.resources:
            await reservations.create_resource(
                session,
                tenant_id,
                kind=resource.kind,
                name=resource.name,
                place=resource.place,
                capacity=resource.capacity,
                attributes=resource.attributes,
                smallest_party=resource.smallest_party,
                joins=resource.joins,
                hours=resource.hours,
            )
    return stored


async def _store_existing(database: Database, business: Business, existing: Existing, now: datetime) -> dict[str, str]:
    references: dict[str, str] = {}
    for booking in existing.reservations:
        for row in await make_bookings(database, business, booking):
            references.setdefault(row.guest.name, row.reference)
    async with database.tenant_session(business.tenant_id) as session:
        for lead in existing.leads:
            phone = digits_of(lead.phone, business.region)
            made = CreateLead(lead.kind, lead.name, phone, lead.summary, lead.details, lead.recipient)
            await leads.create_lead(session, business.tenant_id, None, made)
    for waiting in existing.waitlist:
        await _wait(database, business, waiting, now)
    return references


async def _wait(database: Database, business: Business, wanted: WaitingSetUp, now: datetime) -> None:
    guest = Guest(wanted.name, digits_of(wanted.phone, business.region))
    nights = wanted.nights if business.rules.bookable is Bookable.ROOM else 0
    query = SlotQuery(wanted.wanted, wanted.party_size, nights, wanted.place)
    async with database.tenant_session(business.tenant_id) as session:
        await join_waitlist(session, business, query, wanted.earliest, wanted.latest, guest, now)


async def make_bookings(database: Database, business: Business, wanted: ReservationSetUp) -> list[Reservation]:
    """The bookings that `wanted` stands for: one, several, or as many as there is room for.

    Raises:
        NotSetUp: there is no room for one of them.
    """
    made: list[Reservation] = []
    for number in range(wanted.count or _MOST_OF_ALL):
        guest = Guest(
            wanted.name if wanted.count == 1 else f"{wanted.name} {chr(65 + number % 26)}",
            digits_of(wanted.phone, business.region),
            wanted.email,
            wanted.notes,
        )
        row = await _book(database, business, wanted, guest)
        if row is None and wanted.count == 0 and made:
            break
        if row is None:
            when = wanted.starts.strftime("%Y-%m-%d %H:%M")
            raise NotSetUp(f"line {wanted.line}: no room for a booking for {wanted.party_size} on {when}")
        made.append(row)
    return made


async def _book(database: Database, business: Business, wanted: ReservationSetUp, guest: Guest) -> Reservation | None:
    """As if it had been booked a good while before, so that no notice is too short."""
    starts = wanted.starts.astimezone(ZoneInfo(business.timezone))
    now = _in_time(starts, business)
    nights = wanted.nights if business.rules.bookable is Bookable.ROOM else 0
    query = SlotQuery(starts, wanted.party_size, nights, wanted.place, service=wanted.service, staff=wanted.staff)
    async with database.tenant_session(business.tenant_id) as session:
        found = await reservations.availability(session, business, query, now)
        if found.exact is None:
            return None
        row = await reservations.commit_reservation(session, business, found.exact, guest, uuid7(), now)
        if wanted.status == ReservationStatus.CANCELLED:
            return await reservations.cancel(session, business, row.reservation_id, now)
        if wanted.status != ReservationStatus.CONFIRMED:
            await update_row(session, row.reservation_id, {"status": wanted.status})
        return row


def _in_time(starts: datetime, business: Business) -> datetime:
    return starts - business.rules.lead_time - _EARLIER
