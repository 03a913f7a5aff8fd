"""Resources: the tables and their joinings, rooms, listings and people that can be reserved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from itertools import pairwise
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, bounded_json, refuse
from reception.db.violations import is_violation
from reception.domains.reservations.models import Allocation, ReservationRow, ResourceRow
from reception.domains.reservations.units import hours_from, hours_json, services_of, staff_of
from reception.ports.booking import ReservationStatus
from reception.ports.business import Bookable, OpenSpan, ResourceKind
from reception.ports.dialogue import Json
from reception.ports.staff import Absence, WorkingHours

_SERVICES = sql("SELECT service->>'name' FROM tenants, jsonb_array_elements(rules->'services') AS service")
_MOST_JOINED = 10
_MOST_ABSENCES = 400


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource as its owner describes it. `place` is the room type, listing or area that it belongs to; `capacity`
    the largest party and `smallest_party` the smallest.

    `joins` names the tables that this one is put together of. `hours` are those of a person. Of the `attributes`,
    `staff` (or `agent`) names who shows a listing, and `services` what a person does, all where it is missing.
    """

    kind: ResourceKind
    name: str
    place: str = ""
    capacity: int = 1
    smallest_party: int = 1
    joins: tuple[str, ...] = ()
    hours: WorkingHours = field(default_factory=WorkingHours)
    attributes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """A stored resource; fields as in `NewResource`."""

    resource_id: UUID
    resource_no: int
    kind: ResourceKind
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, Json]
    smallest_party: int = 1
    joins: tuple[str, ...] = ()
    hours: WorkingHours = field(default_factory=WorkingHours)


async def create_resource(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    kind: ResourceKind | Bookable,
    name: str,
    place: str = "",
    capacity: int = 1,
    smallest_party: int = 1,
    joins: Sequence[str] = (),
    hours: WorkingHours | None = None,
    attributes: Mapping[str, Json] | None = None,
) -> UUID:
    """Store a resource and return its id. What is to be booked may be named in place of its kind. Who shows a listing
    becomes a resource too, if they are none yet.

    Raises:
        Conflict: there is one of that kind, name and place.
        NotFound: there is no such tenant.
        Unprocessable: a field is not valid.
    """
    kind = ResourceKind.of(kind) if isinstance(kind, Bookable) else kind
    wanted = NewResource(
        kind, name, place, capacity, smallest_party, tuple(joins), hours or WorkingHours(), attributes or {}
    )
    resource_id = uuid7()
    columns = await _columns(session, wanted)
    try:
        async with session.begin_nested():
            await session.execute(
                insert(ResourceRow).values(id=resource_id, tenant_id=tenant_id, kind=kind.value, **columns)
            )
            await _add_person(session, tenant_id, wanted)
    except IntegrityError as error:
        raise _explained(error) from error
    return resource_id


async def change_resource(session: AsyncSession, tenant_id: UUID, resource_id: UUID, changed: NewResource) -> Resource:
    """Store a resource anew, its kind unchanged. What is reserved already stays as it is.

    Raises:
        NotFound: the tenant has no such resource.
        Conflict: there is another of that kind, name and place; a listing is shown by the person renamed; or the table
            is part of a joining and is to become one.
        Unprocessable: a field is not valid.
    """
    row = await _row(session, resource_id, to_change=True)
    changed = replace(changed, kind=ResourceKind(row.kind))
    columns = await _columns(session, changed, row.resource_no)
    if changed.joins and not row.joins:
        await _check_in_no_joining(session, row.resource_no)
    if row.kind == ResourceKind.STAFF.value and columns["name"] != row.name:
        await _check_shows_nothing(session, row.name)
    try:
        async with session.begin_nested():
            await session.execute(
                update(ResourceRow)
                .where(ResourceRow.id == resource_id)
                .values(**columns)
                .execution_options(synchronize_session=False)
            )
            await _add_person(session, tenant_id, changed)
    except IntegrityError as error:
        raise _explained(error) from error
    return await get_resource(session, resource_id)


def _explained(error: IntegrityError) -> Exception:
    if is_violation(error, UniqueViolation):
        return Conflict("There is already a resource of that name")
    if is_violation(error, ForeignKeyViolation):
        return NotFound("There is no such business")
    return error


