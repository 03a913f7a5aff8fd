"""Keep, open and forget a tenant's keys for providers. A key is opened for whoever makes requests with it, only."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound, Unavailable
from reception.core.vault import Sealed, Vault
from reception.db.bounds import bounded
from reception.domains.credentials.models import ProviderKeyRow

LONGEST_KEY = 4096
_ROTATE = text("SELECT set_config('app.rotating', 'on', true)")


@dataclass(frozen=True, slots=True)
class KeptKey:
    """That there is a key for `vendor`, and since when."""

    vendor: str
    updated_at: datetime


async def keep_key(session: AsyncSession, vault: Vault, tenant_id: UUID, vendor: str, key: str) -> KeptKey:
    """Seal and store the tenant's key for `vendor`, in place of any other.

    Raises:
        Unprocessable: the key is empty or too long.
    """
    key = bounded(key, "/key", shortest=1, longest=LONGEST_KEY)
    sealed = vault.seal(key, _purpose(tenant_id, vendor))
    values = {"key_id": sealed.key_id, "sealed": sealed.data, "updated_at": func.now()}
    stored = await session.execute(
        insert(ProviderKeyRow)
        .values(tenant_id=tenant_id, vendor=vendor, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "vendor"], set_=values)
        .returning(ProviderKeyRow.updated_at)
    )
    return KeptKey(vendor, stored.scalar_one())


async def list_keys(session: AsyncSession) -> list[KeptKey]:
    """Which vendors the session's tenant has a key for."""
    rows = await session.execute(
        select(ProviderKeyRow.vendor, ProviderKeyRow.updated_at).order_by(ProviderKeyRow.vendor)
    )
    return [KeptKey(row.vendor, row.updated_at) for row in rows]


async def forget_key(session: AsyncSession, vendor: str) -> None:
    """Raises `NotFound` when the tenant has no key for `vendor`."""
    gone = await session.execute(
        delete(ProviderKeyRow).where(ProviderKeyRow.vendor == vendor).returning(ProviderKeyRow.vendor)
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound("There is no key for this provider.")


async def open_keys(session: AsyncSession, vault: Vault) -> dict[str, str]:
    """The tenant's keys by vendor.

    Raises:
        Unavailable: one cannot be opened with the keys that there are.
    """
    rows = (await session.execute(select(ProviderKeyRow))).scalars()
    return {row.vendor: vault.open(Sealed(row.key_id, row.sealed), _purpose(row.tenant_id, row.vendor)) for row in rows}


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """A tenant's key for a vendor; empty where it does not open."""

    tenant_id: UUID
    vendor: str
    key: str = field(repr=False)


async def open_all(session: AsyncSession, vault: Vault, *, most: int) -> list[OpenedKey]:
    """Up to `most` keys of all tenants, none before the database has been migrated.

    Needs a session over the address of the database's owner; the run-time role sees none of them here.
    """
    if (await session.execute(text("SELECT to_regclass('provider_keys')"))).scalar_one() is None:
        return []
    await session.execute(_ROTATE)
    rows = (
        await session.execute(select(ProviderKeyRow).order_by(ProviderKeyRow.updated_at.desc()).limit(most))
    ).scalars()
    return [OpenedKey(row.tenant_id, row.vendor, _opened(row, vault)) for row in rows]


def _opened(row: ProviderKeyRow, vault: Vault) -> str:
    try:
        return vault.open(Sealed(row.key_id, row.sealed), _purpose(row.tenant_id, row.vendor))
    except Unavailable:
        return ""


async def rotate(session: AsyncSession, vault: Vault) -> int:
    """Seal every tenant's keys anew that are not sealed under the vault's first key. Returns how many.

    Needs a session over the address of the database's owner; the run-time role sees none of them here.

    Raises:
        Unavailable: one cannot be opened; nothing is changed then.
    """
    await session.execute(_ROTATE)
    old = (await session.execute(select(ProviderKeyRow).where(ProviderKeyRow.key_id != vault.key_id))).scalars().all()
    for row in old:
        purpose = _purpose(row.tenant_id, row.vendor)
        sealed = vault.seal(vault.open(Sealed(row.key_id, row.sealed), purpose), purpose)
        await session.execute(
            update(ProviderKeyRow)
            .where(ProviderKeyRow.tenant_id == row.tenant_id, ProviderKeyRow.vendor == row.vendor)
            .values(key_id=sealed.key_id, sealed=sealed.data)
            .execution_options(synchronize_session=False)
        )
    return len(old)


def _purpose(tenant_id: UUID, vendor: str) -> str:
    """A sealed key that is moved to another tenant or vendor does not open."""
    return f"provider-key:{tenant_id}:{vendor}"
