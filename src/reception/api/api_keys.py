"""API keys: a tenant's programs show one in place of an access token."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.schemas import Instant, Request, Response, Text
from reception.api.services import ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.access import api_keys
from reception.domains.access.api_keys import ApiKey
from reception.runtime.principal import KEY_SCOPES, Scope

router = APIRouter(prefix="/api-keys", tags=["api keys"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.KEYS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.KEYS_WRITE))]


class NewApiKey(Request):
    """`scopes` are the permissions of its programs; without `expires_at` it is good until it is revoked."""

    name: Annotated[Text, Field(min_length=1, max_length=120, examples=["Booking page"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=40, examples=[["reservations:read"]])]
    expires_at: Instant | None = None


class ApiKeyRead(Response):
    """Without the key itself: `prefix` is how it begins. `last_used_at` may be an hour behind."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyRead":
        return cls(
            id=key.key_id,
            name=key.name,
            prefix=key.prefix,
            scopes=key.scopes,
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class ApiKeyMade(ApiKeyRead):
    """`key` is the key, told only here."""

    key: str


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create an API key")
@done_once
async def create(body: NewApiKey, services: ServicesDep, where: _Writer, answer: Answer) -> ApiKeyMade:
    """A key may do no more than who makes it, and never anything about users, API keys or accounts."""
    too_much = [
        FieldProblem(f"/scopes/{index}", "is not for API keys" if scope not in KEY_SCOPES else "you lack it yourself")
        for index, scope in enumerate(body.scopes)
        if scope not in KEY_SCOPES or scope not in where.bearer.scopes
    ]
    if too_much:
        raise Unprocessable("An API key cannot have all of these scopes.", problems=tuple(too_much))
    async with services.database.tenant_session(where.tenant_id) as session:
        made = await api_keys.create_key(
            session,
            where.tenant_id,
            name=body.name,
            scopes={scope.value for scope in body.scopes},
            created_by=where.bearer.user_id,
            now=services.clock.now(),
            expires_at=body.expires_at,
        )
    return ApiKeyMade(**dict(ApiKeyRead.of(made.key)), key=made.value)


@router.get("", summary="List the tenant's API keys")
async def list_all(services: ServicesDep, where: _Reader, limit: Limit = 50, cursor: Cursor = "") -> Page[ApiKeyRead]:
    """In the order in which they were made, revoked ones too."""
    after = id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await api_keys.list_keys(session, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(str(items[-1].key_id)) if len(found) > limit else None
    return Page[ApiKeyRead](items=tuple(ApiKeyRead.of(key) for key in items), next_cursor=more)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Revoke an API key")
async def revoke(key_id: UUID, services: ServicesDep, where: _Writer) -> None:
    """At once in this process, within seconds in others of the installation."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await api_keys.revoke_key(session, key_id, services.clock.now())
    services.authenticator.forget()
