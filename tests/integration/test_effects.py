"""Effects on a reservation, the waitlist and leads run once however often their turn is committed."""

from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue.tools.ledger import DomainLedger
from reception.domains.agents.service import create_agent
from reception.domains.conversations import service as conversations
from reception.domains.leads.service import list_leads
from reception.domains.reservations import service
from reception.ports.booking import RequestKind, ReservationStatus, SlotQuery, SpecialRequest, WaitlistStatus
from reception.ports.business import AgentKind, AgentSettings, Business
from reception.ports.tools import (
    AcceptOffer,
    CancelReservation,
    CreateLead,
    Done,
    Effect,
    JoinWaitlist,
    LeaveWaitlist,
    NoteLate,
    NoteRequests,
    ReconfirmReservation,
    Refused,
)
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, counts, restaurant

CLOCK = FixedClock((EVENING - timedelta(hours=2)).astimezone(UTC))
NUTS = SpecialRequest(RequestKind.ALLERGY, "peanuts")


async def conversation(database: Database, business: Business) -> UUID:
    conversation_id = uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="June", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        await conversations.start(
            session, business.tenant_id, agent.agent_id, conversation_id=conversation_id, channel="voice"
        )
    return conversation_id


async def run_twice(ledger: DomainLedger, turn: int, *effects: Effect) -> list[Done]:
    """The outcomes, which a second run of the turn must repeat."""
    first, again = await ledger.run(turn, effects), await ledger.run(turn, effects)
    done = [outcome for outcome in first if isinstance(outcome, Done)]
    assert len(done) == len(effects), first
    assert list(again) == [replace(outcome, replayed=True) for outcome in done]
    return done


async def test_what_is_noted_on_a_reservation_is_noted_once(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    ledger = DomainLedger(database, business, await conversation(database, business), CLOCK)
    number = made.reservation_id
    done = await run_twice(ledger, 1, ReconfirmReservation(number), NoteLate(number, 10), NoteRequests(number, (NUTS,)))
    rows = [outcome.reservation for outcome in done]
    assert rows[0] is not None
    assert rows[0].reconfirmed_at == CLOCK.now()
    assert rows[2] is not None
    assert (rows[2].late_minutes, rows[2].guest.requests) == (10, (NUTS,))
    assert await ledger.run(2, (NoteLate(number, 20), CancelReservation(number))) == [
        Refused("conflict"),
        Refused("not_attempted"),
    ]
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_the_waitlist_is_joined_accepted_and_left_once(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    ledger = DomainLedger(database, business, await conversation(database, business), FixedClock(NOW))
    spread = timedelta(minutes=30)
    wish = JoinWaitlist(SlotQuery(EVENING, 2), EVENING - spread, EVENING + spread, BOB)
    (joined,) = await run_twice(ledger, 1, wish)
    assert joined.waiting is not None
    assert joined.waiting.status is WaitlistStatus.WAITING
    await run_twice(ledger, 2, CancelReservation(made.reservation_id))
    (accepted,) = await run_twice(ledger, 3, AcceptOffer(joined.waiting.entry_id))
    assert accepted.waiting is not None
    assert accepted.reservation is not None
    assert accepted.reservation.status is ReservationStatus.CONFIRMED
    assert accepted.reservation == accepted.waiting.offer
    assert await counts(database, business) == {"cancelled": 1, "confirmed": 1, "blocking": 1}

    (again,) = await run_twice(ledger, 4, replace(wish, guest=ANN))
    assert again.waiting is not None
    (left,) = await run_twice(ledger, 5, LeaveWaitlist(again.waiting.entry_id))
    assert left.waiting is not None
    assert left.waiting.status is WaitlistStatus.LEFT
    assert await ledger.run(6, (AcceptOffer(again.waiting.entry_id),)) == [Refused("conflict")]


async def test_a_lead_of_two_turns_is_one(database: Database) -> None:
    business = await restaurant(database, 2)
    ledger = DomainLedger(database, business, await conversation(database, business), FixedClock(NOW))
    lead = CreateLead("large_party", "Ann", ANN.phone, "Twelve on Friday", {"party_size": 12})
    (first,) = await run_twice(ledger, 1, lead)
    (second,) = await run_twice(ledger, 2, replace(lead, summary="Fourteen on Friday", details={"party_size": 14}))
    assert first.lead_id == second.lead_id
    async with database.tenant_session(business.tenant_id) as session:
        (stored,) = await list_leads(session)
        known = await service.guest_history(session, business, ANN.phone, NOW)
    assert (stored.times, stored.details) == (1, {"party_size": 14})
    assert not known.is_known
