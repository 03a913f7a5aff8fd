"""Who is asking, and what they may do."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from reception.core.errors import Forbidden, InvalidInput
from reception.domains.access.service import Role


class Scope(StrEnum):
    """One thing that a token may allow."""

    PLATFORM = "platform"
    """Act in any tenant, and make tenants."""
    TENANT_READ = "tenant:read"
    TENANT_WRITE = "tenant:write"
    TENANT_DELETE = "tenant:delete"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    RESOURCES_READ = "resources:read"
    RESOURCES_WRITE = "resources:write"
    RESERVATIONS_READ = "reservations:read"
    RESERVATIONS_WRITE = "reservations:write"
    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    """Delete conversations."""
    PEOPLE_ERASE = "people:erase"
    """Erase a caller or guest."""
    ANALYTICS_READ = "analytics:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    KEYS_READ = "keys:read"
    """See which API keys there are; never the keys."""
    KEYS_WRITE = "keys:write"
    ACCOUNT = "account"
    """One's own password and sessions."""
    CHAT = "chat"
    CALL = "call"


_READ = frozenset(
    {
        Scope.TENANT_READ,
        Scope.AGENTS_READ,
        Scope.RESOURCES_READ,
        Scope.RESERVATIONS_READ,
        Scope.LEADS_READ,
        Scope.KNOWLEDGE_READ,
        Scope.CONVERSATIONS_READ,
        Scope.ANALYTICS_READ,
        Scope.ACCOUNT,
    }
)
_STAFF = _READ | {Scope.CHAT, Scope.CALL, Scope.RESERVATIONS_WRITE, Scope.LEADS_WRITE}
_MANAGER = _STAFF | {
    Scope.AGENTS_WRITE,
    Scope.RESOURCES_WRITE,
    Scope.KNOWLEDGE_WRITE,
    Scope.CONVERSATIONS_WRITE,
    Scope.PEOPLE_ERASE,
    Scope.USERS_READ,
    Scope.USERS_WRITE,
    Scope.KEYS_READ,
}
_OWNER = _MANAGER | {Scope.TENANT_WRITE, Scope.TENANT_DELETE, Scope.KEYS_WRITE}

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.READ_ONLY: _READ,
    Role.STAFF: _STAFF,
    Role.MANAGER: _MANAGER,
    Role.OWNER: _OWNER,
    Role.PLATFORM_ADMIN: _OWNER | {Scope.PLATFORM},
}
DEMO_SCOPES = frozenset({Scope.CHAT, Scope.CALL})
KEY_SCOPES = frozenset(Scope) - {
    Scope.PLATFORM,
    Scope.TENANT_DELETE,
    Scope.USERS_READ,
    Scope.USERS_WRITE,
    Scope.KEYS_READ,
    Scope.KEYS_WRITE,
    Scope.ACCOUNT,
}
"""What an API key may be for: the business, and neither its end nor who has access to it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified token's bearer. `tenant_id` is None for a platform admin who has not chosen a tenant.

    `agent_id` narrows the token to one agent; None allows every agent of the tenant. Users have a `role`, and a
    `session_id` from signing in to signing out; API keys and demo visitors have neither. A ticket for a telephone call
    has that call's `carrier_call_id`.
    """

    subject: str
    tenant_id: UUID | None
    scopes: frozenset[Scope]
    agent_id: UUID | None = None
    role: Role | None = None
    session_id: UUID | None = None
    carrier_call_id: str = ""

    @property
    def user_id(self) -> UUID:
        """Raises `Forbidden` for whoever has not signed in as a user."""
        if self.session_id is None:
            raise Forbidden("This is for users who have signed in with their password.")
        return UUID(self.subject)

    def acting_in(self, tenant: str | None) -> "Principal":
        """This bearer in the tenant that an `X-Tenant-Id` header names, where it may choose one.

        Raises:
            Forbidden: another tenant than the token's own.
            InvalidInput: not an id.
        """
        if not tenant:
            return self
        try:
            chosen = UUID(tenant)
        except ValueError:
            raise InvalidInput("X-Tenant-Id must be the id of a tenant.") from None
        if chosen != self.tenant_id and Scope.PLATFORM not in self.scopes:
            raise Forbidden("This token does not act in another tenant.")
        return replace(self, tenant_id=chosen)
