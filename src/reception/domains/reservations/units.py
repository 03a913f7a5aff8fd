"""What a tenant can give, as units: tables and their joinings, rooms, listings with who shows them, people."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.reservations.availability import Unit
from reception.domains.reservations.models import ResourceRow
from reception.ports.business import Bookable, ResourceKind
from reception.ports.dialogue import Json
from reception.ports.staff import WorkingHours

Row: TypeAlias = Any
"""One of the rows that `load_units` selects."""

_HOURS: TypeAdapter[WorkingHours] = TypeAdapter(WorkingHours)


_COLUMNS = (
    ResourceRow.resource_no,
    ResourceRow.kind,
    ResourceRow.name,
    ResourceRow.place,
    ResourceRow.capacity,
    ResourceRow.smallest_party,
    ResourceRow.joins,
)
_OF_PEOPLE = (ResourceRow.hours, ResourceRow.attributes)


async def load_units(session: AsyncSession, bookable: Bookable) -> tuple[Unit, ...]:
    """The tenant's units. A joining of tables takes all of them; a listing takes the person who shows it, so that they
    show one at a time, or itself where nobody is named."""
    kind = ResourceKind.of(bookable)
    people = bookable in (Bookable.VIEWING, Bookable.APPOINTMENT)
    kinds = {kind.value, ResourceKind.STAFF.value} if people else {kind.value}
    # Things have neither hours nor attributes that matter here, and a house may have hundreds of them.
    found = await session.execute(
        select(*_COLUMNS, *(_OF_PEOPLE if people else ()))
        .where(ResourceRow.kind.in_(kinds))
        .order_by(ResourceRow.resource_no)
    )
    rows = found.all()
    if not people:
        there = {row.resource_no for row in rows}
        return tuple(_thing(row) for row in rows if not row.joins or there.issuperset(row.joins))
    staff = {row.name: _person(row) for row in rows if row.kind == ResourceKind.STAFF.value}
    if bookable is Bookable.APPOINTMENT:
        return tuple(staff.values())
    return tuple(
        _shown_by(row, staff.get(staff_of(row.attributes))) for row in rows if row.kind != ResourceKind.STAFF.value
    )


def _thing(row: Row) -> Unit:
    numbers = row.joins or (row.resource_no,)
    return Unit(numbers[0], row.name, row.place, row.capacity, row.smallest_party, tuple(numbers[1:]))


def _person(row: Row) -> Unit:
    return Unit(
        row.resource_no,
        row.name,
        row.place,
        row.capacity,
        row.smallest_party,
        hours=hours_from(row.hours),
        services=services_of(row.attributes),
    )


def _shown_by(row: Row, person: Unit | None) -> Unit:
    number, name = (person.resource_no, person.name) if person else (row.resource_no, row.name)
    hours = person.hours if person else None
    return Unit(number, name, row.place, row.capacity, row.smallest_party, hours=hours)


def staff_of(attributes: Mapping[str, Json]) -> str:
    """Who shows a listing, by its attributes."""
    return str(attributes.get("staff") or attributes.get("agent") or "").strip()


def services_of(attributes: Mapping[str, Json]) -> tuple[str, ...]:
    """What a person does, by their attributes; empty for all."""
    named = attributes.get("services")
    return tuple(str(name) for name in named) if isinstance(named, list | tuple) else ()


def hours_json(hours: WorkingHours) -> dict[str, Json]:
    """Working hours as stored."""
    return cast("dict[str, Json]", _HOURS.dump_python(hours, mode="json"))


def hours_from(stored: Mapping[str, Json]) -> WorkingHours:
    """The reverse of `hours_json`; nothing stored means whenever the business is open."""
    return _HOURS.validate_python(stored)
