"""A caller whose tool takes its time hears so, and the call is made once whatever becomes of the reply."""

import asyncio
from collections.abc import Sequence

import pytest

from reception.dialogue import patience
from reception.ports.dialogue import CallerTurn, Channel, Say
from reception.ports.tools import CallTool, Effect, Outcome
from tests.unit.dialogue.fakes import BookLedger
from tests.unit.dialogue.stage import Caller
from tests.unit.dialogue.workshop import NAME, TOOL, agent_with, caller, flow

ENDS = [{"do": "call_tool", "tool": "tickets"}, {"do": "say", "text": "Your ticket is {ticket}."}]
FILLER = Say("One moment, please.", meanwhile=True)


class WaitingLedger(BookLedger):
    """Has no tool answer before `answered` is set."""

    answered: asyncio.Event

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        if any(isinstance(effect, CallTool) for effect in effects):
            await self.answered.wait()
        return await super().run(turn, effects)


async def _about_to_call(channel: Channel = "voice") -> tuple[Caller, asyncio.Event]:
    ann = caller(agent_with(flow(NAME, at_end=ENDS), tools=[TOOL]), channel=channel)
    ann.book.results = {"ticket": "R-1"}
    ledger = WaitingLedger(ann.book, ann.conversation_id)
    ledger.answered = asyncio.Event()
    ann.take_up(None, 0, ledger)
    await ann.say("fix my bike")
    return ann, ledger.answered


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tool is slow."""
    monkeypatch.setattr(patience, "_FILLER_AFTER_S", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_a_slow_tool_is_bridged() -> None:
    ann, answered = await _about_to_call()
    reply = ann.dialogue.commit(await ann.dialogue.prepare(CallerTurn(2, "Ann Lee", "voice")))
    assert await anext(reply) == FILLER
    answered.set()
    rest = [part.text async for part in reply if isinstance(part, Say)]
    assert rest[0] == "Your ticket is R-1."


async def test_a_quick_tool_is_not() -> None:
    ann, answered = await _about_to_call()
    answered.set()
    assert (await ann.say("Ann Lee")).startswith("Your ticket is R-1.")


@pytest.mark.usefixtures("impatient")
async def test_nobody_is_told_to_wait_in_writing() -> None:
    ann, answered = await _about_to_call("chat")
    answered.set()
    assert FILLER.text not in await ann.say("Ann Lee")


@pytest.mark.usefixtures("impatient")
async def test_a_caller_who_speaks_over_the_filler_stops_nothing() -> None:
    ann, answered = await _about_to_call()
    reply = ann.dialogue.commit(await ann.dialogue.prepare(CallerTurn(2, "Ann Lee", "voice")))
    assert await anext(reply) == FILLER
    answered.set()
    await reply.aclose()  # type: ignore[attr-defined]
    assert len(ann.book.called) == 1
