"""Finding reservations: those of a guest, and those of a day; and what a business knows of one by their number."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, false, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.domains.reservations import entries, guests, rows
from reception.domains.reservations.availability import Span, at_wall
from reception.domains.reservations.models import Allocation, ReservationRow, ResourceRow
from reception.ports.booking import (
    GuestHistory,
    RequestKind,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    SpecialRequest,
)
from reception.ports.business import Business

_LONGEST_FIND = 20
_REMEMBERED = 50
"""The newest reservations of one number that its history is made of."""
_LASTING = frozenset({RequestKind.ALLERGY, RequestKind.DIET, RequestKind.ACCESSIBILITY})
_LISTED = (
    ReservationStatus.CONFIRMED,
    ReservationStatus.SEATED,
    ReservationStatus.NO_SHOW,
    ReservationStatus.CANCELLED,
)
_MIDNIGHT = datetime.min.time()
_END_OF_DAY = datetime.max.time()
# Small letters are the database's on both sides of a comparison: Python makes something else of "ß" and "İ".
_NAME = func.lower(ReservationRow.guest_name)


async def find(session: AsyncSession, business: Business, query: ReservationQuery, now: datetime) -> list[Reservation]:
    """Confirmed reservations that are not over, soonest first, at most twenty: by reference, else by phone number,
    else by name and local day. Every word of the name must be one of the guest's."""
    conditions = _conditions(query, rows.zone_of(business))
    if not conditions:
        return []
    found = await session.execute(
        select(ReservationRow)
        .where(ReservationRow.status == ReservationStatus.CONFIRMED.value, ReservationRow.ends_at > now, *conditions)
        .order_by(ReservationRow.starts_at, ReservationRow.id)
        .limit(_LONGEST_FIND)
        .execution_options(populate_existing=True)
    )
    return await rows.values(session, rows.zone_of(business), found.scalars().all())


@dataclass(frozen=True, slots=True)
class ReservationFilter:
    """Which reservations to list: empty fields do not narrow. `first` and `last` are local days, both included, of the
    start; `name` is words that must all occur in the guest's."""

    statuses: tuple[ReservationStatus, ...] = ()
    first: date | None = None
    last: date | None = None
    phone: str = ""
    name: str = ""
    reference: str = ""
    place: str = ""
    service: str = ""
    resource: str = ""


