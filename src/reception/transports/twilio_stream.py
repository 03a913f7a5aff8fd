"""`WS /telephony/twilio/media/{token}`: a line for a telephone call, or a refusal before it is answered.

The token is a single-use ticket that names tenant and agent, and may name the call: then its conversation is gone on
with where an earlier stream of the same call was cut off. What cannot be served is refused in the handshake (401, 403,
404, 409, 503), upon which Twilio goes on with the next instruction of its call, as it does when a stream breaks; a
stream that does not begin as it must is closed with 4400.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import structlog
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from reception.core.errors import AppError, Forbidden, InvalidInput, NotFound
from reception.core.telemetry import CALL_FAILED
from reception.runtime.calls import CallCentre
from reception.runtime.conversations import WiredAgent
from reception.runtime.principal import Principal, Scope
from reception.runtime.tokens import Tickets
from reception.transports.twilio import TwilioLeg
from reception.transports.twilio_messages import Connected, StreamStarted, parse_twilio

_log = structlog.get_logger(__name__)

PATH = "/telephony/twilio/media/{token}"
START_WITHIN_S = 10.0
CALLER_PARAMETER = "from"
_NOT_A_CALL = 4400
_INTERNAL_ERROR = 1011
_STRANGE_MESSAGES = 16


@dataclass(frozen=True, slots=True)
class TwilioStream:
    """The endpoint. One instance serves every call of the process."""

    calls: CallCentre
    tickets: Tickets

    async def answer(self, websocket: WebSocket) -> None:
        try:
            caller = await self._redeem(websocket.path_params["token"])
            wired, cut_off = await self._find(caller)
            with self.calls.live.admit(cut_off):
                await websocket.accept()
                started = await _await_start(websocket)
                if caller.carrier_call_id not in ("", started.call_sid):
                    raise InvalidInput("`start` is of another call than the ticket.")
                if cut_off is None:
                    await self._begin(websocket, wired, started, caller.carrier_call_id)
                else:
                    await self._take_up(websocket, wired, started, cut_off)
        except WebSocketDisconnect:
            return
        except AppError as error:
            await _refuse(websocket, error)
        except ExceptionGroup as faults:
            _log.error(CALL_FAILED, exc_info=faults)
            await _close(websocket, _INTERNAL_ERROR, "The call failed on our side.")

    async def _begin(self, websocket: WebSocket, wired: WiredAgent, started: StreamStarted, call_id: str) -> None:
        phone = started.parameters.get(CALLER_PARAMETER, "")
        dialogue = await self.calls.conversations.start(wired, "voice", caller_phone=phone, carrier_call_id=call_id)
        async with TwilioLeg(websocket, started, self.calls.clock) as leg:
            await self.calls.answer(leg, wired, dialogue)

    async def _take_up(
        self, websocket: WebSocket, wired: WiredAgent, started: StreamStarted, conversation_id: UUID
    ) -> None:
        """The rest of a call whose former stream broke, or is about to be found broken."""
        calls = self.calls
        wired = await calls.conversations.check_open(wired, conversation_id)
        async with calls.live.take_over(conversation_id):
            dialogue = await calls.conversations.take_up(wired, conversation_id)
            async with TwilioLeg(websocket, started, calls.clock) as leg:
                await calls.answer(leg, wired, dialogue, first_turn=dialogue.next_turn)

    async def _redeem(self, token: str) -> Principal:
        principal = await self.tickets.redeem(token)
        if Scope.CALL not in principal.scopes:
            raise Forbidden("This ticket does not allow calls.")
        return principal

    async def _find(self, caller: Principal) -> tuple[WiredAgent, UUID | None]:
        """Who answers, and the conversation that is to be gone on with, if the call was cut off."""
        if caller.tenant_id is None or caller.agent_id is None:
            raise NotFound("There is no such agent.")
        conversations, call_id = self.calls.conversations, caller.carrier_call_id
        wired = await conversations.find_agent(caller.tenant_id, caller.agent_id)
        if not call_id:
            return wired, None
        cut_off = await conversations.find_cut_off(caller.tenant_id, caller.agent_id, call_id)
        return wired, cut_off.conversation_id if cut_off else None


async def _await_start(websocket: WebSocket) -> StreamStarted:
    try:
        async with asyncio.timeout(START_WITHIN_S):
            for _ in range(_STRANGE_MESSAGES):
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message.get("code", 1005))
                parsed = parse_twilio(message.get("text") or "")
                if isinstance(parsed, StreamStarted):
                    return parsed
                if not isinstance(parsed, Connected | None):
                    raise InvalidInput("Something came before `start`.")
    except TimeoutError:
        raise InvalidInput(f"`start` must arrive within {START_WITHIN_S:.0f} s.") from None
    raise InvalidInput("`start` did not come.")


async def _refuse(websocket: WebSocket, error: AppError) -> None:
    """In the handshake when it is still open, else as a close code."""
    if websocket.application_state.name != "CONNECTING":
        await _close(websocket, _NOT_A_CALL if isinstance(error, InvalidInput) else _INTERNAL_ERROR, error.detail)
        return
    headers = {"Retry-After": "5"} if error.retryable else {}
    await websocket.send_denial_response(PlainTextResponse(error.detail, error.status, headers))


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    short = reason.encode("utf-8")[:120].decode("utf-8", "ignore")
    try:
        async with asyncio.timeout(1.0):
            await websocket.close(code, short)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        # The peer has closed already, or does not read.
        return
