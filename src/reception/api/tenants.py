"""Tenants: made by platform admins, read and changed by their owners."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import allowed
from reception.api.hours import Hours, HoursChange
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of
from reception.api.rules import Rules
from reception.api.schemas import Request, Response, Slug, Text, Timezone
from reception.api.services import ServicesDep
from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.core.telemetry import TENANT_DELETED
from reception.domains.tenants import service as tenants
from reception.domains.tenants.spec import LONGEST_RETENTION_DAYS
from reception.ports.business import Business, BusinessKind
from reception.runtime.principal import Principal, Scope

router = APIRouter(prefix="/tenants", tags=["tenants"])

_log = structlog.get_logger(__name__)

_PlatformAdmin = Annotated[Principal, Depends(allowed(Scope.PLATFORM))]
_Name = Annotated[Text, Field(min_length=1, max_length=120)]
_Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
_Phone = Annotated[Text, Field(max_length=32)]
_Address = Annotated[Text, Field(max_length=300)]
_RetentionDays = Annotated[
    int | None,
    Field(
        ge=1,
        le=LONGEST_RETENTION_DAYS,
        description="Days after which what was said in a conversation is deleted; null to keep it",
    ),
]


class NewTenant(Request):
    slug: Slug
    name: _Name
    kind: BusinessKind
    timezone: Timezone
    region: _Region
    locale: _Locale = "en-US"
    phone: _Phone = ""
    address: _Address = ""
    hours: Hours
    rules: Rules = Rules()
    transcript_retention_days: _RetentionDays = None


class TenantChange(Request):
    """Only the fields that are present change; of `hours` and `rules`, too."""

    name: _Name = ""
    kind: BusinessKind = BusinessKind.OTHER
    timezone: Timezone = "UTC"
    region: _Region = "US"
    locale: _Locale = "en-US"
    phone: _Phone = ""
    address: _Address = ""
    hours: HoursChange | None = None
    rules: Rules = Rules()
    transcript_retention_days: _RetentionDays = None

    def changes(self, business: Business) -> dict[str, Any]:
        """The present fields as the service takes them, for a business as it is now."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if values.pop("hours", None) is not None and self.hours is not None:
            values["hours"] = self.hours.onto(business.hours)
        if "rules" in values:
            values["rules"] = self.rules.onto(business.rules)
        return values


class Tenant(Response):
    id: UUID
    slug: str
    name: str
    kind: BusinessKind
    timezone: str
    region: str
    locale: str
    phone: str
    address: str
    hours: Hours
    rules: Rules
    transcript_retention_days: int | None
    places: tuple[str, ...]
    staff: tuple[str, ...]

    @classmethod
    def of(cls, business: Business) -> "Tenant":
        return cls(
            id=business.tenant_id,
            slug=business.slug,
            name=business.name,
            kind=business.kind,
            timezone=business.timezone,
            region=business.region,
            locale=business.locale,
            phone=business.phone,
            address=business.address,
            hours=Hours.of(business.hours),
            rules=Rules.of(business.rules),
            transcript_retention_days=business.transcript_retention_days,
            places=business.places,
            staff=business.staff,
        )


def _check_own(bearer: Principal, tenant_id: UUID) -> None:
    if Scope.PLATFORM not in bearer.scopes and bearer.tenant_id != tenant_id:
        # Not "forbidden": whether another tenant exists is nobody's business.
        raise NotFound("There is no such tenant.")


class TenantListed(Response):
    id: UUID
    slug: str
    name: str
    kind: BusinessKind
    created_at: datetime


@router.get("", summary="List the tenants of the installation")
async def list_all(
    services: ServicesDep, _bearer: _PlatformAdmin, limit: Limit = 50, cursor: Cursor = ""
) -> Page[TenantListed]:
    """For platform admins, in the order in which they were made."""
    after = id_after(cursor)
    async with services.database.unscoped_session() as session:
        found = await tenants.list_tenants(session, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(str(items[-1].tenant_id)) if len(found) > limit else None
    listed = tuple(
        TenantListed(id=one.tenant_id, slug=one.slug, name=one.name, kind=one.kind, created_at=one.created_at)
        for one in items
    )
    return Page[TenantListed](items=listed, next_cursor=more)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create a tenant")
@done_once
async def create(body: NewTenant, services: ServicesDep, where: _PlatformAdmin, answer: Answer) -> Tenant:
    """Its first owner is invited by `POST /users`, with the new tenant's id in `X-Tenant-Id`."""
    spec = tenants.TenantSpec(
        slug=body.slug,
        name=body.name,
        kind=body.kind,
        timezone=body.timezone,
        region=body.region,
        locale=body.locale,
        phone=body.phone,
        address=body.address,
        hours=body.hours.value(),
        rules=body.rules.value(),
        transcript_retention_days=body.transcript_retention_days,
    )
    tenant_id = uuid7()
    async with services.database.tenant_session(tenant_id) as session:
        business = await tenants.create_tenant(session, tenant_id, spec)
    answer.headers["ETag"] = tag_of(business.version)
    return Tenant.of(business)


@router.get("/{tenant_id}", summary="Read a tenant")
async def read(
    tenant_id: UUID,
    services: ServicesDep,
    bearer: Annotated[Principal, Depends(allowed(Scope.TENANT_READ))],
    answer: Answer,
) -> Tenant:
    _check_own(bearer, tenant_id)
    async with services.database.tenant_session(tenant_id) as session:
        business = await tenants.get_business(session)
    answer.headers["ETag"] = tag_of(business.version)
    return Tenant.of(business)


@router.patch("/{tenant_id}", summary="Change a tenant")
async def change(
    tenant_id: UUID,
    body: TenantChange,
    services: ServicesDep,
    bearer: Annotated[Principal, Depends(allowed(Scope.TENANT_WRITE))],
    answer: Answer,
    if_match: IfMatch = None,
) -> Tenant:
    """The ETag changes with the profile, and with what can be booked there."""
    _check_own(bearer, tenant_id)
    async with services.database.tenant_session(tenant_id) as session:
        business = await tenants.get_business(session, to_change=True)
        check_unchanged(tag_of(business.version), if_match)
        business = await tenants.update_tenant(session, **body.changes(business))
    answer.headers["ETag"] = tag_of(business.version)
    return Tenant.of(business)


@router.delete("/{tenant_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a tenant with all it has")
async def delete(
    tenant_id: UUID,
    services: ServicesDep,
    bearer: Annotated[Principal, Depends(allowed(Scope.TENANT_DELETE))],
    confirm: Annotated[str, Query(description="The tenant's name, exactly", max_length=120)],
) -> None:
    """Agents, documents, conversations and their recordings, reservations, leads, users and API keys go with it; this
    cannot be undone."""
    _check_own(bearer, tenant_id)
    async with services.database.tenant_session(tenant_id) as session:
        if (await tenants.get_business(session)).name != confirm:
            raise Conflict("`confirm` must be the tenant's name, exactly.")
        await tenants.delete_tenant(session)
    services.authenticator.forget()
    _log.info(TENANT_DELETED, tenant_id=str(tenant_id))
    await services.recordings.forget_tenant(tenant_id)
