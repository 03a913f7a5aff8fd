"""A tenant's own keys for providers: set, listed without their values, and deleted."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, status
from pydantic import AfterValidator, Field, SecretStr

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import Request, Response
from reception.api.services import ServicesDep
from reception.core.errors import NotFound
from reception.domains.credentials import service as credentials
from reception.providers.llm.vendors import KEYED
from reception.providers.registry import key_names
from reception.runtime.principal import Scope

router = APIRouter(prefix="/provider-keys", tags=["provider keys"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.TENANT_READ))]
_Owner = Annotated[InTenant, Depends(in_tenant(Scope.TENANT_WRITE))]
_Vendor = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,31}$", examples=["deepgram"])]


def _as_sent(key: SecretStr) -> SecretStr:
    if not all(" " < character <= "~" for character in key.get_secret_value()):
        raise ValueError("must be letters, digits and signs of ASCII, without blanks")
    return key


class NewKey(Request):
    key: Annotated[SecretStr, AfterValidator(_as_sent)] = Field(min_length=1, max_length=credentials.LONGEST_KEY)


class KeyRead(Response):
    """That there is a key; its value is never told."""

    vendor: str
    updated_at: datetime


@router.get("", summary="List the providers that the tenant has a key for")
async def list_all(services: ServicesDep, where: _Reader) -> list[KeyRead]:
    async with services.database.tenant_session(where.tenant_id) as session:
        kept = await credentials.list_keys(session)
    return [KeyRead(vendor=one.vendor, updated_at=one.updated_at) for one in kept]


@router.put("/{vendor}", summary="Set the tenant's key for a provider")
async def keep(vendor: _Vendor, body: NewKey, services: ServicesDep, where: _Owner) -> KeyRead:
    """It goes before the installation's key in this tenant's calls from now on."""
    known = {*key_names(), *KEYED}
    if vendor not in known:
        raise NotFound(f"There is no provider {vendor!r}. There are: {', '.join(sorted(known))}.")
    vault = services.provider_keys.vault
    async with services.database.tenant_session(where.tenant_id) as session:
        kept = await credentials.keep_key(session, vault, where.tenant_id, vendor, body.key.get_secret_value())
    return KeyRead(vendor=kept.vendor, updated_at=kept.updated_at)


@router.delete("/{vendor}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete the tenant's key for a provider")
async def forget(vendor: _Vendor, services: ServicesDep, where: _Owner) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await credentials.forget_key(session, vendor)
