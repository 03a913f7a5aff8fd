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


async def load_units(session: AsyncSession, bookable: Bookable) -> tuple[Unit, ...]:
    """The tenant's units. A joining of tables takes all of them; a listing takes the person who shows it, so that they
    show one at a time, or itself where nobody is named."""
    kind = ResourceKind.of(bookable)
    kinds = {kind.value, ResourceKind.STAFF.value} if bookable is Bookable.VIEWING else {kind.value}
    found = await session.execute(
        select(
            ResourceRow.resource_no,
            ResourceRow.kind,
            ResourceRow.name,
            ResourceRow.place,
            ResourceRow.capacity,
            ResourceRow.smallest_party,
            ResourceRow.joins,
            ResourceRow.hours,
            ResourceRow.attributes,
        )
        .where(ResourceRow.kind.in_(kinds))
        .order_by(ResourceRow.resource_no)
    )
    rows = found.all()
    if bookable is not Bookable.VIEWING:
        there = {row.resource_no for row in rows}
        return tuple(_unit(row) for row in rows if there.issuperset(row.joins))
    people = {row.name: _unit(row) for row in rows if row.kind == ResourceKind.STAFF.value}
    return tuple(
        _shown_by(row, people.get(staff_of(row.attributes))) for row in rows if row.kind != ResourceKind.STAFF.value
    )


def _unit(row: Row) -> Unit:
    numbers = tuple(row.joins) or (row.resource_no,)
    person = row.kind == ResourceKind.STAFF.value
    return Unit(
        numbers[0],
        row.name,
        row.place,
        row.capacity,
        row.smallest_party,
        numbers[1:],
        hours_from(row.hours) if person else None,
        services_of(row.attributes) if person else (),
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
