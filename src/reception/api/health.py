"""`GET /health`: alive, with each part's state; `GET /health/ready`: fit to take calls."""

from typing import Literal

from fastapi import APIRouter, Response

from reception import __version__
from reception.api.schemas import Response as Schema
from reception.api.services import ServicesDep
from reception.runtime.readiness import PartState, is_ready

router = APIRouter(prefix="/health", tags=["health"])


class Health(Schema):
    status: Literal["ok", "degraded"]
    version: str
    parts: dict[str, PartState]


@router.get("", summary="Liveness")
async def alive(services: ServicesDep) -> Health:
    """Always 200 while the process answers."""
    return await _health(services)


@router.get("/ready", summary="Readiness", responses={503: {"model": Health}})
async def ready(services: ServicesDep, response: Response) -> Health:
    """200 when calls can be taken, else 503."""
    health = await _health(services)
    if health.status != "ok":
        response.status_code = 503
    return health


async def _health(services: ServicesDep) -> Health:
    parts = await services.readiness.parts()
    return Health(status="ok" if is_ready(parts) else "degraded", version=__version__, parts=dict(parts))
