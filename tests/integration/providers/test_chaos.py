"""Providers that are slow, dead or wrong in the middle of real calls over the voice socket."""

import asyncio
from dataclasses import dataclass

import pytest

from reception.cli.phone import PhoneCall, Turn, dial
from reception.cli.phone_book import Line
from reception.core.speakable import speakable
from reception.ports.audio import AudioFormat
from tests.integration.api.installation import Installation
from tests.integration.providers.conftest import DEAD, GOOD, QUESTION, RATE_HZ, model_of
from tests.support.caller_voice import speak
from tests.support.letters import read, said_once, without_filler
from tests.support.vendors.faults import ERRORS

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUDIO = AudioFormat("pcm_s16le", RATE_HZ)


@dataclass(frozen=True)
class Outcome:
    """A call in which a question was asked and answered; `heard` is the answer as it sounded."""

    call: PhoneCall
    reply: str
    heard: str
    ended: str | None

    def switches(self, part: str) -> list[tuple[str, str]]:
        return [
            (str(event["from"]), str(event["to"]))
            for _, event in self.call.events
            if event["type"] == "provider" and event["part"] == part
        ]


PATIENCE_S = 240.0
"""Real time, and much of it on a machine that does much else besides."""
LINES = asyncio.Semaphore(3)


async def whole_reply(call: PhoneCall) -> Turn:
    """The reply with its metrics, which come when it is over: after a filler the answer may be long in coming."""
    await call.wait_reply(PATIENCE_S)
    until_s = call.now_s + PATIENCE_S
    while not call.turns[-1].metrics and call.ended is None and call.now_s < until_s:
        await call.listen(0.25)
    return await call.wait_reply(PATIENCE_S)


async def ask(installation: Installation, *, stt: str = "", tts: str = "", spoken: bool = False) -> Outcome:
    """Call an agent that hears and speaks like this, ask once whether there is parking, and hear the answer."""
    shop = await installation.open_shop()
    # How long somebody is silent here is the machine's doing.
    change = {"settings": {"stt": stt, "tts": tts, "filler_after_ms": 700, "silence_prompt_s": 60}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    line = Line(installation.url, str(shop.agent_id), "Ada", shop.token)
    question = await asyncio.to_thread(speak, QUESTION, RATE_HZ) if spoken else None
    async with LINES, dial(line, AUDIO) as call:
        await call.wait_reply(PATIENCE_S)
        asked_s = call.now_s
        if question is not None:
            await call.say(question, QUESTION)
        else:
            await call.type(QUESTION)
        turn = await whole_reply(call)
        heard = read(call.playback.render(asked_s, call.now_s), RATE_HZ)
        return Outcome(call, turn.reply_text, heard, call.ended)


async def test_a_voice_that_fails_in_a_call_is_replaced_and_no_word_is_said_twice(installation: Installation) -> None:
    chains = {fault: f"openai:{model_of(fault)}, openai:{GOOD}" for fault in ERRORS}
    outcomes = await asyncio.gather(*[ask(installation, tts=chain) for chain in chains.values()])
    for fault, outcome in zip(chains, outcomes, strict=True):
        spoken = speakable(outcome.reply)
        assert outcome.ended is None
        assert said_once(without_filler(outcome.heard, spoken), spoken), (fault, outcome.heard, spoken)
        assert outcome.switches("tts") == [(f"openai:{model_of(fault)}", f"openai:{GOOD}")], fault


async def test_ears_that_fail_in_a_call_are_replaced_and_the_question_is_answered(installation: Installation) -> None:
    chains = {fault: f"openai:{model_of(fault)}, openai:{GOOD}" for fault in ERRORS}
    outcomes = await asyncio.gather(
        *[ask(installation, stt=chain, tts=f"openai:{GOOD}", spoken=True) for chain in chains.values()]
    )
    for fault, outcome in zip(chains, outcomes, strict=True):
        spoken = speakable(outcome.reply)
        assert outcome.ended is None
        assert outcome.call.turns[-1].heard == QUESTION, fault
        assert said_once(without_filler(outcome.heard, spoken), spoken), (fault, outcome.heard, spoken)
        assert outcome.switches("stt") == [(f"openai:{model_of(fault)}", f"openai:{GOOD}")], fault


async def test_when_every_vendor_is_dead_the_installation_s_own_models_hold_the_call(
    installation: Installation,
) -> None:
    outcome = await ask(installation, stt=f"openai:{DEAD}-1", tts=f"openai:{DEAD}-2", spoken=True)
    assert outcome.ended is None
    assert "parking" in outcome.call.turns[-1].heard.lower()
    assert outcome.reply
    assert outcome.switches("stt") == [(f"openai:{DEAD}-1", "whisper-base")]
    assert outcome.switches("tts") == [(f"openai:{DEAD}-2", "hibari")]
    assert outcome.call.turns[-1].metrics[-1]["providers"]["tts"] == "hibari"
    assert outcome.call.turns[-1].metrics[-1]["providers"]["stt"] == "whisper-base"