async def _columns(session: AsyncSession, wanted: NewResource, own: int | None = None) -> dict[str, object]:
    """The columns of a resource, checked; `own` is its number, where it has one already."""
    if not 1 <= wanted.capacity <= 1000:
        raise refuse("/capacity", "must be 1 to 1000")
    if not 1 <= wanted.smallest_party <= wanted.capacity:
        raise refuse("/smallest_party", "must be at least 1 and at most the capacity")
    _check_hours(wanted)
    if wanted.kind is ResourceKind.STAFF:
        await _check_services(session, services_of(wanted.attributes))
    return {
        "name": bounded(wanted.name, "/name", shortest=1, longest=120),
        "place": bounded(wanted.place, "/place", longest=200),
        "capacity": wanted.capacity,
        "smallest_party": wanted.smallest_party,
        "joins": await _numbers(session, wanted, own),
        "hours": hours_json(wanted.hours) if wanted.kind is ResourceKind.STAFF else {},
        "attributes": bounded_json(wanted.attributes, "/attributes", longest=10_000),
    }


async def _numbers(session: AsyncSession, wanted: NewResource, own: int | None) -> list[int]:
    """The numbers of the tables that a joining is made of, in order. None of them is deleted until the transaction
    ends."""
    if not wanted.joins:
        return []
    if wanted.kind is not ResourceKind.TABLE:
        raise refuse("/joins", "only tables are joined")
    if not 2 <= len(set(wanted.joins)) == len(wanted.joins) <= _MOST_JOINED:
        raise refuse("/joins", f"must name 2 to {_MOST_JOINED} different tables")
    single = (ResourceRow.kind == ResourceKind.TABLE.value, ResourceRow.joins == _NONE)
    found = await session.execute(
        select(ResourceRow.name, ResourceRow.resource_no)
        .where(*single, ResourceRow.name.in_(wanted.joins))
        .order_by(ResourceRow.resource_no)
        .with_for_update(read=True, key_share=True)
    )
    numbers: dict[str, int] = {row.name: row.resource_no for row in found if row.resource_no != own}
    for index, name in enumerate(wanted.joins):
        if name not in numbers:
            raise refuse(f"/joins/{index}", "is the name of no single table")
    return sorted(numbers.values())


_NONE: list[int] = []


def _check_hours(wanted: NewResource) -> None:
    hours = wanted.hours
    if wanted.kind is not ResourceKind.STAFF:
        if hours != WorkingHours():
            raise refuse("/hours", "only people have working hours")
        return
    if hours.weekly and len(hours.weekly) != 7:
        raise refuse("/hours/weekly", "must have seven days, Monday first, or none")
    for index, spans in enumerate(hours.weekly):
        _check_spans(spans, f"/hours/weekly/{index}")
    if len(hours.absences) > _MOST_ABSENCES:
        raise refuse("/hours/absences", f"must be at most {_MOST_ABSENCES}")
    for index, absence in enumerate(hours.absences):
        _check_absence(absence, f"/hours/absences/{index}")


def _check_spans(spans: Sequence[OpenSpan], pointer: str) -> None:
    if len(spans) > 8:
        raise refuse(pointer, "must have at most 8 spans")
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes or earlier.closes <= earlier.opens:
            raise refuse(pointer, "spans must be in order and must not overlap")


def _check_absence(absence: Absence, pointer: str) -> None:
    if absence.last < absence.first:
        raise refuse(f"{pointer}/last", "must not be before the first day")
    if absence.ends is not None and absence.ends <= (absence.starts or time()):
        raise refuse(f"{pointer}/ends", "must be after the beginning")
    bounded(absence.reason, f"{pointer}/reason", longest=200)


async def _check_services(session: AsyncSession, named: Sequence[str]) -> None:
    if not named:
        return
    known = set((await session.execute(_SERVICES)).scalars().all())
    for index, name in enumerate(named):
        if name not in known:
            raise refuse(f"/attributes/services/{index}", "is no service in the rules of this business")


async def _add_person(session: AsyncSession, tenant_id: UUID, listing: NewResource) -> None:
    """Who shows a listing takes part in every viewing, and so must be a resource."""
    person = staff_of(listing.attributes)
    if listing.kind is not ResourceKind.VIEWING or not person:
        return
    person = bounded(person, "/attributes/staff", longest=120)
    own = {"id": uuid7(), "tenant_id": tenant_id, "kind": ResourceKind.STAFF.value, "name": person}
    await session.execute(postgresql.insert(ResourceRow).values(**own, place="", capacity=1).on_conflict_do_nothing())


