"""Who may call a route: bearer tokens, scopes, and the tenant that a request acts in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Header, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reception.api.services import Services, ServicesDep
from reception.core.errors import Forbidden, InvalidInput, Unauthenticated
from reception.domains.tenants.service import get_business
from reception.runtime.principal import Principal, Scope

_bearer = HTTPBearer(
    auto_error=False, description="An access token of POST /auth/login, or an API key of POST /api-keys"
)


async def principal(
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    x_tenant_id: Annotated[str | None, Header(description="The tenant a platform admin acts in", max_length=64)] = None,
) -> Principal:
    if credentials is None:
        raise Unauthenticated(
            "Send `Authorization: Bearer <token>`: an access token of POST /auth/login, or an API key."
        )
    return (await services.authenticator.verify(credentials.credentials)).acting_in(x_tenant_id)


def allowed(scope: Scope) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets only bearers of `scope` through: how a route declares the permission it needs.

    The description of the API names the scope as the route's security requirement, from this same declaration.
    """

    async def check(bearer: Annotated[Principal, Security(principal, scopes=[scope.value])]) -> Principal:
        if scope not in bearer.scopes:
            raise Forbidden(f"This token lacks the scope {scope.value}.")
        return bearer

    return check


@dataclass(frozen=True, slots=True)
class InTenant:
    """A bearer who acts in `tenant_id`."""

    bearer: Principal
    tenant_id: UUID

    def check_agent(self, agent_id: UUID) -> None:
        if self.bearer.agent_id is not None and self.bearer.agent_id != agent_id:
            raise Forbidden("This token is for another agent.")


def in_tenant(scope: Scope) -> Callable[[Services, Principal], Awaitable[InTenant]]:
    """A dependency like `allowed`, for routes that act in one tenant. A platform admin must name one that there is."""

    async def check(services: ServicesDep, bearer: Annotated[Principal, Depends(allowed(scope))]) -> InTenant:
        if bearer.tenant_id is None:
            raise InvalidInput("Name the tenant to act in with the header X-Tenant-Id.")
        if Scope.PLATFORM in bearer.scopes:
            async with services.database.tenant_session(bearer.tenant_id) as session:
                await get_business(session)
        structlog.contextvars.bind_contextvars(tenant_id=str(bearer.tenant_id))
        return InTenant(bearer, bearer.tenant_id)

    return check
