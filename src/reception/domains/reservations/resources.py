"""Resources: the tables, rooms and listings that can be reserved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, bounded_json, refuse
from reception.db.violations import is_violation
from reception.domains.reservations.models import Allocation, ReservationRow, ResourceRow
from reception.ports.booking import ReservationStatus
from reception.ports.business import Bookable
from reception.ports.dialogue import Json


@dataclass(frozen=True, slots=True)
class Resource:
    """`place` is the room type, listing or area that it belongs to; `capacity` the largest party."""

    resource_id: UUID
    resource_no: int
    kind: Bookable
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, Json]


async def create_resource(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    kind: Bookable,
    name: str,
    place: str,
    capacity: int,
    attributes: Mapping[str, Json] | None = None,
) -> UUID:
    """Store a resource and return its id. `staff` (or `agent`) in a listing's attributes names who shows it.

    Raises:
        Conflict: there is one of that kind, name and place.
        NotFound: there is no such tenant.
        Unprocessable: a field is not valid.
    """
    if not 1 <= capacity <= 1000:
        raise refuse("/capacity", "must be 1 to 1000")
    resource_id = uuid7()
    values = {
        "id": resource_id,
        "tenant_id": tenant_id,
        "kind": kind.value,
        "name": bounded(name, "/name", shortest=1, longest=120),
        "place": bounded(place, "/place", longest=200),
        "capacity": capacity,
        "attributes": bounded_json(attributes or {}, "/attributes", longest=10_000),
    }
    try:
        async with session.begin_nested():
            await session.execute(insert(ResourceRow).values(**values))
    except IntegrityError as error:
        if is_violation(error, UniqueViolation):
            raise Conflict("There is already a resource of that name") from error
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        raise
    return resource_id


async def list_resources(session: AsyncSession) -> list[Resource]:
    """The tenant's resources in the order in which they were added."""
    rows = await session.execute(select(ResourceRow).order_by(ResourceRow.resource_no))
    return [
        Resource(row.id, row.resource_no, Bookable(row.kind), row.name, row.place, row.capacity, row.attributes)
        for row in rows.scalars()
    ]


async def get_resource(session: AsyncSession, resource_id: UUID) -> Resource:
    """One resource of the session's tenant.

    Raises:
        NotFound: the tenant has no such resource.
    """
    for resource in await list_resources(session):
        if resource.resource_id == resource_id:
            return resource
    raise NotFound("There is no such resource")


async def delete_resource(session: AsyncSession, resource_id: UUID, now: datetime) -> None:
    """Delete a resource. Reservations that are over or cancelled stay, without it.

    Raises:
        NotFound: the tenant has no such resource.
        Conflict: somebody is coming, or is there, or is booking it at this moment.
    """
    # Locked before the question, so that nobody takes it between the answer and the end.
    found = await session.execute(select(ResourceRow).where(ResourceRow.id == resource_id).with_for_update())
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such resource")
    taken = Allocation.resource_no == row.resource_no
    if row.kind == Bookable.VIEWING.value:
        # Listings shown by one person take the number of the first of them.
        taken = or_(taken, ReservationRow.place == (row.place or row.name))
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