async def list_resources(
    session: AsyncSession, *, limit: int | None = None, after: int | None = None
) -> list[Resource]:
    """The tenant's resources in the order in which they were added; `after` is the number of the last of the page
    before."""
    wanted = select(ResourceRow).order_by(ResourceRow.resource_no).limit(limit)
    if after is not None:
        wanted = wanted.where(ResourceRow.resource_no > after)
    rows = (await session.execute(wanted.execution_options(populate_existing=True))).scalars().all()
    return await _described(session, rows)


async def get_resource(session: AsyncSession, resource_id: UUID, *, to_change: bool = False) -> Resource:
    """One resource of the session's tenant. With `to_change` nobody else changes it until the transaction ends.

    Raises:
        NotFound: the tenant has no such resource.
    """
    [resource] = await _described(session, [await _row(session, resource_id, to_change=to_change)])
    return resource


async def _described(session: AsyncSession, rows: Sequence[ResourceRow]) -> list[Resource]:
    """What `rows` say, with the names of the tables that joinings are made of."""
    names = {row.resource_no: row.name for row in rows}
    elsewhere = {number for row in rows for number in row.joins} - names.keys()
    if elsewhere:
        joined = select(ResourceRow.resource_no, ResourceRow.name).where(ResourceRow.resource_no.in_(elsewhere))
        names |= {row.resource_no: row.name for row in await session.execute(joined)}
    return [
        Resource(
            resource_id=row.id,
            resource_no=row.resource_no,
            kind=ResourceKind(row.kind),
            name=row.name,
            place=row.place,
            capacity=row.capacity,
            attributes=row.attributes,
            smallest_party=row.smallest_party,
            joins=tuple(names[number] for number in row.joins if number in names),
            hours=hours_from(row.hours),
        )
        for row in rows
    ]


async def delete_resource(session: AsyncSession, resource_id: UUID, now: datetime) -> None:
    """Delete a resource. Reservations that are over or cancelled stay, without it.

    Raises:
        NotFound: the tenant has no such resource.
        Conflict: somebody is coming, or is there, or is booking it at this moment; or others depend on it: a joining
            on its table, a listing on who shows it.
    """
    # Locked before the question, so that nobody takes it between the answer and the end.
    row = await _row(session, resource_id, to_change=True)
    taken = Allocation.resource_no == row.resource_no
    if row.kind == ResourceKind.VIEWING.value:
        taken = or_(taken, ReservationRow.place == (row.place or row.name))
    elif row.kind == ResourceKind.STAFF.value:
        await _check_shows_nothing(session, row.name)
    elif row.joins:
        taken = Allocation.resource_no == -1
    await _check_in_no_joining(session, row.resource_no)
    lapsed = and_(
        ReservationRow.status == ReservationStatus.HELD.value,
        ReservationRow.hold_expires_at <= now,
    )
    coming = await session.execute(
        select(Allocation.reservation_id)
        .join(ReservationRow, ReservationRow.id == Allocation.reservation_id)
        .where(taken, Allocation.blocking, func.upper(Allocation.period) > now, ~lapsed)
        .limit(1)
    )
    if coming.first() is not None:
        raise Conflict("There are reservations to come: move or cancel them first")
    for statement in (
        delete(Allocation).where(Allocation.resource_no == row.resource_no),
        delete(ResourceRow).where(ResourceRow.id == resource_id),
    ):
        await session.execute(statement.execution_options(synchronize_session=False))


async def _row(session: AsyncSession, resource_id: UUID, *, to_change: bool) -> ResourceRow:
    wanted = select(ResourceRow).where(ResourceRow.id == resource_id).execution_options(populate_existing=True)
    row = (await session.execute(wanted.with_for_update() if to_change else wanted)).scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such resource")
    return row


async def _check_in_no_joining(session: AsyncSession, number: int) -> None:
    joining = await session.execute(select(ResourceRow.name).where(ResourceRow.joins.contains([number])).limit(1))
    if joining.first() is not None:
        raise Conflict("Other tables are joined with it: delete the joining first")


async def _check_shows_nothing(session: AsyncSession, name: str) -> None:
    listings = await session.execute(
        select(ResourceRow.attributes).where(ResourceRow.kind == ResourceKind.VIEWING.value)
    )
    if any(staff_of(attributes) == name for (attributes,) in listings):
        raise Conflict("There are listings that this person shows: name somebody else in them first")
