"""Conversations against the real database: what is said is what the rows say."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.tools.ledger import DomainLedger
from reception.dialogue.tools.reads import DomainReadTools
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.agents.service import create_agent
from reception.domains.conversations import service as conversations
from reception.domains.leads.service import list_leads
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import update_tenant
from reception.ports.booking import Reservation, ReservationQuery, ReservationStatus, SlotQuery
from reception.ports.business import Agent, AgentKind, AgentSettings, Bookable, Business
from reception.ports.dialogue import Act, CallerTurn, ReplyPart, Say
from reception.ports.tools import Refused
from tests.support.postgres import make_business

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
FRIDAY_7 = datetime(2027, 3, 12, 19, tzinfo=ZONE)


class NoEmbedder:
    model = "none"
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError("nothing is to be embedded")


@dataclass
class Line:
    """One caller on the line to a business in the database."""

    database: Database
    business: Business
    agent: Agent
    clock: FixedClock
    conversation_id: UUID = field(default_factory=uuid7)
    acts: list[Act] = field(default_factory=list)

    async def dial(self) -> "Line":
        tenant_id = self.business.tenant_id
        async with self.database.tenant_session(tenant_id) as session:
            await conversations.start(
                session, tenant_id, self.agent.agent_id, conversation_id=self.conversation_id, channel="voice"
            )
        await self.take_up()
        return self

    async def take_up(self) -> None:
        """The dialogue at the state that is stored."""
        async with self.database.tenant_session(self.business.tenant_id) as session:
            stored = await conversations.load_state(session, self.conversation_id)
        last_turn, state = stored or (0, {})
        embedder = NoEmbedder()
        self.dialogue = GraphDialogue(
            conversation_id=self.conversation_id,
            business=self.business,
            agent=self.agent,
            channel="voice",
            understanding=LocalUnderstanding(embedder),
            reads=DomainReadTools(self.database, self.business, embedder, self.clock, self.conversation_id),
            ledger=DomainLedger(self.database, self.business, self.conversation_id, self.clock),
            clock=self.clock,
            state=state,
            last_turn=last_turn,
        )

    async def say(self, text: str) -> str:
        prepared = await self.dialogue.prepare(CallerTurn(self.dialogue.next_turn, text, "voice"))
        parts: list[ReplyPart] = [part async for part in self.dialogue.commit(prepared)]
        self.acts += [part for part in parts if isinstance(part, Act)]
        return " ".join(part.text for part in parts if isinstance(part, Say))

    async def talk(self, *texts: str) -> list[str]:
        return [await self.say(text) for text in texts]

    async def find(self, phone: str) -> list[Reservation]:
        async with self.database.tenant_session(self.business.tenant_id) as session:
            return await reservations.find(session, self.business, ReservationQuery(phone=phone), NOW)


async def _line(database: Database, capacities: Sequence[int] = (2, 4)) -> Line:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="June", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        for number, capacity in enumerate(capacities, 1):
            await reservations.create_resource(
                session, business.tenant_id, kind=Bookable.TABLE, name=f"Table {number}", place="", capacity=capacity
            )
    return await Line(database, business, agent, FixedClock(NOW)).dial()


async def _another(line: Line) -> Line:
    return await Line(line.database, line.business, line.agent, line.clock).dial()


async def _free_at(line: Line, starts_at: datetime, party_size: int) -> bool:
    async with line.database.tenant_session(line.business.tenant_id) as session:
        found = await reservations.availability(session, line.business, SlotQuery(starts_at, party_size), NOW)
    return found.exact is not None


async def test_a_conversation_ends_in_the_right_row(database: Database) -> None:
    line = await _line(database)
    replies = await line.talk(
        "a table for two on Friday at 7 pm", "Maria Ramos", "no, four people", "415 555 0142", "yes please"
    )
    (row,) = await line.find("+14155550142")
    assert (row.party_size, row.starts_at, row.guest.name) == (4, FRIDAY_7, "Maria Ramos")
    assert row.reference in replies[-1]
    assert [act.name for act in line.acts] == ["reservation.created"]
    assert line.acts[0].data["reservation_id"] == str(row.reservation_id)
    async with database.tenant_session(line.business.tenant_id) as session:
        messages = await conversations.list_messages(session, line.conversation_id)
    assert [message.speaker for message in messages] == ["caller", "agent"] * 5
    assert messages[-1].text == replies[-1]


async def test_hanging_up_leaves_no_hold(database: Database) -> None:
    line = await _line(database, capacities=(4,))
    await line.talk("a table for four on Friday at 7 pm", "Maria Ramos", "415 555 0142")
    assert not await _free_at(line, FRIDAY_7, 4)
    await line.dialogue.close("caller_gone")
    await line.dialogue.close("caller_gone")
    assert await _free_at(line, FRIDAY_7, 4)
    assert not await line.find("+14155550142")


async def test_every_turn_may_be_taken_up_by_another_process(database: Database) -> None:
    line = await _line(database)
    for text in ("a table for two", "on Friday", "7 pm", "Maria Ramos", "415 555", "0142", "yes"):
        await line.say(text)
        await line.take_up()
    (row,) = await line.find("+14155550142")
    assert (row.party_size, row.starts_at) == (2, FRIDAY_7)


async def test_a_commit_that_is_repeated_after_a_crash_books_once(database: Database) -> None:
    line = await _line(database)
    await line.talk("a table for two on Friday at 7 pm", "Maria Ramos", "415 555 0142")
    crashed = await line.dialogue.prepare(CallerTurn(4, "yes", "voice"))
    ledger = DomainLedger(database, line.business, line.conversation_id, line.clock)
    plan = crashed.plan
    await ledger.run(4, plan.draft.effects)  # type: ignore[attr-defined]
    await line.take_up()
    reply = await line.say("yes")
    (row,) = await line.find("+14155550142")
    assert row.reference in reply
    again = await ledger.run(4, plan.draft.effects)  # type: ignore[attr-defined]
    assert all(outcome.replayed for outcome in again)  # type: ignore[union-attr]
    assert len(await line.find("+14155550142")) == 1


async def test_a_caller_who_agrees_again_in_a_later_turn_after_a_crash_has_one_booking(database: Database) -> None:
    line = await _line(database)
    await line.talk("a table for two on Friday at 7 pm", "Maria Ramos", "415 555 0142")
    crashed = await line.dialogue.prepare(CallerTurn(4, "yes", "voice"))
    ledger = DomainLedger(database, line.business, line.conversation_id, line.clock)
    await ledger.run(4, crashed.plan.draft.effects)  # type: ignore[attr-defined]
    await line.take_up()
    await line.say("what was that?")
    reply = await line.say("yes")
    (row,) = await line.find("+14155550142")
    assert row.reference in reply


async def test_of_callers_for_the_last_table_one_gets_it_and_the_others_are_offered_another_time(
    database: Database,
) -> None:
    first = await _line(database, capacities=(4,))
    lines = [first, *[await _another(first) for _ in range(5)]]
    replies = await asyncio.gather(*(line.say("a table for four on Friday at 7 pm") for line in lines))
    got = [reply for reply in replies if "name" in reply]
    assert len(got) == 1
    assert all("I have" in reply for reply in replies if reply not in got)


async def test_a_hold_that_lapsed_and_was_taken_is_refused_at_the_yes(database: Database) -> None:
    slow = await _line(database, capacities=(4,))
    await slow.talk("a table for four on Friday at 7 pm", "Maria Ramos", "415 555 0142")
    slow.clock.advance(timedelta(minutes=6))
    quick = await _another(slow)
    await quick.talk("a table for four on Friday at 7 pm", "Ann Lee", "415 555 0143", "yes")
    reply = await slow.say("yes")
    assert "just been taken" in reply
    assert "I have" in reply
    assert not await slow.find("+14155550142")
    assert len(await slow.find("+14155550143")) == 1


async def test_a_reservation_is_moved_within_its_own_time_and_cancelled(database: Database) -> None:
    line = await _line(database, capacities=(4,))
    await line.talk("a table for four on Friday at 7 pm", "Maria Ramos", "415 555 0142", "yes")
    later = await _another(line)
    replies = await later.talk("I'd like to change my booking", "415 555 0142", "make it 8 pm", "yes")
    (row,) = await line.find("+14155550142")
    assert row.starts_at == FRIDAY_7 + timedelta(hours=1)
    assert row.reference in replies[-1]
    await later.talk("no thanks")
    last = await _another(line)
    await last.talk("cancel my reservation please", "415 555 0142", "yes")
    assert not await line.find("+14155550142")
    assert await _free_at(line, FRIDAY_7, 4)


async def test_a_message_becomes_a_lead_of_its_conversation(database: Database) -> None:
    line = await _line(database)
    await line.talk("I'd like to leave a message", "I left my scarf there", "Ann Lee", "415 555 0142", "yes")
    async with database.tenant_session(line.business.tenant_id) as session:
        (lead,) = await list_leads(session)
    assert (lead.kind, lead.name, lead.conversation_id) == ("message", "Ann Lee", line.conversation_id)


async def _booked(database: Database) -> tuple[Line, Reservation]:
    """Somebody who has just booked, still on the line."""
    line = await _line(database, capacities=(4,))
    await line.talk("a table for four on Friday at 7 pm", "Maria Ramos", "415 555 0142", "yes")
    (row,) = await line.find("+14155550142")
    return line, row


async def _cancel_at_the_desk(line: Line, row: Reservation) -> None:
    async with line.database.tenant_session(line.business.tenant_id) as session:
        await reservations.cancel(session, line.business, row.reservation_id, NOW)


async def _move_at_the_desk(line: Line, row: Reservation, starts_at: datetime, party_size: int = 4) -> None:
    query = SlotQuery(starts_at, party_size, moving=row.reservation_id)
    async with line.database.tenant_session(line.business.tenant_id) as session:
        slot = (await reservations.availability(session, line.business, query, NOW)).exact
        assert slot is not None
        await reservations.move_at_desk(session, line.business, row.reservation_id, slot.slot_id, None, NOW)


async def _close_on_friday(line: Line) -> None:
    hours = replace(line.business.hours, exceptions=((FRIDAY_7.date(), ()),))
    async with line.database.tenant_session(line.business.tenant_id) as session:
        await update_tenant(session, hours=hours)


async def test_a_move_keeps_what_the_desk_has_noted_meanwhile(database: Database) -> None:
    line, row = await _booked(database)
    await line.say("actually make it 8 pm")
    allergic = replace(row.guest, notes="ANAPHYLAXIS: nuts", email="maria@example.com")
    async with database.tenant_session(line.business.tenant_id) as session:
        await reservations.change_guest(session, line.business, row.reservation_id, allergic, NOW)
    await line.say("yes")
    (moved,) = await line.find("+14155550142")
    assert (moved.starts_at, moved.guest) == (FRIDAY_7 + timedelta(hours=1), allergic)


async def test_what_the_desk_has_cancelled_is_said_to_be_cancelled(database: Database) -> None:
    for text in (
        "when is my booking?",
        "actually make it 8 pm",
        "cancel it please",
        "I'll have a nut allergy, by the way",
    ):
        line, row = await _booked(database)
        await _cancel_at_the_desk(line, row)
        reply = await line.say(text)
        assert "is cancelled" in reply, (text, reply)
        assert "You have a table" not in reply
        async with database.tenant_session(line.business.tenant_id) as session:
            stands = await reservations.get_reservation(session, line.business, row.reservation_id)
        assert stands.status is ReservationStatus.CANCELLED


async def test_what_the_desk_has_moved_is_told_before_it_is_changed(database: Database) -> None:
    line, row = await _booked(database)
    await line.say("cancel it please")
    await _move_at_the_desk(line, row, FRIDAY_7 + timedelta(days=1))
    reply = await line.say("yes")
    assert "Saturday" in reply
    assert len(await line.find("+14155550142")) == 1
    await line.say("no")
    await line.say("actually make it 8 pm")
    await _move_at_the_desk(line, row, FRIDAY_7, party_size=2)
    reply = await line.say("yes")
    assert "a table for two on Friday" in reply
    (stands,) = await line.find("+14155550142")
    assert (stands.starts_at, stands.party_size) == (FRIDAY_7, 2)


async def test_a_day_that_is_closed_during_the_call_is_closed_to_it(database: Database) -> None:
    line = await _line(database, capacities=(4,))
    await line.say("are you open on Friday?")
    await _close_on_friday(line)
    assert "closed" in await line.say("are you open on Friday?")
    assert "closed" in await line.say("a table for four on Friday at 7 pm")
    assert not await line.find("+14155550142")


async def test_what_is_held_is_not_confirmed_for_a_day_that_has_been_closed(database: Database) -> None:
    line = await _line(database, capacities=(4,))
    await line.talk("a table for four on Friday at 7 pm", "Maria Ramos", "415 555 0142")
    prepared = await line.dialogue.prepare(CallerTurn(line.dialogue.next_turn, "yes", "voice"))
    await _close_on_friday(line)
    effects = prepared.plan.draft.effects  # type: ignore[attr-defined]
    ledger = DomainLedger(database, line.business, line.conversation_id, line.clock)
    (refused,) = await ledger.run(4, effects)
    assert isinstance(refused, Refused)
    assert "closed" in await line.say("yes")
    assert not await line.find("+14155550142")
