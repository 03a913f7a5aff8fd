"""`GET /health`: alive; `GET /health/ready`: fit to take calls, with each part's state."""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Response

from reception import __version__
from reception.api.schemas import Response as Schema
from reception.api.services import Services, ServicesDep
from reception.runtime.pulses import LoopState
from reception.runtime.readiness import PartState, is_ready

router = APIRouter(prefix="/health", tags=["health"])


class Health(Schema):
    """`background` are the loops beside the calls, such as the one that stores what was used: calls are taken without
    them, so that one which is `failing` or `stuck` makes nothing degraded, and wants an operator all the same."""

    status: Literal["ok", "degraded"]
    version: str
    parts: dict[str, PartState]
    background: dict[str, LoopState]


@router.get("", summary="Liveness")
async def alive(services: ServicesDep) -> Health:
    """Always 200, at once, while the process answers; of its parts, those within the process."""
    return _health(services, services.readiness.parts_here())


@router.get("/ready", summary="Readiness", responses={503: {"model": Health}})
async def ready(services: ServicesDep, response: Response) -> Health:
    """200 when calls can be taken, else 503."""
    health = _health(services, await services.readiness.parts())
    if health.status != "ok":
        response.status_code = 503
    return health


def _health(services: Services, parts: Mapping[str, PartState]) -> Health:
    return Health(
        status="ok" if is_ready(parts) else "degraded",
        version=__version__,
        parts=dict(parts),
        background=dict(services.readiness.loops()),
    )
