"""`Ledger` on the domains: an effect and the record of its outcome commit together, so that it runs once."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError, SlotTaken, TimePassed, Unavailable
from reception.core.telemetry import EFFECT_FAILED, EFFECT_RAN
from reception.db.database import Database
from reception.dialogue.tools.outcomes import read, written
from reception.dialogue.tools.webhooks import ToolRuns
from reception.domains.conversations import service as conversations
from reception.domains.conversations.turns import still_has
from reception.domains.knowledge import unanswered
from reception.domains.leads import service as leads
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import renewed
from reception.ports.booking import Reservation, Slot, SlotQuery
from reception.ports.business import Bookable, Business
from reception.ports.tools import (
    AcceptOffer,
    CallTool,
    CancelReservation,
    CommitReservation,
    CreateLead,
    Done,
    Effect,
    HoldSlot,
    JoinWaitlist,
    LeaveWaitlist,
    MoveReservation,
    NoteLate,
    NoteRequests,
    Outcome,
    ReconfirmReservation,
    Refused,
    ReleaseHold,
    TurnRecord,
)

_log = structlog.get_logger(__name__)

_OnRow: TypeAlias = MoveReservation | CancelReservation | ReconfirmReservation | NoteLate | NoteRequests
"""Effects on a reservation that there is."""
_Stored: TypeAlias = (
    HoldSlot | ReleaseHold | CommitReservation | _OnRow | JoinWaitlist | AcceptOffer | LeaveWaitlist | CreateLead
)
"""Effects that are rows of our own, and so commit with their outcome."""
Session: TypeAlias = Any
"""A session as the services take it; its type is the domains' business."""

_ATTEMPTS = 2
_RETURNED_TURN = 100
"""Where a turn is taken again with other words, after a crash, its effects are keyed beyond those that did run."""


