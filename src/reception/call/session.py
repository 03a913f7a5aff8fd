"""One call, from its greeting to its end: the parts of the engine wired to the ports, in one task group."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog

from reception.call.config import CallConfig
from reception.call.conversation import CallOver, Conversation
from reception.call.dead_air import DeadAir
from reception.call.decisions import (
    CallerSilent,
    Commit,
    Decision,
    Discard,
    HoldAgent,
    JudgeEnd,
    ResumeAgent,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    TranscribePartly,
    Unintelligible,
    Withdraw,
)
from reception.call.echo import COMPARED_MS, OwnVoice
from reception.call.faults import Failure, attempt, attempt_now
from reception.call.feed import EventFeed
from reception.call.hearing import Hearing
from reception.call.jobs import Answer, AskSilent, Excuse, Finish, Greet
from reception.call.keypad import Keypad
from reception.call.playout import Playout
from reception.call.reply import Stage
from reception.call.speculation import Speculation
from reception.call.synthesis import VoiceOfCall
from reception.call.turn_taking import TurnTaker
from reception.call.watch import Watch
from reception.core.clock import Clock
from reception.core.telemetry import CALL_ENDED, CALL_FAILED, CALL_STARTED, TURN_DROPPED
from reception.ports.dialogue import Dialogue
from reception.ports.events import CallEnded, CallFault, CallObserver, SpeechChanged, TranscriptHeard
from reception.ports.expectation import Completeness
from reception.ports.leg import AudioIn, CallLeg, DtmfIn, LegClosed, LegInput, MarkIn, PushesAudio, TextIn, TypingIn
from reception.ports.speech import (
    VAD_WINDOW_MS,
    Recognizer,
    TextToSpeech,
    Transcript,
    TurnDetector,
    Voice,
    VoiceActivityDetector,
)

_log = structlog.get_logger(__name__)

T = TypeVar("T")


class CallSession:
    """A live call. `run` is the whole of it; nothing it started outlives it.

    Args:
        leg: the caller's connection.
        dialogue: the conversation, closed once by `run`.
        vad, recognizer, turn_detector, tts: shared models; the session opens its own streams on them.
        voice: how the agent sounds.
        config: every timing.
        clock: monotonic time for playback and latency.
        observers: told of every event after the client.
        first_turn: the number of the caller's next turn, above 1 when a conversation is taken up again.
        turn_taker: makes the call's turn taker.
    """

    def __init__(
        self,
        leg: CallLeg,
        dialogue: Dialogue,
        *,
        vad: VoiceActivityDetector,
        recognizer: Recognizer,
        turn_detector: TurnDetector | None,
        tts: TextToSpeech,
        voice: Voice,
        config: CallConfig,
        clock: Clock,
        observers: Sequence[CallObserver] = (),
        first_turn: int = 1,
        turn_taker: Callable[[CallConfig], TurnTaker] = TurnTaker,
    ) -> None:
        self._leg = leg
        self._dialogue = dialogue
        self._vad = vad
        self._recognizer = recognizer
        self._turn_detector = turn_detector
        self._config = config
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._context = contextvars.Context()
        self._turns = turn_taker(config)
        self._keypad = Keypad(config)
        self._keypad_timer: asyncio.TimerHandle | None = None
        self._feed = EventFeed(leg, observers, limit=config.max_waiting_events)
        self.tell = self._feed.post
        self._playout = Playout(leg.output_rate_hz)
        speech = VoiceOfCall(
            tts, voice, leg.output_rate_hz, clock=clock, spawn=self._spawn, timeout_s=config.tts_timeout_s
        )
        self._speculation = Speculation(dialogue, speech, self._spawn, timeout_s=config.dialogue_timeout_s)
        self._own_voice = OwnVoice(leg.output_rate_hz)
        stage = Stage(leg, self._feed, speech, self._playout, self._own_voice, DeadAir(config), config, clock)
        self._conversation = Conversation(
            dialogue,
            stage,
            self._speculation,
            config,
            first_turn=first_turn,
            on_idle=self._agent_finished,
            spawn=self._spawn,
        )
        self._watch = Watch(
            self._turns,
            config,
            clock,
            decide=self._apply,
            bridge=self._conversation.bridge,
            finish=lambda: self._add(Finish("max_length", config.phrases.too_long)),
            cut=lambda: self.cut("max_length"),
        )
        self._hearing: Hearing | None = None
        self._transcript: tuple[int, Transcript, float] | None = None

    async def run(self) -> str:
        """Hold the call. Returns why it ended: the leg's reason, the dialogue's, or the one given to `end`.

        Whatever happens, the dialogue and the leg are closed before this returns or raises.
        """
        reason = "error"
        self._context = contextvars.copy_context()
        _log.info(CALL_STARTED)
        try:
            reason = await self._hold_call()
        except asyncio.CancelledError:
            reason = "cancelled"
            raise
        finally:
            await self._close(reason)
        return reason

    async def _hold_call(self) -> str:
        try:
            async with self._group as group:
                hearing = self._open_hearing()
                group.create_task(self._feed.run())
                group.create_task(self._listen())
                group.create_task(self._watch.run(hearing))
                try:
                    await self._converse()
                finally:
                    # A window that is judged from here on would ask for work in a group that takes none.
                    hearing.stop()
        except* CallOver as over:
            reason = _reason_of(over)
        except* OSError:
            _log.warning(CALL_FAILED, code="leg_failed")
            reason, self._feed.leg_open = "leg_failed", False
        return reason

    async def end(self, reason: str) -> None:
        """Ask the call to end, with a word of excuse, once the reply in progress has been said. Returns at once."""
        self._conversation.add(Finish(reason, self._config.phrases.stopping))

    def cut(self, reason: str) -> None:
        """End the call at once, in the middle of a word if need be; effects under way finish. Returns at once."""
        self._conversation.leg_closed(reason)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        # Many calls' windows are judged together and told in the context of one; keys and usage are this call's own.
        return self._group.create_task(work, context=self._context.copy())

    def _open_hearing(self) -> Hearing:
        hearing = self._hearing = Hearing(
            self._leg.rate_hz,
            self._dialogue,
            vad=self._vad,
            recognizer=self._recognizer,
            turn_detector=self._turn_detector,
            on_window=self._on_window,
            spawn=self._spawn,
            config=self._config,
            clock=self._clock,
        )
        return hearing

    async def _converse(self) -> None:
        self._add(Greet())
        while True:
            await self._conversation.next()

    async def _listen(self) -> None:
        reason = "closed"
        if isinstance(self._leg, PushesAudio) and self._hearing is not None:
            self._leg.push_audio_to(self._hearing.feed)
        async for item in self._leg.inputs():
            if isinstance(item, LegClosed):
                reason = item.reason
                break
            self._take(item)
        self._feed.leg_open = False
        self._conversation.leg_closed(reason)

    async def _close(self, reason: str) -> None:
        if self._keypad_timer is not None:
            self._keypad_timer.cancel()
        if self._hearing is not None:
            await attempt(self._hearing.aclose(), part="speech-to-text", timeout_s=self._config.stt_timeout_s)
        if reason == "error":
            self._feed.post(CallFault("internal_error", "The call failed", fatal=True))
        self._feed.post(CallEnded(reason))
        await attempt(self._feed.flush(), part="leg")
        await attempt(self._dialogue.close(reason), part="dialogue", timeout_s=self._config.dialogue_timeout_s)
        await attempt(self._leg.close(reason), part="leg")
        _log.info(CALL_ENDED, reason=reason)

    def _take(self, item: LegInput) -> None:
        match item:
            case AudioIn(samples=samples):
                if self._hearing is not None:
                    self._hearing.feed(samples)
            case MarkIn(name=name):
                self._playout.marked(name, self._clock.monotonic_s())
                if self._conversation.reply is not None:
                    self._conversation.reply.wake()
            case TextIn(text=text):
                self._answer_text(text, typed=True)
            case TypingIn():
                self._caller_acted()
            case DtmfIn(digit=digit):
                self._pressed(digit)
            case LegClosed():
                pass

    def _answer_text(self, text: str, *, typed: bool) -> None:
        self._caller_acted()
        if text.strip():
            self._add(Answer(text.strip(), self._clock.monotonic_s(), typed=typed))

    def _caller_acted(self) -> None:
        self._turns.caller_acted()
        self._watch.caller_seen()

    def _agent_finished(self) -> None:
        self._turns.agent_finished()
        self._watch.caller_seen()

    def _pressed(self, digit: str) -> None:
        self._caller_acted()
        self._conversation.hold()
        if self._keypad_timer is not None:
            self._keypad_timer.cancel()
        text = self._keypad.press(digit)
        if text is not None:
            self._answer_text(text, typed=False)
            return
        pause_s = self._keypad.pause_s(self._conversation.expectation())
        self._keypad_timer = asyncio.get_running_loop().call_later(pause_s, self._pressed_no_more)

    def _pressed_no_more(self) -> None:
        text = self._keypad.pause()
        if text is None:
            self._conversation.resume()
        else:
            self._answer_text(text, typed=False)

    def _add(self, job: Greet | Answer | AskSilent | Excuse | Finish) -> None:
        was_busy = self._conversation.busy
        if not self._conversation.add(job):
            self._feed.post(CallFault("busy", "Too many turns are waiting", fatal=False))
            self._conversation.resume()
            return
        if isinstance(job, Answer) or not was_busy:
            self._conversation.release()
            self._turns.agent_started()

    def _on_window(self, probability: float) -> None:
        self._turns.early_transcription = self._hearing is not None and not self._hearing.busy
        if probability >= self._config.silence_threshold and self._is_echo():
            probability = 0.0
        decisions = self._turns.window(probability)
        if decisions:
            self._apply(decisions)

    def _is_echo(self) -> bool:
        """Whether the window of audio that is now to be judged is the agent's own voice come back."""
        hearing = self._hearing
        if hearing is None or not self._own_voice.may_echo(self._clock.monotonic_s()):
            return False
        samples, until_s = hearing.lately(self._turns.now_ms + VAD_WINDOW_MS, COMPARED_MS)
        return self._own_voice.is_heard_in(samples, self._leg.rate_hz, until_s)

    def _apply(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self._carry_out(decision)

    def _carry_out(self, decision: Decision) -> None:  # noqa: C901  one case a decision
        hearing = self._hearing
        if hearing is None:
            return
        match decision:
            case SpeechStarted(at_ms=at_ms):
                self._conversation.caller_speaks()
                self._feed.post(SpeechChanged("started", at_ms))
            case SpeechStopped(at_ms=at_ms):
                self._conversation.caller_stopped()
                self._feed.post(SpeechChanged("stopped", at_ms))
            case Transcribe(attempt=number, start_ms=start_ms, end_ms=end_ms):
                hearing.transcribe(number, start_ms, end_ms, self._on_transcript)
            case TranscribePartly() if hearing.busy or not (self._leg.shows_partials or self._turns.agent_active):
                self._turns.partial_given_up()
            case TranscribePartly(start_ms=start_ms, end_ms=end_ms):
                hearing.transcribe_partly(start_ms, end_ms, self._on_partial)
            case JudgeEnd(attempt=number, start_ms=start_ms):
                hearing.judge(number, start_ms, self._on_judgement)
            case Withdraw():
                hearing.cancel_final()
                self._speculation.drop()
            case Commit():
                self._commit(decision, hearing)
            case Discard():
                self._conversation.caller_was_heard()
                self._speculation.drop()
                _log.debug(TURN_DROPPED)
            case Unintelligible():
                self._add(Excuse(self._config.phrases.repeat))
            case HoldAgent():
                self._conversation.hold()
            case ResumeAgent():
                self._conversation.resume()
            case CallerSilent(count=count):
                self._add(AskSilent(count))

    def _commit(self, decision: Commit, hearing: Hearing) -> None:
        if self._transcript is None or self._transcript[0] != decision.attempt:
            raise RuntimeError("a turn was committed without its transcript")
        _, transcript, stt_ms = self._transcript
        self._conversation.caller_was_heard()
        self._add(
            Answer(
                transcript.text.strip(),
                self._clock.monotonic_s(),
                transcript.confidence,
                hearing.sounded_s(decision.speech_end_ms),
                stt_ms,
                transcript.provider,
                decision.goes_on,
            )
        )

    def _on_transcript(self, number: int, result: Transcript | Failure, took_ms: float) -> None:
        if number != self._turns.attempt:
            return
        if isinstance(result, Failure):
            self._feed.post(result.fault)
            self._apply(self._turns.failed(number))
            return
        self._transcript = (number, result, took_ms)
        text = result.text.strip()
        words = self._conversation.is_turn(text, result.confidence)
        turn = self._conversation.next_turn
        if words:
            self._feed.post(TranscriptHeard(turn, text, final=False))
            if self._conversation.may_prepare:
                self._speculation.begin(self._conversation.turn_of(text, result.confidence))
        completeness = attempt_now(lambda: self._dialogue.completeness(text), part="dialogue")
        if isinstance(completeness, Failure):
            completeness = Completeness.UNSURE
        self._apply(self._turns.transcribed(number, completeness, words=words))

    def _on_partial(self, result: Transcript | Failure) -> None:
        if isinstance(result, Failure):
            self._turns.partial_given_up()
            return
        text = result.text.strip()
        if text and self._turns.in_utterance:
            self._feed.post(TranscriptHeard(self._conversation.next_turn, text, final=False))
        words = self._conversation.is_turn(text, result.confidence)
        self._apply(self._turns.partly_transcribed(words=words))

    def _on_judgement(self, number: int, probability: float) -> None:
        self._apply(self._turns.judged(number, probability))


def _reason_of(group: BaseExceptionGroup[CallOver]) -> str:
    for error in group.exceptions:
        return error.reason if isinstance(error, CallOver) else _reason_of(error)
    raise ValueError("an empty group")
