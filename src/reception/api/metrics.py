"""`GET /metrics`: what Prometheus reads."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from reception.api.services import Services, ServicesDep
from reception.core.errors import Forbidden, Unauthenticated
from reception.runtime.principal import Scope

router = APIRouter(tags=["health"])

_bearer = HTTPBearer(auto_error=False, description="RECEPTION_METRICS_TOKEN, or a platform admin's token")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@router.get("/metrics", summary="Metrics", response_class=PlainTextResponse)
async def metrics(
    request: Request,
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> PlainTextResponse:
    """Prometheus's text format, of all workers together. For a platform admin, the bearer of `RECEPTION_METRICS_TOKEN`,
    and outside production without that token also for programs on the server's own machine."""
    access = services.metrics_access
    if credentials is None:
        if access.token or not access.on_loopback or not _is_local(request):
            raise Unauthenticated("Send `Authorization: Bearer <token>` with the metrics token or a platform admin's.")
    elif not access.admits(credentials.credentials) and not await _is_platform_admin(services, credentials.credentials):
        raise Forbidden("Metrics are for platform admins.")
    text = await asyncio.to_thread(services.metrics.render) + await services.queue_metrics.render()
    return PlainTextResponse(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _is_platform_admin(services: Services, token: str) -> bool:
    return Scope.PLATFORM in (await services.authenticator.verify(token)).scopes


def _is_local(request: Request) -> bool:
    peer = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in _FORWARDED)
    return peer in _LOOPBACK and not forwarded and request.url.hostname in _LOOPBACK_NAMES
