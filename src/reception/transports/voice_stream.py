"""`WS /voice/stream`: who is calling, which agent, is there a line; then the call.

Close codes: 4400 not a call, 4401 credentials, 4403 not allowed, 4404 no such agent or call, 1013 every line is busy,
1011 a fault of ours.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from reception.core.errors import AppError, Forbidden, InvalidInput, NotFound, Unauthenticated, Unavailable
from reception.core.telemetry import CALL_FAILED
from reception.ports.dialogue import Dialogue
from reception.ports.leg import LOST_REASONS, TAKEN_OVER
from reception.runtime.authentication import Authenticator
from reception.runtime.calls import CallCentre
from reception.runtime.conversations import WiredAgent
from reception.runtime.principal import Principal, Scope
from reception.runtime.tokens import Tickets
from reception.transports.browser import BrowserLeg
from reception.transports.browser_messages import Start, error_message, parse_client_message
from reception.transports.resumption import RecentCalls, SentMessages

_log = structlog.get_logger(__name__)

START_WITHIN_S = 10.0
TICKET_PREFIX = "ticket."
_TRY_AGAIN_LATER = 1013
_INTERNAL_ERROR = 1011
_NOT_A_CALL = 4400
_CLOSE_CODES: dict[type[AppError], int] = {
    InvalidInput: _NOT_A_CALL,
    Unauthenticated: 4401,
    Forbidden: 4403,
    NotFound: 4404,
    Unavailable: _TRY_AGAIN_LATER,
}
_LONGEST_REASON_BYTES = 120


@dataclass(frozen=True, slots=True)
class VoiceStream:
    """The endpoint. One instance serves every call of the process."""

    calls: CallCentre
    authenticator: Authenticator
    tickets: Tickets
    recent: RecentCalls = field(default_factory=RecentCalls)

    async def answer(self, websocket: WebSocket) -> None:
        ticket = next((name for name in websocket.scope["subprotocols"] if name.startswith(TICKET_PREFIX)), None)
        # Accepted before it is judged, as a browser sees no close code of a refused handshake.
        await websocket.accept(subprotocol=ticket)
        try:
            principal = await self._authenticate(websocket, ticket)
            start, next_seq = await _await_start(websocket)
            await self._call(websocket, principal, start, next_seq)
        except WebSocketDisconnect:
            return
        except AppError as error:
            await _close(websocket, _close_code(error), error.detail)
        except ExceptionGroup as faults:
            _log.error(CALL_FAILED, exc_info=faults)
            await _close(websocket, _INTERNAL_ERROR, "The call failed on our side.")

    async def _call(self, websocket: WebSocket, principal: Principal, start: Start, next_seq: int) -> None:
        wired = await self._find_agent(principal, start.agent_id)
        if start.conversation_id is not None:
            await self._take_up(websocket, wired, start, next_seq)
            return
        if start.resume_after_seq is not None:
            raise InvalidInput("resume_after_seq: says where a call broke off, so conversation_id must say which.")
        with self.calls.live.admit():
            dialogue = await self.calls.conversations.start(wired, "voice", caller_phone=start.caller.phone)
            sent = SentMessages(next_seq)
            leg = self._leg(websocket, start, dialogue.conversation_id, sent)
            await self._hold(leg, wired, dialogue, sent)

    async def _take_up(self, websocket: WebSocket, wired: WiredAgent, start: Start, next_seq: int) -> None:
        """The rest of a call whose connection broke, or that goes on over this one."""
        calls, conversation_id = self.calls, _conversation_id(start.conversation_id)
        seen = -1 if start.resume_after_seq is None else start.resume_after_seq
        wired = await calls.conversations.check_open(wired, conversation_id)
        with calls.live.admit(conversation_id):
            async with calls.live.take_over(conversation_id):
                dialogue = await calls.conversations.take_up(wired, conversation_id)
                sent = self.recent.take(conversation_id)
                missed = sent.after(seen)
                sent.next_seq = max(sent.next_seq, seen + 1, next_seq)
                leg = self._leg(websocket, start, conversation_id, sent, missed)
                await self._hold(leg, wired, dialogue, sent, first_turn=dialogue.next_turn)

    def _leg(
        self,
        websocket: WebSocket,
        start: Start,
        conversation_id: UUID,
        sent: SentMessages,
        missed: Sequence[dict[str, Any]] | None = None,
    ) -> BrowserLeg:
        audio, partials = start.audio.format, start.partial_transcripts
        return BrowserLeg(websocket, audio, conversation_id, self.calls.clock, sent, missed, shows_partials=partials)

    async def _hold(
        self, leg: BrowserLeg, wired: WiredAgent, dialogue: Dialogue, sent: SentMessages, *, first_turn: int = 1
    ) -> None:
        self.recent.keep(dialogue.conversation_id, sent)
        async with leg:
            reason = await self.calls.answer(leg, wired, dialogue, first_turn=first_turn, observers=(leg,))
        if reason not in LOST_REASONS and reason != TAKEN_OVER:
            self.recent.take(dialogue.conversation_id)

    async def _find_agent(self, principal: Principal, agent_id: str) -> WiredAgent:
        try:
            wanted = UUID(agent_id)
        except ValueError:
            raise NotFound("There is no such agent.") from None
        if principal.tenant_id is None or (principal.agent_id is not None and principal.agent_id != wanted):
            raise NotFound("There is no such agent.")
        return await self.calls.conversations.find_agent(principal.tenant_id, wanted)

    async def _authenticate(self, websocket: WebSocket, ticket: str | None) -> Principal:
        if ticket is not None:
            principal = await self.tickets.redeem(ticket.removeprefix(TICKET_PREFIX))
        else:
            scheme, _, value = websocket.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not value:
                raise Unauthenticated("A bearer token or a ticket is needed.")
            bearer = await self.authenticator.verify(value.strip())
            principal = bearer.acting_in(websocket.headers.get("x-tenant-id"))
        if Scope.CALL not in principal.scopes:
            raise Forbidden("This token does not allow calls.")
        return principal


async def _await_start(websocket: WebSocket) -> tuple[Start, int]:
    """The client's `start` and the next free `seq`; malformed messages before it are forgiven, audio is not."""
    try:
        async with asyncio.timeout(START_WITHIN_S):
            return await _read_start(websocket)
    except TimeoutError:
        raise InvalidInput(f"`start` must arrive within {START_WITHIN_S:.0f} s.") from None


async def _read_start(websocket: WebSocket) -> tuple[Start, int]:
    for seq in itertools.count():
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        if message.get("bytes") is not None:
            raise InvalidInput("Audio came before `start`.")
        try:
            parsed = parse_client_message(message.get("text") or "")
        except InvalidInput as problem:
            await websocket.send_json({**error_message(problem.code, problem.detail, fatal=False), "seq": seq})
            continue
        if not isinstance(parsed, Start):
            raise InvalidInput(f"`{parsed.type}` came before `start`.")
        return parsed, seq
    raise AssertionError("unreachable")


def _conversation_id(value: str | None) -> UUID:
    try:
        return UUID(value)
    except (TypeError, ValueError):
        raise NotFound("There is no such call.") from None


def _close_code(error: AppError) -> int:
    return next((_CLOSE_CODES[kind] for kind in type(error).__mro__ if kind in _CLOSE_CODES), _INTERNAL_ERROR)


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    short = reason.encode("utf-8")[:_LONGEST_REASON_BYTES].decode("utf-8", "ignore")
    try:
        async with asyncio.timeout(1.0):
            await websocket.close(code, short)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        # The peer has closed already, or does not read.
        return
