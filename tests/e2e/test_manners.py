"""How the agent behaves on the line: interrupted, typed to, left in silence, given noise, given no date."""

import asyncio
import re
from uuid import UUID

import numpy as np
import pytest

from reception.cli.phone import PhoneCall
from reception.cli.playback import speech_bounds
from tests.e2e.conftest import PARKING, TELEPHONE, WIDEBAND, phone_call, scripted
from tests.support.caller_voice import speak
from tests.support.callers import Caller
from tests.support.running_server import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

INTERRUPTION = "Sorry, one more thing. Do you have any parking?"


@scripted("interruption")
async def interruption(server: RunningServer) -> PhoneCall:
    samples = await asyncio.to_thread(speak, INTERRUPTION, WIDEBAND.sample_rate_hz)
    async with phone_call(server, WIDEBAND) as call:
        await call.wait_sound()
        await call.listen(2.0)
        began_s = call.now_s
        await call.say(samples, INTERRUPTION)
        await call.wait_reply()
        bounds = speech_bounds(samples, WIDEBAND.sample_rate_hz) or (0, 0)
        call.events.append((began_s + bounds[0] / WIDEBAND.sample_rate_hz, {"type": "test.interrupted"}))
        await call.hang_up()
    return call


@scripted("silence")
async def silence(server: RunningServer) -> PhoneCall:
    async with phone_call(server, TELEPHONE) as call:
        await call.wait_ended(90.0)
    return call


@scripted("noise")
async def noise(server: RunningServer) -> PhoneCall:
    rate_hz = WIDEBAND.sample_rate_hz
    hiss = np.random.default_rng(3).normal(0, 1500, 3 * rate_hz).astype(np.int16)
    async with phone_call(server, WIDEBAND) as call:
        await call.wait_reply()
        await call.say(hiss, "[noise]")
        await call.listen(2.5)
        await Caller(call, rate_hz, {}).tell("Is there any parking?")
    return call


@scripted("typing")
async def typing(server: RunningServer) -> PhoneCall:
    async with phone_call(server, WIDEBAND) as call:
        await call.wait_reply()
        await call.type("Is there any parking?")
        await call.wait_reply()
    return call


@scripted("no date")
async def no_date(server: RunningServer) -> PhoneCall:
    vague = ["I don't know yet.", "I am not sure.", "Whenever, I really cannot say."]
    answers = {"party and when": ["Four people.", *vague], "party": ["Four people."], "when": vague, "day": vague}
    async with phone_call(server, WIDEBAND) as call:
        caller = Caller(call, WIDEBAND.sample_rate_hz, answers | {"more": ["No, thank you. Goodbye."]})
        await caller.converse("I would like to book a table, please.", most_turns=10)
        await caller.tell("No, thank you. Goodbye.")
        await call.wait_ended(15.0)
    return call


@pytest.mark.parametrize("finished", ["interruption"], indirect=True)
async def test_the_agent_stops_when_it_is_interrupted_and_answers_that(
    server: RunningServer, finished: PhoneCall
) -> None:
    times = {event["type"]: at_s for at_s, event in reversed(finished.events)}
    assert 0 < times["clear"] - times["test.interrupted"] < 1.5
    assert re.search(PARKING, finished.turns[-1].reply_text), finished.transcript
    cut = await server.until_rows(
        "SELECT text, heard FROM messages WHERE conversation_id = %(id)s AND turn = 0 AND interrupted",
        id=UUID(finished.conversation_id),
    )
    assert cut[0]["heard"]
    assert cut[0]["text"].startswith(cut[0]["heard"])
    assert len(cut[0]["heard"]) < len(cut[0]["text"])


@pytest.mark.parametrize("finished", ["silence"], indirect=True)
async def test_a_silent_caller_is_asked_and_then_let_go(finished: PhoneCall) -> None:
    replies = [event for _, event in finished.events if event["type"] == "reply"]
    greeting = len(finished.turns[0].reply)
    assert greeting >= 3, "the greeting, two questions, and a goodbye"
    assert len(replies) == greeting
    assert finished.ended not in (None, "connection_lost", "hung_up")
    assert not finished.actions


@pytest.mark.parametrize("finished", ["noise"], indirect=True)
async def test_noise_is_no_turn(finished: PhoneCall) -> None:
    _, hiss, question = finished.turns
    assert hiss.heard == ""
    assert not hiss.reply
    assert re.search(PARKING, question.reply_text), finished.transcript


@pytest.mark.parametrize("finished", ["typing"], indirect=True)
async def test_typed_words_are_answered_aloud(finished: PhoneCall) -> None:
    assert re.search(PARKING, finished.turns[1].reply_text)
    assert finished.turns[1].latency_ms is not None


@pytest.mark.parametrize("finished", ["no date"], indirect=True)
async def test_a_caller_without_a_date_is_offered_a_way_out(server: RunningServer, finished: PhoneCall) -> None:
    replies = " ".join(turn.reply_text for turn in finished.turns).lower()
    assert "message" in replies or "call you back" in replies, "\n".join(map(": ".join, finished.transcript))
    assert finished.ended not in (None, "connection_lost")
    assert not server.rows(
        "SELECT 1 FROM reservations WHERE conversation_id = %(id)s AND status IN ('held', 'confirmed')",
        id=UUID(finished.conversation_id),
    )