async def list_reservations(
    session: AsyncSession,
    business: Business,
    wanted: ReservationFilter,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Reservation]:
    """Reservations that meet `wanted`, soonest first; those beyond the start and id `after`, if given. What is held or
    has expired is listed only when asked for."""
    zone = rows.zone_of(business)
    conditions = _narrowed(wanted, zone)
    if after is not None:
        conditions.append(tuple_(ReservationRow.starts_at, ReservationRow.id) > tuple_(*after))
    found = await session.execute(
        select(ReservationRow)
        .where(*conditions)
        .order_by(ReservationRow.starts_at, ReservationRow.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return await rows.values(session, zone, found.scalars().all())


def _narrowed(wanted: ReservationFilter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    statuses = wanted.statuses or _LISTED
    conditions: list[ColumnElement[bool]] = [ReservationRow.status.in_([status.value for status in statuses])]
    if wanted.first is not None:
        conditions.append(ReservationRow.starts_at >= at_wall(wanted.first, _MIDNIGHT, zone))
    if wanted.last is not None:
        conditions.append(ReservationRow.starts_at <= at_wall(wanted.last, _END_OF_DAY, zone))
    if wanted.reference:
        conditions.append(_is_reference(wanted.reference))
    exact = (
        (ReservationRow.guest_phone, wanted.phone),
        (ReservationRow.place, wanted.place),
        (ReservationRow.service, wanted.service),
    )
    conditions += [column == value for column, value in exact if value]
    conditions += [func.strpos(_NAME, func.lower(word)) > 0 for word in wanted.name.split()[:10]]
    if wanted.resource:
        taken = (
            select(Allocation.reservation_id)
            .join(ResourceRow, ResourceRow.resource_no == Allocation.resource_no)
            .where(ResourceRow.name == wanted.resource)
        )
        conditions.append(ReservationRow.id.in_(taken))
    return conditions


def _is_reference(said: str) -> ColumnElement[bool]:
    reference = guests.normal_reference(said)
    return ReservationRow.reference == reference if reference else false()


async def get_reservation(
    session: AsyncSession, business: Business, reservation_id: UUID, *, to_change: bool = False
) -> Reservation:
    """One reservation of the tenant, whatever its status. With `to_change` nobody else changes it until the transaction
    ends.

    Raises:
        NotFound: the tenant has none such.
    """
    wanted = select(ReservationRow).where(ReservationRow.id == reservation_id).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update() if to_change else wanted)
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such reservation")
    return (await rows.values(session, rows.zone_of(business), [row]))[0]


async def get_reservations(
    session: AsyncSession, business: Business, reservation_ids: Collection[UUID]
) -> list[Reservation]:
    """Those of the tenant's reservations with these ids that there are, whatever their status."""
    if not reservation_ids:
        return []
    wanted = select(ReservationRow).where(ReservationRow.id.in_(reservation_ids))
    found = await session.execute(wanted.execution_options(populate_existing=True))
    return await rows.values(session, rows.zone_of(business), found.scalars().all())


def _conditions(query: ReservationQuery, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    if reference := guests.normal_reference(query.reference):
        return [ReservationRow.reference == reference]
    if phone := query.phone.strip().replace("\x00", "")[:32]:
        return [ReservationRow.guest_phone == phone]
    words = query.name.replace("\x00", "").split()[:10]
    if not words or query.day is None:
        return []
    day = Span(at_wall(query.day, _MIDNIGHT, zone), at_wall(query.day, _END_OF_DAY, zone))
    return [ReservationRow.starts_at >= day.start, ReservationRow.starts_at <= day.end, *map(_has_word, words)]


def _has_word(word: str) -> ColumnElement[bool]:
    return _NAME.regexp_match(func.concat(r"(^|\W)", func.lower(re.escape(word)), r"(\W|$)"))


async def guest_history(session: AsyncSession, business: Business, phone: str, now: datetime) -> GuestHistory:
    """What the business knows of whoever has `phone` (E.164). Visits count from the end of the reservation, or from
    when the guests were seated."""
    phone = phone.strip().replace("\x00", "")[:32]
    if not phone:
        return GuestHistory("")
    kept = (ReservationStatus.CONFIRMED.value, ReservationStatus.SEATED.value, ReservationStatus.NO_SHOW.value)
    found = await session.execute(
        select(ReservationRow)
        .where(ReservationRow.guest_phone == phone, ReservationRow.status.in_(kept))
        .order_by(ReservationRow.starts_at.desc(), ReservationRow.id.desc())
        .limit(_REMEMBERED)
        .execution_options(populate_existing=True)
    )
    reservations = await rows.values(session, rows.zone_of(business), found.scalars().all())
    waiting = tuple(await entries.waiting_for(session, business, phone, now))
    upcoming = [one for one in reservations if one.status is ReservationStatus.CONFIRMED and one.ends_at > now]
    been = [one for one in reservations if one.status is not ReservationStatus.NO_SHOW and one not in upcoming]
    latest = reservations[0].guest if reservations else waiting[0].guest if waiting else None
    return GuestHistory(
        phone=phone,
        name=latest.name if latest else "",
        email=latest.email if latest else "",
        visits=len(been),
        no_shows=len(reservations) - len(been) - len(upcoming),
        last_visit=been[0].starts_at if been else None,
        requests=_lasting(reservations),
        upcoming=tuple(reversed(upcoming)),
        waiting=waiting,
    )


def _lasting(reservations: list[Reservation]) -> tuple[SpecialRequest, ...]:
    """What goes for the next visit too, newest first, each once."""
    asked = (request for one in reservations for request in one.guest.requests if request.kind in _LASTING)
    return tuple(dict.fromkeys(asked))
