"""A whole call with a language model: real speech, the real server, and a model behind OpenAI's wire format.

The model computes what it writes from what it is asked, lives for the first turns, and dies in the middle of the call.
The caller does not wait until all of a reply has been played.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from reception.cli.phone import PhoneCall, Turn
from tests.e2e.conftest import TELEPHONE, dinner_day, phone_call, restaurant
from tests.support.caller_voice import speak
from tests.support.callers import spoken_day
from tests.support.reading_model import tagged
from tests.support.rule_model import RuleModel
from tests.support.running_server import RunningServer, running_server
from tests.support.vendors.chat_models import CompatibleChatServer, Prompt
from tests.support.vendors.faults import Fault
from tests.support.vendors.http_vendor import Asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODEL = "rules"
PROVIDER = f"compatible:{MODEL}"
OPENING = (
    "So it would be me and my wife and her parents, that makes four people, on {day}, at seven thirty in the evening, "
    "a table if you have one."
)
"""Long enough that rules are not thought to see all of it."""
PARKING, CHAIRS = "Is there any parking?", "Do you have high chairs for children?"


class Model(RuleModel):
    def answer(self, question: str, prompt: Prompt) -> str:
        """The shortest sentence about it and then the longest, so that much is still to be written after the first."""
        said = super().answer(question, prompt)
        sentences = sorted((one + "]." for one in said.split("].") if one.strip()), key=len)
        return " ".join(dict.fromkeys((sentences[0].strip(), sentences[-1].strip()))) if sentences else said


class Server(CompatibleChatServer):
    """Writes half of an answer and waits for the gate; breaks off when it is asked about chairs."""

    def fault_of(self, asked: Asked) -> Fault:
        if asked.path != self.path:
            return Fault.NONE
        user = asked.json()["messages"][1]["content"]
        question = tagged(user, "question") or tagged(user, "caller")
        if "chair" in question.lower():
            return Fault.HALF_CLOSED
        return Fault.GATED if "response_format" not in asked.json() else Fault.NONE


@dataclass
class Made:
    server: RunningServer
    call: PhoneCall
    opening: Turn
    parking: Turn
    chairs: Turn
    heard_before_the_end: bool


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Made]:
    async with Server(Model(), MODEL) as model:
        settings = {"RECEPTION_LLM": f"{model.base_url}#{MODEL}", "RECEPTION_LLM_BUDGET_S": "20"}
        context = running_server(tmp_path_factory.mktemp("modelled"), **settings)
        server = await asyncio.to_thread(context.__enter__)
        try:
            yield await _call(server, model)
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)


async def _call(server: RunningServer, model: Server) -> Made:
    async with phone_call(server, TELEPHONE) as call:
        await call.wait_sound()
        opening = await _spoken(call, OPENING.format(day=spoken_day(dinner_day())))
        await _until(call, lambda: "name" in opening.reply_text)
        parking = await _spoken(call, PARKING)
        heard = await call.wait_sound()
        model.gate.set()
        await _until(call, lambda: len(parking.reply) > 1 and "name" in parking.reply_text)
        chairs = await _typed(call, CHAIRS, "name")
        await _typed(call, "My name is Joe Miller.", "phone")
        await _typed(call, "415 555 0142", "book it?")
        await _typed(call, "Yes, please.", "reference")
    return Made(server, call, opening, parking, chairs, heard)


async def _spoken(call: PhoneCall, text: str) -> Turn:
    await call.say(await asyncio.to_thread(speak, text, TELEPHONE.sample_rate_hz), text)
    return call.turns[-1]


async def _typed(call: PhoneCall, text: str, awaited: str) -> Turn:
    await call.type(text)
    turn = call.turns[-1]
    await _until(call, lambda: awaited in turn.reply_text)
    return turn


async def _until(call: PhoneCall, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            assert call.ended is None, call.transcript
            await asyncio.sleep(0.05)


async def test_what_the_model_read_of_speech_is_what_is_booked(made: Made) -> None:
    metrics = _metrics(made, made.opening)
    assert metrics["providers"]["understanding"] == PROVIDER
    assert metrics["llm_first_token_ms"] is not None
    (row,) = made.server.rows(
        "SELECT * FROM reservations WHERE conversation_id = %(id)s AND status = 'confirmed'",
        id=UUID(made.call.conversation_id),
    )
    assert row["reference"] in made.call.turns[-1].reply_text
    starts_at = row["starts_at"].astimezone(ZoneInfo(restaurant().spec.timezone))
    booked = row["party_size"], starts_at.date(), f"{starts_at:%H:%M}", row["guest_name"], row["guest_phone"]
    assert booked == (4, dinner_day(), "19:30", "Joe Miller", "+14155550142"), made.call.transcript


async def test_its_answer_is_heard_while_it_is_still_being_written(made: Made) -> None:
    assert made.heard_before_the_end
    assert _metrics(made, made.parking)["providers"]["answer"] == PROVIDER
    assert made.parking.citations


async def test_where_it_dies_in_the_middle_of_a_call_we_go_on_without_it(made: Made) -> None:
    assert "high chair" in made.chairs.reply_text.lower(), made.call.transcript
    assert _metrics(made, made.chairs)["providers"]["answer"] == "local"
    switched = [event for _, event in made.call.events if event["type"] == "provider"]
    assert (PROVIDER, "local") in [(one["from"], one["to"]) for one in switched]


def _metrics(made: Made, turn: Turn) -> dict[str, Any]:
    found = [one for each in made.call.turns for one in each.metrics if one["turn"] == made.call.turns.index(turn)]
    assert found, made.call.transcript
    return dict(found[0])
