"""The waitlist: who waits for a place, and what is kept for them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.availability import start_of
from reception.api.booking_views import GuestBody, WaitlistRead
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.schemas import LocalDay, LocalTime, Request, Text
from reception.api.services import ServicesDep
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import get_business
from reception.ports.booking import SlotQuery, WaitlistStatus
from reception.ports.business import Bookable
from reception.runtime.principal import Scope

router = APIRouter(prefix="/waitlist", tags=["reservations"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.RESERVATIONS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.RESERVATIONS_WRITE))]


class NewEntry(Request):
    """A wish for the local `day` `at` a time, or at any from `earliest` to `latest` on it. For rooms, for the arrival
    on `day`, or on any from `day` to `last_day`."""

    day: LocalDay
    at: LocalTime | None = None
    earliest: LocalTime | None = None
    latest: LocalTime | None = None
    last_day: LocalDay | None = None
    party_size: int = Field(default=1, ge=1, le=1000)
    nights: int = Field(default=0, ge=0, le=365)
    place: Annotated[Text, Field(max_length=200)] = ""
    service: Annotated[Text, Field(max_length=120)] = ""
    staff: Annotated[Text, Field(max_length=120)] = ""
    guest: GuestBody


@router.post("", status_code=status.HTTP_201_CREATED, summary="Put a guest on the waitlist")
@done_once
async def join(body: NewEntry, services: ServicesDep, where: _Writer, answer: Answer) -> WaitlistRead:
    """What is free already is offered at once. A guest is in line once for a day."""
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        stays = business.rules.bookable is Bookable.ROOM
        wanted = start_of(business, body.day, body.at, "/at")
        earliest = start_of(business, body.day, body.earliest or body.at, "/at")
        latest = start_of(business, body.last_day or body.day, body.latest or body.at, "/at")
        nights = max(body.nights, 1) if stays else 0
        query = SlotQuery(wanted, body.party_size, nights, body.place, service=body.service, staff=body.staff)
        entry = await reservations.join_waitlist(
            session, business, query, earliest, latest, body.guest.value(), services.clock.now()
        )
    return WaitlistRead.of(entry)


@router.get("", summary="List the waitlist in its order")
async def list_all(
    services: ServicesDep,
    where: _Reader,
    status: Annotated[list[WaitlistStatus] | None, Query(description="Waiting and offered unless given")] = None,
    day: Annotated[LocalDay | None, Query(description="The local day that is waited for")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[WaitlistRead]:
    after = id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        found = await reservations.list_entries(
            session, business, statuses=tuple(status or ()), day=day, limit=limit + 1, after=after
        )
    items = found[:limit]
    more = cursor_of(str(items[-1].entry_id)) if len(found) > limit else None
    return Page[WaitlistRead](items=tuple(WaitlistRead.of(entry) for entry in items), next_cursor=more)


@router.get("/{entry_id}", summary="Read a waitlist entry")
async def read(entry_id: UUID, services: ServicesDep, where: _Reader) -> WaitlistRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return WaitlistRead.of(await reservations.get_entry(session, business, entry_id))


@router.post("/{entry_id}/accept", summary="Confirm what is kept for an entry")
async def accept(entry_id: UUID, services: ServicesDep, where: _Writer) -> WaitlistRead:
    """409 when the offer has lapsed and the place is taken."""
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return WaitlistRead.of(await reservations.accept_offer(session, business, entry_id, services.clock.now()))


@router.post("/{entry_id}/leave", summary="Take an entry out of the line, or decline what is kept for it")
async def leave(entry_id: UUID, services: ServicesDep, where: _Writer) -> WaitlistRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return WaitlistRead.of(await reservations.leave_waitlist(session, business, entry_id, services.clock.now()))
