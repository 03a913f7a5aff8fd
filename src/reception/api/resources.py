"""What can be reserved: the tables, rooms, listings and people of a tenant."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, status
from fastapi import Response as Answer
from pydantic import Field, JsonValue

from reception.api.access import InTenant, in_tenant
from reception.api.hours import Work
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, number_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of_view
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.reservations import service as reservations
from reception.ports.business import ResourceKind
from reception.runtime.principal import Scope

router = APIRouter(prefix="/resources", tags=["resources"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.RESOURCES_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.RESOURCES_WRITE))]


_Name = Annotated[Text, Field(min_length=1, max_length=120)]
_Place = Annotated[Text, Field(max_length=200)]
_Joins = Annotated[tuple[_Name, ...], Field(max_length=10)]
_Attributes = Annotated[dict[str, JsonValue], Field(max_length=100)]


class NewResource(Request):
    """`place` is the room type, listing or area that it belongs to; `capacity` the largest party, `smallest_party` the
    smallest. A table that `joins` others is put together of them, and takes them all.

    `hours` are those of a person, of kind `staff`. In the `attributes`, `staff` names who shows a listing, and
    `services` what a person does, all of them where it is missing.
    """

    kind: ResourceKind
    name: _Name
    place: _Place = ""
    capacity: int = Field(default=1, ge=1, le=1000)
    smallest_party: int = Field(default=1, ge=1, le=1000)
    joins: _Joins = ()
    hours: Work = Work()
    attributes: _Attributes = Field(default_factory=dict)


class ResourceChange(Request):
    """Only the fields that are present change."""

    name: _Name | None = None
    place: _Place | None = None
    capacity: int | None = Field(default=None, ge=1, le=1000)
    smallest_party: int | None = Field(default=None, ge=1, le=1000)
    joins: _Joins | None = None
    hours: Work | None = None
    attributes: _Attributes | None = None

    def onto(self, resource: reservations.Resource) -> reservations.NewResource:
        """`resource` with the fields that are present here."""
        names = (field.name for field in fields(reservations.NewResource))
        values: dict[str, Any] = {name: getattr(resource, name) for name in names}
        for name in ("name", "place", "capacity", "smallest_party", "joins", "attributes"):
            if getattr(self, name) is not None:
                values[name] = getattr(self, name)
        if self.hours is not None:
            values["hours"] = self.hours.value()
        return reservations.NewResource(**values)


class ResourceRead(Response):
    id: UUID
    kind: ResourceKind
    name: str
    place: str
    capacity: int
    smallest_party: int
    joins: tuple[str, ...]
    hours: Work
    attributes: Mapping[str, JsonValue]

    @classmethod
    def of(cls, resource: reservations.Resource) -> "ResourceRead":
        values = {name: getattr(resource, name) for name in cls.model_fields if name not in ("id", "hours")}
        return cls(id=resource.resource_id, hours=Work.of(resource.hours), **values)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Add a table, room, listing or person")
@done_once
async def create(body: NewResource, services: ServicesDep, where: _Writer, answer: Answer) -> ResourceRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        resource_id = await reservations.create_resource(
            session,
            where.tenant_id,
            kind=body.kind,
            name=body.name,
            place=body.place,
            capacity=body.capacity,
            smallest_party=body.smallest_party,
            joins=body.joins,
            hours=body.hours.value(),
            attributes=body.attributes,
        )
        return _tagged(await reservations.get_resource(session, resource_id), answer)


def _tagged(resource: reservations.Resource, answer: Answer) -> ResourceRead:
    told = ResourceRead.of(resource)
    answer.headers["ETag"] = tag_of_view(told)
    return told


@router.patch("/{resource_id}", summary="Change a resource")
async def change(
    resource_id: UUID,
    body: ResourceChange,
    services: ServicesDep,
    where: _Writer,
    answer: Answer,
    if_match: IfMatch = None,
) -> ResourceRead:
    """What is reserved already stays as it is."""
    async with services.database.tenant_session(where.tenant_id) as session:
        kept = await reservations.get_resource(session, resource_id, to_change=True)
        check_unchanged(tag_of_view(ResourceRead.of(kept)), if_match)
        changed = await reservations.change_resource(session, where.tenant_id, resource_id, body.onto(kept))
    return _tagged(changed, answer)


@router.get("", summary="List the tenant's resources")
async def list_all(services: ServicesDep, where: _Reader, limit: Limit = 50, cursor: Cursor = "") -> Page[ResourceRead]:
    """In the order in which they were added."""
    after = number_after(cursor, most=2**63 - 1)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await reservations.list_resources(session, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(str(items[-1].resource_no)) if len(found) > limit else None
    return Page[ResourceRead](items=tuple(ResourceRead.of(resource) for resource in items), next_cursor=more)


@router.get("/{resource_id}", summary="Read a resource")
async def read(resource_id: UUID, services: ServicesDep, where: _Reader, answer: Answer) -> ResourceRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return _tagged(await reservations.get_resource(session, resource_id), answer)


@router.delete("/{resource_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a resource")
async def delete(resource_id: UUID, services: ServicesDep, where: _Writer) -> None:
    """Refused with 409 while there are reservations of it to come."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await reservations.delete_resource(session, resource_id, services.clock.now())
