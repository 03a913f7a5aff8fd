"""What can be reserved: the tables, rooms and listings of a tenant."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field, JsonValue

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.reservations import service as reservations
from reception.ports.business import Bookable
from reception.runtime.principal import Scope

router = APIRouter(prefix="/resources", tags=["resources"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.RESOURCES_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.RESOURCES_WRITE))]


class NewResource(Request):
    """`place` is the room type, listing or area that it belongs to; `capacity` the largest party.

    `staff` in a listing's `attributes` names who shows it.
    """

    kind: Bookable
    name: Annotated[Text, Field(min_length=1, max_length=120)]
    place: Annotated[Text, Field(max_length=200)] = ""
    capacity: int = Field(ge=1, le=1000)
    attributes: dict[str, JsonValue] = Field(default_factory=dict, max_length=100)


class ResourceRead(Response):
    id: UUID
    kind: Bookable
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, JsonValue]

    @classmethod
    def of(cls, resource: reservations.Resource) -> "ResourceRead":
        values = {name: getattr(resource, name) for name in cls.model_fields if name != "id"}
        return cls(id=resource.resource_id, **values)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Add a table, room or listing")
async def create(body: NewResource, services: ServicesDep, where: _Writer) -> ResourceRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        resource_id = await reservations.create_resource(
            session,
            where.tenant_id,
            kind=body.kind,
            name=body.name,
            place=body.place,
            capacity=body.capacity,
            attributes=body.attributes,
        )
        return ResourceRead.of(await reservations.get_resource(session, resource_id))


@router.get("", summary="List the tenant's resources")
async def list_all(services: ServicesDep, where: _Reader) -> list[ResourceRead]:
    async with services.database.tenant_session(where.tenant_id) as session:
        return [ResourceRead.of(resource) for resource in await reservations.list_resources(session)]


@router.delete("/{resource_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a resource")
async def delete(resource_id: UUID, services: ServicesDep, where: _Writer) -> None:
    """Refused with 409 while there are reservations of it to come."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await reservations.delete_resource(session, resource_id, services.clock.now())
