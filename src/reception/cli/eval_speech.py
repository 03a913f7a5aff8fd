"""A call with sound: real speech through the real engine, in real time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from reception.call.config import CallConfig, Phrases
from reception.cli.eval_dialogue import OverheardDialogue
from reception.cli.eval_line import Line
from reception.cli.eval_voice import CallerVoice
from reception.core.errors import Unprocessable
from reception.dialogue.conversation import GraphDialogue
from reception.ports.business import AgentSettings
from reception.ports.dialogue import Act as Done
from reception.ports.events import ActionDone, CallEvent, ReplySaid, TranscriptHeard, TurnMetrics
from reception.providers.bundle import Speech
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.evaluation.phone import Heard, MovableClock, Phone, joined
from reception.runtime.evaluation.running import Call, MakePhone
from reception.runtime.evaluation.scenario import Act, Scenario

_LISTENS_FIRST_S = 0.3
_SETTLED_S = 0.6
"""A reply has ended when nothing was played and nothing happened for so long after its turn's metrics."""
_UNCONFIRMED_S = 3.0
"""The same, while no metrics have come."""
_LONGEST_REPLY_S = 60.0
_ENDS_WITHIN_S = 15.0
_MOST_CALLS = 64
_PATIENT_S = 30.0
_SAID_AGAIN = 2
_NOT_HEARD = frozenset({Phrases().repeat, Phrases().apology})


class SpeechPhone:
    """Implements `Phone` on a `Line` whose other end is a call."""

    def __init__(
        self,
        line: Line,
        dialogue: GraphDialogue,
        overheard: OverheardDialogue,
        call: "asyncio.Task[str]",
        voice: CallerVoice,
        clock: MovableClock,
        prompt_s: float,
    ) -> None:
        self._line = line
        self._dialogue = dialogue
        self._overheard = overheard
        self._call = call
        self._voice = voice
        self._clock = clock
        self._prompt_s = prompt_s
        self._seen = 0
        self._acted_s = 0.0

    @property
    def conversation_id(self) -> UUID:
        return self._dialogue.conversation_id

    async def greeting(self) -> Heard:
        return await self._reply(unasked=True)

    async def do(self, act: Act, *, cut_short: bool = False) -> Heard:
        match act.kind:
            case "silence":
                return await self._silence(act.lasts)
            case "dtmf":
                for key in act.text:
                    self._line.press(key)
                self._acted_s = self._line.now_s
            case _:
                return await self._said(act, cut_short=cut_short)
        return await self._reply()

    async def wait(self, length: timedelta) -> None:
        self._clock.advance(length)

    async def reconnect(self) -> Heard:
        raise Unprocessable("reconnect is played as text only")

    async def hang_up(self) -> str:
        if not self._call.done():
            self._line.hang_up("caller_hung_up")
        async with asyncio.timeout(_ENDS_WITHIN_S):
            return await self._call

    async def _said(self, act: Act, *, cut_short: bool) -> Heard:
        """Says it, and says it again when the agent did not hear it."""
        await self._say(act)
        if cut_short:
            await self._line.until(self._sounds, _LONGEST_REPLY_S)
            await self._listen(act.after_s)
            return self._heard()
        heard = await self._reply()
        for _ in range(_SAID_AGAIN):
            if heard.heard or heard.ended or heard.reply not in _NOT_HEARD:
                break
            await self._say(act)
            heard = await self._reply()
        return heard

    async def _say(self, act: Act) -> None:
        samples = await self._voice.speak(act.text, self._line.rate_hz)
        if act.kind != "interrupt":
            await self._listen(_LISTENS_FIRST_S)
        self._line.say(samples)
        await self._line.until(lambda: not self._line.speaks, samples.size / self._line.rate_hz + _ENDS_WITHIN_S)
        self._acted_s = self._line.now_s

    async def _silence(self, length: timedelta) -> Heard:
        """Until the agent has said something about it, or for `length`."""
        self._acted_s = self._line.now_s
        self._overheard.announced = ()
        if length:
            await self._listen(length.total_seconds())
            return self._heard()
        return await self._reply(unasked=True, within_s=self._prompt_s + _LONGEST_REPLY_S)

    async def _reply(self, *, unasked: bool = False, within_s: float = _LONGEST_REPLY_S) -> Heard:
        await self._line.until(self._has_announced if unasked else self._has_replied, within_s)
        if self._line.closed:
            await asyncio.wait({self._call}, timeout=_ENDS_WITHIN_S)
        return self._heard()

    def _has_replied(self) -> bool:
        line, fresh = self._line, self._line.events[self._seen :]
        if line.playback.waiting_marks or not any(isinstance(event, ReplySaid) for _, event in fresh):
            return False
        told = [at_s for at_s, event in fresh if isinstance(event, TurnMetrics) and not event.interrupted]
        confirmed = any(at_s >= self._acted_s for at_s in told)
        latest = max([self._acted_s, line.playback.ends_s, *(at_s for at_s, _ in fresh)])
        return line.now_s >= latest + (_SETTLED_S if confirmed else _UNCONFIRMED_S)

    def _has_announced(self) -> bool:
        """Whether all of what the agent says of its own accord has been said: a greeting, or words to a silence."""
        line, wanted = self._line, self._overheard.announced
        said = [event.text for _, event in line.events[self._seen :] if isinstance(event, ReplySaid)]
        if line.playback.waiting_marks or not wanted or not set(wanted) <= set(said):
            return False
        return line.now_s >= max(self._acted_s, line.playback.ends_s) + _SETTLED_S

    def _sounds(self) -> bool:
        sound_s = self._line.playback.first_sound_s(received_after_s=self._acted_s)
        return sound_s is not None and sound_s <= self._line.now_s

    def _heard(self) -> Heard:
        fresh = [event for _, event in self._line.events[self._seen :]]
        self._seen = len(self._line.events)
        said = [event for event in fresh if isinstance(event, ReplySaid)]
        return Heard(
            reply=joined([event.text for event in said]),
            question=self._dialogue.question,
            heard=joined([event.text for event in fresh if isinstance(event, TranscriptHeard) and event.final]),
            acts=tuple(
                # The transfer is how the call ends, not something that was done in it.
                Done(event.name, event.data)
                for event in fresh
                if isinstance(event, ActionDone) and event.name != "call.transfer"
            ),
            documents=tuple(dict.fromkeys(cite.document for event in said for cite in event.citations)),
            options=self._dialogue.expectation().options,
            ended=self._call.result() if self._call.done() else "",
        )

    async def _listen(self, seconds: float) -> None:
        until_s = self._line.now_s + seconds
        await self._line.until(lambda: self._line.now_s >= until_s, seconds + 1)


