"""What a tenant has used of providers, and what that costs by list prices."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import LocalDay, Response
from reception.api.services import ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.conversations import service as conversations
from reception.domains.usage import service as usage
from reception.runtime.principal import Scope

router = APIRouter(prefix="/usage", tags=["usage"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.TENANT_READ))]
_DAYS = 30
_MOST_DAYS = 400


class UsageLine(Response):
    """`units` are seconds of audio for `stt`, characters for `tts`, tokens otherwise, estimated by length for `llm_in`
    and `llm_out`. `unpriced` says that the price of some of it is not known, so that `cost_usd` is too low."""

    agent_id: UUID | None
    turn: int | None
    part: str
    provider: str
    requests: int
    units: float
    cost_usd: float
    unpriced: bool

    @classmethod
    def of(cls, total: usage.Total) -> "UsageLine":
        return cls(**{name: getattr(total, name) for name in cls.model_fields})


class UsageRead(Response):
    cost_usd: float
    lines: list[UsageLine]

    @classmethod
    def of(cls, totals: list[usage.Total]) -> "UsageRead":
        return cls(cost_usd=sum(one.cost_usd for one in totals), lines=[UsageLine.of(one) for one in totals])


@router.get("", summary="Usage and estimated cost, by agent and provider")
async def read(
    services: ServicesDep,
    where: _Reader,
    since: Annotated[LocalDay | None, Query(description="First day, in UTC; 30 days ago by default")] = None,
    until: Annotated[LocalDay | None, Query(description="Last day, in UTC; today by default")] = None,
    agent_id: UUID | None = None,
) -> UsageRead:
    last = until or services.clock.now().date()
    first = since or last - timedelta(days=_DAYS)
    if not timedelta(0) <= last - first <= timedelta(days=_MOST_DAYS):
        problem = FieldProblem("/since", f"must be at most {_MOST_DAYS} days before until, and not after it")
        raise Unprocessable("No such time.", problems=(problem,))
    async with services.database.tenant_session(where.tenant_id) as session:
        return UsageRead.of(await usage.totals(session, since=first, until=last, agent_id=agent_id))


@router.get("/calls/{conversation_id}", summary="Usage and estimated cost of one call or chat, by turn and provider")
async def read_call(conversation_id: UUID, services: ServicesDep, where: _Reader) -> UsageRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        used = await usage.of_conversation(session, conversation_id)
        if not used:
            await conversations.get(session, conversation_id)
    return UsageRead.of(used)
