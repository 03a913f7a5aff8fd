"""Whole calls with a language model: real speech, the real server, and a model behind OpenAI's wire format.

The model computes what it writes from what it is asked. Two calls are made side by side: in one the model lives, in the
other it dies in the middle.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from reception.cli.phone import PhoneCall, Turn
from tests.e2e.conftest import TELEPHONE, dinner_day, phone_call, restaurant
from tests.support.callers import Caller, spoken_day
from tests.support.reading_model import tagged
from tests.support.rule_model import RuleModel
from tests.support.running_server import RunningServer, running_server
from tests.support.vendors.chat_models import CompatibleChatServer, Prompt
from tests.support.vendors.faults import Fault
from tests.support.vendors.http_vendor import Asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODEL = "rules"
PROVIDER = f"compatible:{MODEL}"
PARKING, CHAIRS = "Is there any parking?", "Do you have high chairs for children?"


class Model(RuleModel):
    def answer(self, question: str, prompt: Prompt) -> str:
        """The shortest sentence about it and then the longest, so that much is still to be written after the first."""
        said = super().answer(question, prompt)
        sentences = sorted((one + "]." for one in said.split("].") if one.strip()), key=len)
        return " ".join(dict.fromkeys((sentences[0].strip(), sentences[-1].strip()))) if sentences else said


class Server(CompatibleChatServer):
    """Writes half of an answer and waits for the gate; breaks off when it is asked about chairs, and from then on."""

    def fault_of(self, asked: Asked) -> Fault:
        if asked.path != self.path:
            return Fault.NONE
        user = asked.json()["messages"][1]["content"]
        question = tagged(user, "question") or tagged(user, "caller")
        if "chair" in question.lower():
            return Fault.HALF_CLOSED
        return Fault.GATED if "response_format" not in asked.json() else Fault.NONE


@dataclass
class Calls:
    server: RunningServer
    model: Server
    living: PhoneCall
    dying: PhoneCall
    parked: Turn
    heard_before_the_end: bool


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    async with Server(Model(), MODEL) as model:
        settings = {"RECEPTION_LLM": f"{model.base_url}#{MODEL}", "RECEPTION_LLM_BUDGET_S": "20"}
        context = running_server(tmp_path_factory.mktemp("modelled"), **settings)
        server = await asyncio.to_thread(context.__enter__)
        try:
            (living, parked, early), dying = await asyncio.gather(_living(server, model), _dying(server))
            yield Calls(server, model, living, dying, parked, early)
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)


def _opening() -> str:
    return (
        f"Hello, so it would be me and my wife and her parents, that makes four people, on {spoken_day(dinner_day())}, "
        "at seven thirty in the evening, a table if you have one."
    )


async def _living(server: RunningServer, model: Server) -> tuple[PhoneCall, Turn, bool]:
    async with phone_call(server, TELEPHONE) as call:
        await call.wait_reply()
        caller = Caller(call, TELEPHONE.sample_rate_hz, {})
        await caller.tell(_opening())
        asking = asyncio.create_task(caller.tell(PARKING))
        while "Is there" not in call.turns[-1].said or not call.turns[-1].reply:
            await call.listen(0.1)
        heard = await call.wait_sound()
        model.gate.set()
        parked = await asking
        await caller.tell("My name is Joe Miller.")
        await caller.tell("four one five, five five five, zero one four two.")
        await caller.tell("Yes, please.")
    return call, parked, heard


async def _dying(server: RunningServer) -> PhoneCall:
    async with phone_call(server, TELEPHONE) as call:
        await call.wait_reply()
        caller = Caller(call, TELEPHONE.sample_rate_hz, {})
        for words in (
            _opening(),
            CHAIRS,
            "My name is Anna Lee.",
            "four one five, five five five, zero one four three.",
        ):
            await caller.tell(words)
        await caller.tell("Yes, please.")
    return call


def _booked(calls: Calls, call: PhoneCall) -> tuple[object, ...]:
    (row,) = calls.server.rows(
        "SELECT * FROM reservations WHERE conversation_id = %(id)s AND status = 'confirmed'",
        id=UUID(call.conversation_id),
    )
    assert row["reference"] in call.turns[-1].reply_text
    starts_at = row["starts_at"].astimezone(ZoneInfo(restaurant().spec.timezone))
    return row["party_size"], starts_at.date(), f"{starts_at:%H:%M}", row["guest_name"], row["guest_phone"]


async def test_what_the_model_read_of_speech_is_what_is_booked(calls: Calls) -> None:
    opening = calls.living.turns[1]
    assert opening.metrics[0]["providers"]["understanding"] == PROVIDER
    assert opening.metrics[0]["llm_first_token_ms"] is not None
    expected = (4, dinner_day(), "19:30", "Joe Miller", "+14155550142")
    assert _booked(calls, calls.living) == expected, calls.living.transcript


async def test_its_answer_is_heard_while_it_is_still_being_written(calls: Calls) -> None:
    assert calls.heard_before_the_end
    assert calls.parked.metrics[0]["providers"]["answer"] == PROVIDER
    answered = [text for text in calls.parked.reply if "park" in text.lower() or "lot" in text.lower()]
    assert len(answered) > 1, calls.parked.reply
    assert calls.parked.citations


async def test_where_it_dies_in_the_middle_of_a_call_we_go_on_without_it(calls: Calls) -> None:
    asked = next(turn for turn in calls.dying.turns if "chair" in turn.heard.lower())
    assert calls.dying.turns[1].metrics[0]["providers"]["understanding"] == PROVIDER
    assert "high chair" in asked.reply_text.lower(), calls.dying.transcript
    assert asked.metrics[0]["providers"]["answer"] == "local"
    switched = [event for _, event in calls.dying.events if event["type"] == "provider"]
    assert [(one["part"], one["from"], one["to"]) for one in switched] == [("answer", PROVIDER, "local")]
    expected = (4, dinner_day(), "19:30", "Anna Lee", "+14155550143")
    assert _booked(calls, calls.dying) == expected, calls.dying.transcript