def speech_phone(speech: Speech, voice: CallerVoice) -> MakePhone:
    """Calls with sound on the models of `speech`."""
    live = LiveCalls(_MOST_CALLS)

    @asynccontextmanager
    async def phone(call: Call) -> AsyncIterator[Phone]:
        scenario, wired = call.scenario, call.wired
        for text in _said(scenario):
            await voice.speak(text, scenario.speech.rate_hz)
        line = Line(scenario.speech.rate_hz, scenario.speech.encoding, scenario.speech.noise_snr_db)
        centre = CallCentre(call.factory, live, speech, call.clock, lambda *_: _NoObserver(), _unhurried)
        dialogue = await call.factory.start(wired, "voice", caller_phone=scenario.caller)
        overheard = OverheardDialogue(dialogue)
        answering = asyncio.create_task(centre.answer(line, wired, overheard), name="evaluated-call")
        microphone = asyncio.create_task(line.run(), name="caller")
        made = SpeechPhone(
            line, dialogue, overheard, answering, voice, call.clock, wired.agent.settings.silence_prompt_s
        )
        try:
            yield made
            await made.hang_up()
        finally:
            for task in (answering, microphone):
                task.cancel()
            await asyncio.gather(answering, microphone, return_exceptions=True)

    return phone


def _unhurried(settings: AgentSettings) -> CallConfig:
    """A machine that is busy with other calls must not make a scenario fail."""
    return replace(
        CallConfig.for_agent(settings),
        stt_timeout_s=_PATIENT_S,
        tts_timeout_s=_PATIENT_S,
        dialogue_timeout_s=_PATIENT_S,
        detector_timeout_s=1.0,
    )


class _NoObserver:
    def on_event(self, event: CallEvent) -> None:
        return None


def _said(scenario: Scenario) -> list[str]:
    """What will be said for certain, to be synthesised before the call."""
    acts = [turn.act for turn in scenario.turns] + [act for acts in scenario.answers.values() for act in acts]
    return [act.text for act in acts if act.kind in ("say", "interrupt") and act.text]
