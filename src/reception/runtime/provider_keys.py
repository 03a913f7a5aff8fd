"""The keys that a tenant has of its own, for its calls."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from reception.core.errors import AppError, Unavailable
from reception.core.telemetry import KEYS_NOT_OPENED
from reception.core.vault import HOW_TO_MAKE, Vault
from reception.db.database import Database
from reception.domains.credentials import service as credentials
from reception.providers.account import own_keys

_log = structlog.get_logger(__name__)


class ProviderKeys:
    """Opens tenants' keys. Without a vault there are none, and none can be kept. `embeds_outside` says whether any are
    of use to embeddings."""

    def __init__(self, database: Database, vault: Vault | None, *, embeds_outside: bool = False) -> None:
        self._database = database
        self._vault = vault
        self._embeds_outside = embeds_outside

    @property
    def vault(self) -> Vault:
        """Raises `Unavailable` where no encryption key is set; says how to set one."""
        if self._vault is None:
            raise Unavailable(f"Keys are kept sealed: set RECEPTION_ENCRYPTION_KEY first. Make one with {HOW_TO_MAKE}")
        return self._vault

    async def of(self, tenant_id: UUID) -> Mapping[str, str]:
        """By vendor. None where they cannot be had: the call goes on with the installation's."""
        if self._vault is None:
            return {}
        try:
            async with self._database.tenant_session(tenant_id) as session:
                return await credentials.open_keys(session, self._vault)
        except AppError as error:
            _log.error(KEYS_NOT_OPENED, code=error.code)
            return {}

    @asynccontextmanager
    async def in_use(self, tenant_id: UUID) -> AsyncIterator[None]:
        """What is embedded in the block is embedded with the tenant's own key, if it has one."""
        token = own_keys.set(await self.of(tenant_id) if self._embeds_outside else {})
        try:
            yield
        finally:
            own_keys.reset(token)
