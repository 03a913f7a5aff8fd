"""Calls go to whom the caller asked for, when they are there; out of their hours a message is taken."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reception.ports.business import AgentSettings
from reception.ports.dialogue import HangUp, Transfer
from tests.unit.dialogue.workshop import NAME, OPEN_AT, agent_with, caller, flow

NIGHT = datetime(2027, 3, 11, 11, 0, tzinfo=UTC)
"""A Thursday, three in the morning in Los Angeles."""
EVENING = datetime(2027, 3, 11, 2, 30, tzinfo=UTC)
"""Half past six on Wednesday evening, when the restaurant is open."""
DAYS: list[list[dict[str, str]]] = [[{"opens": "09:00", "closes": "17:00"}]] * 5 + [[], []]
OFFICE = {
    "name": "office", "phone": "+14155550171", "synonyms": ["accounts"], "available": "schedule",
    "schedule": {"weekly": DAYS, "exceptions": [{"date": "2027-03-12", "spans": []}]},
    "closed": "The office is closed.",
}  # fmt: skip
FLOOR = {"name": "dining room", "phone": "+14155550172", "available": "business_hours"}
NIGHT_PORTER = {
    "name": "porter", "phone": "+14155550173", "available": "schedule",
    "schedule": {"weekly": [[{"opens": "22:00", "closes": "06:00"}]] * 7},
}  # fmt: skip


def _phone(ended: HangUp | Transfer | None) -> str | None:
    return ended.target if isinstance(ended, Transfer) else None


@pytest.mark.parametrize(
    ("at", "said", "phone"),
    [
        (OPEN_AT, "I want to speak to a person", "+14155550171"),
        (EVENING, "I want to speak to a person", "+14155550172"),
        (NIGHT, "I want to speak to a person", "+14155550173"),
        (EVENING, "put me through to the dining room", "+14155550172"),
        (OPEN_AT, "can I talk to someone in accounts", "+14155550171"),
        (EVENING, "can I talk to someone in accounts", None),
        (datetime(2027, 3, 12, 20, 0, tzinfo=UTC), "I need to talk to someone in the office", None),
        (datetime(2027, 3, 13, 20, 0, tzinfo=UTC), "I need to talk to someone in the office", None),
    ],
)
async def test_whom_a_call_goes_to(at: datetime, said: str, phone: str | None) -> None:
    ann = caller(agent_with(transfer_targets=[OFFICE, FLOOR, NIGHT_PORTER]), at=at)
    reply = await ann.say(said)
    assert _phone(ann.ended) == phone
    assert ann.act("handoff.requested")
    kinds = [] if said.endswith("a person") else ["handoff" if phone else "callback"]
    assert [lead.kind for lead in ann.book.leads] == kinds
    if phone is None:
        assert "The office is closed. Let me take your details" in reply
        await ann.talk("Ann Lee", "415 555 0123", "yes")
        assert (ann.book.leads[-1].kind, ann.book.leads[-1].name) == ("callback", "Ann Lee")


async def test_with_nobody_there_a_message_is_taken() -> None:
    ann = caller(agent_with(transfer_targets=[OFFICE]), at=NIGHT)
    assert "The office is closed." in await ann.say("I want to speak to a person")
    assert ann.ended is None


async def test_without_targets_the_agents_own_number_is_called() -> None:
    ann = caller(agent_with(), settings=AgentSettings(handoff_phone="+14155550199"))
    await ann.say("I want to speak to a person")
    assert _phone(ann.ended) == "+14155550199"


async def test_an_intent_puts_a_caller_through() -> None:
    intents = [{"name": "invoices", "examples": ["there is a mistake on my invoice"], "target": "office"}]
    ann = caller(agent_with(transfer_targets=[FLOOR, OFFICE], intents=intents))
    await ann.say("There is a mistake on my invoice")
    assert _phone(ann.ended) == "+14155550171"
    assert ann.book.leads[0].details["target"] == "office"


@pytest.mark.parametrize(("at", "phone"), [(OPEN_AT, "+14155550171"), (NIGHT, None)])
async def test_a_flow_hands_over_at_its_end(at: datetime, phone: str | None) -> None:
    ends: list[dict[str, Any]] = [{"do": "say", "text": "Thank you, {name}."}, {"do": "hand_over", "target": "office"}]
    ann = caller(agent_with(flow(NAME, at_end=ends), transfer_targets=[FLOOR, OFFICE]), at=at)
    await ann.say("fix my bike")
    reply = await ann.say("Ann Lee")
    assert reply.startswith("Thank you, Ann Lee.")
    assert _phone(ann.ended) == phone
    [lead] = ann.book.leads
    assert (lead.kind, lead.name) == ("handoff", "Ann Lee")
    if phone is None:
        assert "The office is closed." in reply


async def test_nobody_is_put_through_in_writing() -> None:
    ann = caller(agent_with(transfer_targets=[FLOOR]), at=EVENING, channel="chat")
    assert "colleague can call you back" in await ann.say("I want to speak to a person")
    assert ann.ended is None
