"""API keys of a tenant: for programs, until they expire or are revoked."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.domains.access import opaque
from reception.domains.access.models import ApiKeyRow

KEY_KIND = "rk_"
TOUCHED_EVERY = timedelta(hours=1)
_MOST_KEYS = 100
_LONGEST_LIFE = timedelta(days=3653)
_PREFIX_CHARS = 15
_LONGEST_KEY = 100
_FIND = sql("SELECT key_id, tenant_id, hash, scopes, expires_at FROM find_api_key(:prefix)")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`prefix` is the part of the key by which people know it. `last_used_at` may be an hour behind."""

    key_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """`value` is the whole key, told only here."""

    key: ApiKey
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """What a key allows that was shown whole."""

    key_id: UUID
    tenant_id: UUID
    scopes: frozenset[str]
    expires_at: datetime | None


async def create_key(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    name: str,
    scopes: Iterable[str],
    created_by: UUID | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """Make a key; `session` is the tenant's.

    Raises:
        Conflict: there are too many that are not revoked.
        Unprocessable: a field is not valid.
    """
    label = bounded(name, "/name", shortest=1, longest=120)
    if expires_at is not None and not now < expires_at <= now + _LONGEST_LIFE:
        raise refuse("/expires_at", "must be in the future, and at most ten years away")
    live = select(func.count()).select_from(ApiKeyRow).where(ApiKeyRow.revoked_at.is_(None))
    if (await session.execute(live)).scalar_one() >= _MOST_KEYS:
        raise Conflict(f"There are {_MOST_KEYS} API keys already: revoke some first.")
    prefix = KEY_KIND + secrets.token_hex(6)
    value = f"{prefix}_{secrets.token_urlsafe(32)}"
    stored = await session.execute(
        insert(ApiKeyRow)
        .values(
            id=uuid7(),
            tenant_id=tenant_id,
            name=label,
            prefix=prefix,
            hash=opaque.digest(value),
            scopes=sorted(scopes),
            created_by=created_by,
            created_at=now,
            expires_at=expires_at,
        )
        .returning(ApiKeyRow)
    )
    return NewApiKey(_key(stored.scalars().one()), value)


async def list_keys(session: AsyncSession, *, limit: int, after: UUID | None = None) -> list[ApiKey]:
    """The tenant's keys, the oldest first, revoked ones too."""
    wanted = select(ApiKeyRow).order_by(ApiKeyRow.id).limit(limit)
    found = await session.execute(wanted.where(ApiKeyRow.id > after) if after else wanted)
    return [_key(row) for row in found.scalars().all()]


async def revoke_key(session: AsyncSession, key_id: UUID, now: datetime) -> None:
    """Make a key good for nothing; again does nothing more.

    Raises:
        NotFound: there is none.
    """
    found = await session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.id == key_id)
        .values(revoked_at=func.coalesce(ApiKeyRow.revoked_at, now))
        .returning(ApiKeyRow.id)
        .execution_options(synchronize_session=False)
    )
    if found.first() is None:
        raise NotFound("There is no such API key")


async def find_key(session: AsyncSession, value: str) -> FoundKey | None:
    """The key that is not revoked and has this value; `session` may be of no tenant."""
    if len(value) > _LONGEST_KEY or not value.isascii() or "\x00" in value:
        return None
    row = (await session.execute(_FIND, {"prefix": value[:_PREFIX_CHARS]})).one_or_none()
    if row is None or not hmac.compare_digest(bytes(row.hash), opaque.digest(value)):
        return None
    return FoundKey(row.key_id, row.tenant_id, frozenset(row.scopes), row.expires_at)


async def touch_key(session: AsyncSession, key_id: UUID, now: datetime) -> None:
    """Note that a key is in use, unless that was noted within the hour; `session` is the tenant's."""
    stale = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < now - TOUCHED_EVERY)
    await session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.id == key_id, stale)
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        row.prefix,
        tuple(row.scopes),
        row.created_by,
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
