"""`POST /voice/tickets`: a single-use secret by which a browser opens `WS /voice/stream`, and a carrier its stream."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.schemas import Request, Response
from reception.api.services import ServicesDep
from reception.domains.agents.service import get_agent
from reception.runtime.principal import Principal, Scope
from reception.runtime.tokens import TICKET_LIFETIME

router = APIRouter(prefix="/voice", tags=["voice"])


class TicketRequest(Request):
    """`carrier_call_id` is what a carrier calls a telephone call, as Twilio's `CallSid`: the ticket is for that call
    alone, and goes on with its conversation where it was cut off. 404 says that it has ended, with the number
    that it is to be put through to in `transfer_to`, if any; 409 that it was cut off too often."""

    agent_id: UUID
    carrier_call_id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None


class Ticket(Response):
    """Used as the WebSocket subprotocol `ticket.<value>`, or in the path of a carrier's stream, within `expires_in`
    seconds, once. `connected` is over how many streams the call `carrier_call_id` has gone so far: who asks again after
    a stream sees by it whether that was refused."""

    ticket: str
    expires_in: int
    connected: int


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
    call = body.carrier_call_id or ""
    cut_off = await services.chat.conversations.find_cut_off(where.tenant_id, body.agent_id, call) if call else None
    scopes = frozenset({Scope.CALL})
    caller = Principal(where.bearer.subject, where.tenant_id, scopes, body.agent_id, carrier_call_id=call)
    issued = services.tickets.issue(caller)
    return Ticket(ticket=issued.value, expires_in=issued.expires_in_s, connected=1 + cut_off.taken_up if cut_off else 0)