class DomainLedger:
    """Implements `ports.tools.Ledger` for one conversation: one transaction for each effect and its outcome.

    `taken_up` says how often the call had been taken up when this ledger got it: once that has happened again, in
    whichever process, it is not this one's to close. Without `tools` none can be called.
    """

    def __init__(
        self,
        database: Database,
        business: Business,
        conversation_id: UUID,
        clock: Clock,
        *,
        taken_up: int = 0,
        tools: ToolRuns | None = None,
    ) -> None:
        self._taken_up = taken_up
        self._tools = tools
        self._database = database
        self._business = business
        self._conversation_id = conversation_id
        self._clock = clock

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for index, effect in enumerate(effects):
            if any(isinstance(outcome, Refused) for outcome in outcomes):
                outcomes.append(Refused("not_attempted"))
            else:
                outcomes.append(await self._run_one(turn, index, effect))
        return outcomes

    async def record(self, record: TurnRecord) -> None:
        async with self._database.tenant_session(self._business.tenant_id) as session:
            unanswered_turn = record.turn > 0 and not record.said
            if unanswered_turn and not await still_has(session, self._conversation_id, self._taken_up):
                return
            await conversations.record_turn(session, self._business.tenant_id, self._conversation_id, record)
            if record.unanswered:
                await self._record_unanswered(session, record)

    async def _record_unanswered(self, session: Session, record: TurnRecord) -> None:
        agent_id = (await conversations.get(session, self._conversation_id)).agent_id
        for question in record.unanswered:
            await unanswered.record(
                session,
                self._business.tenant_id,
                agent_id,
                question,
                conversation_id=self._conversation_id,
                turn=record.turn,
            )

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        async with self._database.tenant_session(self._business.tenant_id) as session:
            await conversations.mark_heard(session, self._conversation_id, turn, text, interrupted=interrupted)

    async def close(self, reason: str) -> None:
        async with self._database.tenant_session(self._business.tenant_id) as session:
            if not await still_has(session, self._conversation_id, self._taken_up):
                return
            self._business = await renewed(session, self._business)
            await reservations.release_hold(session, self._business, self._conversation_id, self._clock.now())
            await conversations.close(session, self._conversation_id, reason, self._clock.now())

    async def _run_one(self, turn: int, index: int, effect: Effect) -> Outcome:
        log = _log.bind(call_id=str(self._conversation_id), turn=turn, effect=type(effect).__name__)
        for attempt in range(_ATTEMPTS):
            try:
                if isinstance(effect, CallTool):
                    outcome = await self._call_tool(turn, index, effect)
                else:
                    outcome = await self._attempt(turn, index, effect)
            except Unavailable as error:
                log.warning(EFFECT_FAILED, code=error.code, attempt=attempt)
                continue
            log.info(EFFECT_RAN, outcome=outcome.code if isinstance(outcome, Refused) else "done")
            return outcome
        return Refused(Unavailable.code)

    async def _call_tool(self, turn: int, index: int, effect: CallTool) -> Outcome:
        return Refused(Unavailable.code) if self._tools is None else await self._tools.run(turn, index, effect)

    async def _attempt(self, turn: int, index: int, effect: _Stored) -> Outcome:
        """Run `effect` unless it has run, by the hours and rules as they are now; both or neither of it and its outcome
        are stored."""
        tenant_id, conversation_id = self._business.tenant_id, self._conversation_id
        async with self._database.tenant_session(tenant_id) as session:
            while stored := await conversations.find_outcome(session, conversation_id, turn, index):
                if stored.get("effect") == fingerprint(effect):
                    return read(stored)
                index += _RETURNED_TURN
            self._business = await renewed(session, self._business)
            outcome: Outcome
            try:
                outcome = await self._apply(session, effect)
            except Unavailable:
                raise
            except TimePassed as error:
                outcome = Refused(error.code)
            except SlotTaken as error:
                query = self._query_of(effect)
                outcome = Refused(error.code, await self._alternatives(session, query) if query else ())
            except AppError as error:
                outcome = Refused(error.code)
            record = written(fingerprint(effect), outcome)
            await conversations.record_outcome(session, tenant_id, conversation_id, turn, index, record)
        return outcome

    async def _apply(self, session: Session, effect: _Stored) -> Done:
        business, now = self._business, self._clock.now()
        match effect:
            case HoldSlot(slot, moving):
                own = self._conversation_id
                return Done(await reservations.hold(session, business, slot, own, now, moving=moving))
            case ReleaseHold():
                await reservations.release_hold(session, self._business, self._conversation_id, self._clock.now())
                return Done()
            case CommitReservation(slot, guest):
                row = await reservations.commit_reservation(session, business, slot, guest, self._conversation_id, now)
                return Done(row)
            case MoveReservation() | CancelReservation() | ReconfirmReservation() | NoteLate() | NoteRequests():
                before = await reservations.get_reservation(session, business, effect.reservation_id, to_change=True)
                return Done(await self._on_row(session, effect), before=before)
            case CreateLead():
                lead_id = await leads.create_lead(session, business.tenant_id, self._conversation_id, effect)
                return Done(lead_id=lead_id)
            case JoinWaitlist() | AcceptOffer() | LeaveWaitlist():
                return await self._in_line(session, effect)

    async def _on_row(self, session: Session, effect: _OnRow) -> Reservation:
        business, now = self._business, self._clock.now()
        match effect:
            case MoveReservation(reservation_id, slot, change):
                return await reservations.move(
                    session, business, reservation_id, slot, change, now, conversation_id=self._conversation_id
                )
            case CancelReservation(reservation_id):
                return await reservations.cancel(session, business, reservation_id, now)
            case ReconfirmReservation(reservation_id):
                return await reservations.reconfirm(session, business, reservation_id, now)
            case NoteLate(reservation_id, minutes):
                return await reservations.note_late(session, business, reservation_id, minutes, now)
            case NoteRequests(reservation_id, requests):
                return await reservations.note_requests(session, business, reservation_id, requests, now)

    async def _in_line(self, session: Session, effect: JoinWaitlist | AcceptOffer | LeaveWaitlist) -> Done:
        business, now, own = self._business, self._clock.now(), self._conversation_id
        match effect:
            case JoinWaitlist(query, earliest, latest, guest):
                entry = await reservations.join_waitlist(
                    session, business, query, earliest, latest, guest, now, conversation_id=own
                )
                return Done(waiting=entry)
            case AcceptOffer(entry_id):
                entry = await reservations.accept_offer(session, business, entry_id, now, conversation_id=own)
                return Done(entry.offer, waiting=entry)
            case LeaveWaitlist(entry_id):
                return Done(waiting=await reservations.leave_waitlist(session, business, entry_id, now))

    async def _alternatives(self, session: Session, query: SlotQuery) -> tuple[Slot, ...]:
        """What can be had instead, the same time first where another place is free then."""
        found = await reservations.availability(
            session,
            self._business,
            query,
            self._clock.now(),
            conversation_id=self._conversation_id,
            reservation_id=query.moving,
        )
        return (found.exact,) if found.exact else found.alternatives

    def _query_of(self, effect: Effect) -> SlotQuery | None:
        if not isinstance(effect, HoldSlot | CommitReservation | MoveReservation):
            return None
        slot = effect.slot
        rooms = self._business.rules.bookable is Bookable.ROOM
        nights = (slot.ends_at.date() - slot.starts_at.date()).days if rooms else 0
        moving = effect.moving if isinstance(effect, HoldSlot) else None
        moving = effect.reservation_id if isinstance(effect, MoveReservation) else moving
        return SlotQuery(slot.starts_at, slot.party_size, nights, slot.place, moving, slot.service)


def fingerprint(effect: Effect) -> str:
    """What tells one effect of a turn from another that might have taken its place."""
    match effect:
        case HoldSlot(slot) | CommitReservation(slot):
            return f"{type(effect).__name__} {slot.slot_id}"
        case MoveReservation(reservation_id, slot):
            return f"MoveReservation {reservation_id} {slot.slot_id}"
        case CancelReservation(reservation_id) | ReconfirmReservation(reservation_id):
            return f"{type(effect).__name__} {reservation_id}"
        case NoteRequests(reservation_id, requests):
            return f"NoteRequests {reservation_id} {' '.join(sorted(request.kind for request in requests))}"
        case NoteLate(reservation_id, minutes):
            return f"NoteLate {reservation_id} {minutes}"
        case JoinWaitlist(query):
            return f"JoinWaitlist {query.starts_at.isoformat()} {query.party_size}"
        case AcceptOffer(entry_id) | LeaveWaitlist(entry_id):
            return f"{type(effect).__name__} {entry_id}"
        case CallTool(tool):
            return f"CallTool {tool.name}"
        case CreateLead(kind):
            return f"CreateLead {kind}"
        case _:
            return type(effect).__name__
