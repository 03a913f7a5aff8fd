"""Create, read, change and delete the tenant of a session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import delete, insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.db.database import take_long
from reception.db.violations import is_violation
from reception.domains.tenants.models import Tenant
from reception.domains.tenants.spec import (
    TenantSpec,
    changed,
    check_places,
    hours_from,
    hours_json,
    rules_from,
    rules_json,
    validated,
)
from reception.ports.business import Business, BusinessKind

__all__ = [
    "TenantSpec",
    "create_tenant",
    "delete_tenant",
    "get_business",
    "list_tenants",
    "renewed",
    "tenants_with_retention",
    "update_tenant",
]

_PLACES = sql(
    """
    SELECT kind = 'staff' AS person, CASE kind WHEN 'staff' THEN name ELSE place END AS label FROM resources
    WHERE kind = 'staff' OR place <> '' GROUP BY 1, 2 ORDER BY min(resource_no)
    """
)

_WITH_RETENTION = sql("SELECT tenants_with_retention()")
_LIST = sql("SELECT id, slug, name, kind, created_at FROM list_tenants(CAST(:after AS uuid), CAST(:limit AS integer))")


async def create_tenant(session: AsyncSession, tenant_id: UUID, spec: TenantSpec) -> Business:
    """Store a new business. `session` must be the tenant's own.

    Raises:
        Conflict: the slug is taken.
        Unprocessable: a field is not valid.
    """
    spec = validated(spec)
    try:
        async with session.begin_nested():
            await session.execute(insert(Tenant).values(id=tenant_id, **_columns(spec)))
    except IntegrityError as error:
        raise _conflict(error, spec.slug) from error
    return _business(tenant_id, spec, (), (), version=1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A tenant as operators list it."""

    tenant_id: UUID
    slug: str
    name: str
    kind: BusinessKind
    created_at: datetime


async def list_tenants(session: AsyncSession, *, limit: int, after: UUID | None = None) -> list[Listed]:
    """Every tenant of the installation in the order in which they were made, for platform administrators; `session` may
    be of no tenant."""
    found = await session.execute(_LIST, {"after": after, "limit": limit})
    return [Listed(row.id, row.slug, row.name, BusinessKind(row.kind), row.created_at) for row in found.all()]


async def tenants_with_retention(session: AsyncSession) -> list[UUID]:
    """Those that do not keep what was said in conversations for good; `session` may be of no tenant."""
    return list((await session.execute(_WITH_RETENTION)).scalars())


async def get_business(session: AsyncSession, *, to_change: bool = False) -> Business:
    """The business of the session's tenant; its places and people in the order in which they were added. With
    `to_change` nobody else changes it until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    tenant = await _tenant(session, to_change=to_change)
    found = (await session.execute(_PLACES)).all()
    places = tuple(label for person, label in found if not person)
    staff = tuple(label for person, label in found if person)
    return _business(tenant.id, _spec(tenant), places, staff, version=tenant.version)


async def renewed(session: AsyncSession, known: Business) -> Business:
    """`known`, read again if it has changed since.

    Raises:
        NotFound: there is none any more.
    """
    version = (await session.execute(select(Tenant.version))).scalar_one_or_none()
    return known if version == known.version else await get_business(session)


async def update_tenant(session: AsyncSession, **changes: object) -> Business:
    """Change fields of `TenantSpec` by name.

    Raises:
        NotFound: there is no such tenant.
        Conflict: the slug is taken.
        Unprocessable: a field is unknown or not valid.
    """
    tenant = await _tenant(session, to_change=True)
    spec = validated(changed(_spec(tenant), changes))
    if "rules" in changes:
        found = (await session.execute(_PLACES)).all()
        check_places(spec.rules, (label for person, label in found if not person))
    try:
        async with session.begin_nested():
            await session.execute(update(Tenant).where(Tenant.id == tenant.id).values(**_columns(spec)))
    except IntegrityError as error:
        raise _conflict(error, spec.slug) from error
    return await get_business(session)


async def delete_tenant(session: AsyncSession) -> None:
    """Delete the session's tenant with everything that belongs to it, which may take long.

    Raises:
        NotFound: there is no such tenant.
    """
    tenant = await _tenant(session)
    await take_long(session)
    await session.execute(delete(Tenant).where(Tenant.id == tenant.id))


async def _tenant(session: AsyncSession, *, to_change: bool = False) -> Tenant:
    wanted = select(Tenant).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update(key_share=True) if to_change else wanted)
    tenant = found.scalars().one_or_none()
    if tenant is None:
        raise NotFound("There is no such business")
    return tenant


def _conflict(error: IntegrityError, slug: str) -> Exception:
    return Conflict(f"The slug {slug} is taken") if is_violation(error, UniqueViolation) else error


def _columns(spec: TenantSpec) -> dict[str, object]:
    return {
        "slug": spec.slug,
        "name": spec.name,
        "kind": spec.kind.value,
        "timezone": spec.timezone,
        "region": spec.region,
        "locale": spec.locale,
        "phone": spec.phone,
        "address": spec.address,
        "hours": hours_json(spec.hours),
        "rules": rules_json(spec.rules),
        "transcript_retention_days": spec.transcript_retention_days,
    }


def _spec(tenant: Tenant) -> TenantSpec:
    return TenantSpec(
        slug=tenant.slug,
        name=tenant.name,
        kind=BusinessKind(tenant.kind),
        timezone=tenant.timezone,
        region=tenant.region,
        locale=tenant.locale,
        phone=tenant.phone,
        address=tenant.address,
        hours=hours_from(tenant.hours),
        rules=rules_from(tenant.rules),
        transcript_retention_days=tenant.transcript_retention_days,
    )


def _business(
    tenant_id: UUID, spec: TenantSpec, places: tuple[str, ...], staff: tuple[str, ...], *, version: int
) -> Business:
    return Business(
        tenant_id=tenant_id,
        slug=spec.slug,
        name=spec.name,
        kind=spec.kind,
        timezone=spec.timezone,
        region=spec.region,
        locale=spec.locale,
        phone=spec.phone,
        address=spec.address,
        hours=spec.hours,
        rules=spec.rules,
        places=places,
        staff=staff,
        version=version,
        transcript_retention_days=spec.transcript_retention_days,
    )
