"""The caller's audio on its way to the models."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from reception.call.config import CallConfig
from reception.call.faults import Failure, attempt, attempt_now
from reception.call.synthesis import Spawn
from reception.core.audio import quiet_tail_ms
from reception.core.clock import Clock
from reception.core.recent import RecentAudio
from reception.ports.audio import Pcm16
from reception.ports.dialogue import Dialogue
from reception.ports.speech import Recognizer, Transcript, TranscriptionHints, TurnDetector, VoiceActivityDetector

_DETECTOR_S = 8
_ARRIVALS = 256
_LOOK_BACK_MS = 640
_BUSY_MS = 60.0
"""A transcription that waited longer than this beyond its own work says that the machine is busy."""

OnTranscript = Callable[[int, "Transcript | Failure", float], None]
"""Attempt, result, and the milliseconds from the asking to the answer."""
OnPartial = Callable[["Transcript | Failure"], None]
OnJudgement = Callable[[int, float], None]


class Hearing:
    """Feeds the models as audio arrives, and asks them for what the turn taker wants to know.

    One final transcription is in flight at a time, and one partial one: a final one cancels both. Nothing here
    waits on the path of a frame.
    """

    def __init__(
        self,
        rate_hz: int,
        dialogue: Dialogue,
        *,
        vad: VoiceActivityDetector,
        recognizer: Recognizer,
        turn_detector: TurnDetector | None,
        on_window: Callable[[float], None],
        spawn: Spawn,
        config: CallConfig,
        clock: Clock,
    ) -> None:
        self._rate_hz = rate_hz
        self._dialogue = dialogue
        self._detector = turn_detector
        self._spawn = spawn
        self._config = config
        self._clock = clock
        self._vad = vad.open(rate_hz, on_window)
        hints = attempt_now(dialogue.hints, part="dialogue")
        self._stream = recognizer.open(rate_hz, None if isinstance(hints, Failure) else hints)
        self._recent = RecentAudio(rate_hz * _DETECTOR_S)
        self._arrivals: deque[tuple[float, float]] = deque(maxlen=_ARRIVALS)
        self._final: asyncio.Task[None] | None = None
        self._partial: asyncio.Task[None] | None = None
        self._judgement: asyncio.Task[None] | None = None
        self._stopped = False
        self.busy = False
        self.last_audio_s = clock.monotonic_s()

    def feed(self, samples: Pcm16) -> None:
        """Take the caller's next samples."""
        self.last_audio_s = self._clock.monotonic_s()
        self._recent.add(samples)
        self._arrivals.append((self._recent.end * 1000 / self._rate_hz, self.last_audio_s))
        self._stream.feed(samples)
        self._vad.feed(samples)

    def forget(self, before_ms: int) -> None:
        """Nothing before `before_ms` will be asked for."""
        self._recent.forget(before_ms * self._rate_hz // 1000)
        self._stream.forget(before_ms)

    def sounded_s(self, speech_end_ms: int) -> float:
        """When the last sound of the speech that ended at `speech_end_ms` was made, on the monotonic clock. Voice
        activity holds on for longer than the sound, so its energy decides."""
        per_ms = self._rate_hz // 1000
        end = min(speech_end_ms * per_ms, self._recent.end)
        samples = self._recent.between(end - _LOOK_BACK_MS * per_ms, end)
        return self._heard_s(speech_end_ms - quiet_tail_ms(samples, self._rate_hz))

    def lately(self, until_ms: int, length_ms: int) -> tuple[Pcm16, float]:
        """The caller's audio of `length_ms` up to `until_ms`, and when its end was spoken."""
        per_ms = self._rate_hz // 1000
        samples = self._recent.between((until_ms - length_ms) * per_ms, until_ms * per_ms)
        return samples, self._heard_s(until_ms)

    def _heard_s(self, audio_ms: float) -> float:
        """When `audio_ms` was spoken: as long before its frame arrived as it is from the end of that frame."""
        found_s = self.last_audio_s
        for end_ms, at_s in reversed(self._arrivals):
            if end_ms < audio_ms:
                break
            found_s = at_s - (end_ms - audio_ms) / 1000
        return found_s

    def transcribe(self, number: int, start_ms: int, end_ms: int, done: OnTranscript) -> None:
        """Ask for the final transcript of attempt `number`, in place of any other."""
        self.cancel_final()
        self._cancel(self._partial)
        self._final = self._spawn(self._transcribe(number, start_ms, end_ms, done))

    def transcribe_partly(self, start_ms: int, end_ms: int, done: OnPartial) -> None:
        """Ask for what can be told so far; `done` is not called when a final one is asked for first."""
        self._partial = self._spawn(self._transcribe_partly(start_ms, end_ms, done))

    def judge(self, number: int, start_ms: int, done: OnJudgement) -> None:
        """Ask the turn detector about attempt `number`; silent when it fails, for it is only a hint."""
        if self._detector is not None:
            self._cancel(self._judgement)
            samples = self._recent.between(start_ms * self._rate_hz // 1000, self._recent.end)
            self._judgement = self._spawn(self._judge(self._detector, number, samples, done))

    def cancel_final(self) -> None:
        """The attempt in flight counts for nothing."""
        self._cancel(self._final)
        self._cancel(self._judgement)

    def stop(self) -> None:
        """Report nothing more of what the caller does."""
        if not self._stopped:
            self._stopped = True
            self._vad.close()

    async def aclose(self) -> None:
        self.stop()
        await self._stream.aclose()

    @staticmethod
    def _cancel(task: "asyncio.Task[None] | None") -> None:
        if task is not None:
            task.cancel()

    async def _transcribe(self, number: int, start_ms: int, end_ms: int, done: OnTranscript) -> None:
        asked_s = self._clock.monotonic_s()
        result = await self._ask(start_ms, end_ms, partial=False)
        took_ms = (self._clock.monotonic_s() - asked_s) * 1000
        if isinstance(result, Transcript):
            self.busy = took_ms - result.elapsed_ms > _BUSY_MS
        done(number, result, took_ms)

    async def _transcribe_partly(self, start_ms: int, end_ms: int, done: OnPartial) -> None:
        done(await self._ask(start_ms, end_ms, partial=True))

    async def _ask(self, start_ms: int, end_ms: int, *, partial: bool) -> Transcript | Failure:
        hints = attempt_now(self._dialogue.hints, part="dialogue")
        if isinstance(hints, Failure):
            hints = TranscriptionHints()
        work = self._stream.transcribe(start_ms, end_ms, hints, partial=partial)
        return await attempt(work, part="speech-to-text", timeout_s=self._config.stt_timeout_s)

    async def _judge(self, detector: TurnDetector, number: int, samples: Pcm16, done: OnJudgement) -> None:
        work: Coroutine[Any, Any, float] = detector.complete_probability(samples, self._rate_hz)
        result = await attempt(work, part="turn detector", timeout_s=self._config.detector_timeout_s)
        if not isinstance(result, Failure):
            done(number, result)
