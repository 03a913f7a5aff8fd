"""Reservations: made, moved, cancelled and noted by people, with the same services as callers have."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.booking_views import GuestBody, ReservationRead
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, time_and_id_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of_view
from reception.api.schemas import LocalDay, Request, Text
from reception.api.services import Services, ServicesDep
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import get_business
from reception.ports.booking import Reservation, ReservationStatus
from reception.runtime.principal import Scope

router = APIRouter(prefix="/reservations", tags=["reservations"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.RESERVATIONS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.RESERVATIONS_WRITE))]
_SlotId = Annotated[str, Field(min_length=1, max_length=2000)]
_Narrow = Annotated[Text, Query(max_length=200)]


class NewReservation(Request):
    """`slot_id` is one of GET /availability."""

    slot_id: _SlotId
    guest: GuestBody


class NewWalkIn(Request):
    """Guests who are there; any table that fits, for as long as a party of their size stays, unless said otherwise."""

    party_size: int = Field(ge=1, le=1000)
    name: Annotated[Text, Field(max_length=120)] = ""
    phone: Annotated[Text, Field(max_length=32)] = ""
    table: Annotated[Text, Field(max_length=120)] = ""
    minutes: int | None = Field(default=None, ge=15, le=24 * 60)


class Move(Request):
    """Without `guest` it stays who it was."""

    slot_id: _SlotId
    guest: GuestBody | None = None


class Late(Request):
    minutes: int = Field(ge=1, le=24 * 60)


class GuestChange(Request):
    guest: GuestBody


@router.get("", summary="List reservations")
async def list_all(
    services: ServicesDep,
    where: _Reader,
    status: Annotated[
        list[ReservationStatus] | None, Query(description="All but held and expired unless given")
    ] = None,
    first: Annotated[LocalDay | None, Query(description="From this local day on")] = None,
    last: Annotated[LocalDay | None, Query(description="Up to this local day")] = None,
    phone: _Narrow = "",
    name: _Narrow = "",
    reference: _Narrow = "",
    place: _Narrow = "",
    service: _Narrow = "",
    resource: Annotated[Text, Query(max_length=200, description="The name of a table, room or person")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[ReservationRead]:
    """Soonest first."""
    wanted = reservations.ReservationFilter(
        tuple(status or ()), first, last, phone, name, reference, place, service, resource
    )
    after = time_and_id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        found = await reservations.list_reservations(session, business, wanted, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(items[-1].starts_at.isoformat(), str(items[-1].reservation_id)) if len(found) > limit else None
    return Page[ReservationRead](items=tuple(ReservationRead.of(one) for one in items), next_cursor=more)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Book a slot")
@done_once
async def create(body: NewReservation, services: ServicesDep, where: _Writer, answer: Answer) -> ReservationRead:
    """409 when the slot has been taken meanwhile, or its time has passed."""
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return ReservationRead.of(
            await reservations.book_at_desk(session, business, body.slot_id, body.guest.value(), services.clock.now())
        )


@router.post("/walk-ins", status_code=status.HTTP_201_CREATED, summary="Seat guests who did not book")
@done_once
async def walk_in(body: NewWalkIn, services: ServicesDep, where: _Writer, answer: Answer) -> ReservationRead:
    stays = timedelta(minutes=body.minutes) if body.minutes else None
    wanted = reservations.WalkIn(body.party_size, body.name, body.phone, body.table, stays)
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return ReservationRead.of(await reservations.walk_in(session, business, wanted, services.clock.now()))


@router.get("/{reservation_id}", summary="Read a reservation")
async def read(reservation_id: UUID, services: ServicesDep, where: _Reader, answer: Answer) -> ReservationRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        told = ReservationRead.of(await reservations.get_reservation(session, business, reservation_id))
    answer.headers["ETag"] = tag_of_view(told)
    return told


@router.patch("/{reservation_id}", summary="Change whom a reservation is for, and what they ask for")
async def change(
    reservation_id: UUID,
    body: GuestChange,
    services: ServicesDep,
    where: _Writer,
    answer: Answer,
    if_match: IfMatch = None,
) -> ReservationRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        kept = await reservations.get_reservation(session, business, reservation_id, to_change=True)
        check_unchanged(tag_of_view(ReservationRead.of(kept)), if_match)
        changed = ReservationRead.of(
            await reservations.change_guest(session, business, reservation_id, body.guest.value(), services.clock.now())
        )
    answer.headers["ETag"] = tag_of_view(changed)
    return changed


@router.post("/{reservation_id}/move", summary="Move a reservation to another slot")
async def move(reservation_id: UUID, body: Move, services: ServicesDep, where: _Writer) -> ReservationRead:
    """409 when the slot has been taken meanwhile, or its time has passed; the reservation then stays as it was."""
    guest = body.guest.value() if body.guest else None
    return await _done(services, where, reservation_id, reservations.move_at_desk, body.slot_id, guest)


@router.post("/{reservation_id}/cancel", summary="Cancel a reservation")
async def cancel(reservation_id: UUID, services: ServicesDep, where: _Writer) -> ReservationRead:
    return await _done(services, where, reservation_id, reservations.cancel)


@router.post("/{reservation_id}/confirm", summary="Note that the guest confirms again")
async def confirm(reservation_id: UUID, services: ServicesDep, where: _Writer) -> ReservationRead:
    return await _done(services, where, reservation_id, reservations.reconfirm)


@router.post("/{reservation_id}/late", summary="Note that the guest will be late")
async def late(reservation_id: UUID, body: Late, services: ServicesDep, where: _Writer) -> ReservationRead:
    """409 beyond `late_minutes` of the rules: move the reservation instead."""
    return await _done(services, where, reservation_id, reservations.note_late, body.minutes)


@router.post("/{reservation_id}/seat", summary="Note that the guests are there")
async def seat(reservation_id: UUID, services: ServicesDep, where: _Writer) -> ReservationRead:
    return await _done(services, where, reservation_id, reservations.seat)


@router.post("/{reservation_id}/no-show", summary="Note that the guests did not come")
async def no_show(reservation_id: UUID, services: ServicesDep, where: _Writer) -> ReservationRead:
    return await _done(services, where, reservation_id, reservations.mark_no_show)


async def _done(
    services: Services,
    where: InTenant,
    reservation_id: UUID,
    act: Callable[..., Awaitable[Reservation]],
    *more: object,
) -> ReservationRead:
    """What `act(session, business, reservation_id, *more, now)` makes of a reservation."""
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        return ReservationRead.of(await act(session, business, reservation_id, *more, services.clock.now()))
