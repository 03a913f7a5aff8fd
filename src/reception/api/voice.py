"""`POST /voice/tickets`: a single-use secret by which a browser opens `WS /voice/stream`."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Response as Answer

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.schemas import Request, Response
from reception.api.services import ServicesDep
from reception.domains.agents.service import get_agent
from reception.runtime.principal import Principal, Scope
from reception.runtime.tokens import TICKET_LIFETIME

router = APIRouter(prefix="/voice", tags=["voice"])


class TicketRequest(Request):
    agent_id: UUID


class Ticket(Response):
    """Used as the WebSocket subprotocol `ticket.<value>`, within `expires_in` seconds, once."""

    ticket: str
    expires_in: int


@router.post("/tickets", summary="A ticket for one call")
@partial(done_once, good_for=TICKET_LIFETIME)
async def ticket(
    body: TicketRequest,
    services: ServicesDep,
    where: Annotated[InTenant, Depends(in_tenant(Scope.CALL))],
    answer: Answer,
) -> Ticket:
    """Sent again with its `Idempotency-Key` while the ticket is good, it is answered with the same one; later it is
    409, and a new key gets a new ticket."""
    where.check_agent(body.agent_id)
    async with services.database.tenant_session(where.tenant_id) as session:
        await get_agent(session, body.agent_id)
    caller = Principal(where.bearer.subject, where.tenant_id, frozenset({Scope.CALL}), body.agent_id)
    issued = services.tickets.issue(caller)
    return Ticket(ticket=issued.value, expires_in=issued.expires_in_s)
