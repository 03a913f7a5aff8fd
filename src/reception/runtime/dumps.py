"""Dumps of calls for whoever looks for a fault: what every stage was given, with the audio. Off unless asked for, as
they hold what was said."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from io import BufferedWriter, FileIO
from pathlib import Path
from uuid import UUID

import orjson
import structlog

from reception.call.config import CallConfig
from reception.call.dump import DumpedTurnTaker, Line
from reception.call.turn_taking import TurnTaker
from reception.core.clock import Clock
from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, CallLeg, DtmfIn, LegClosed, LegInput, MarkIn, TextIn, TypingIn
from reception.ports.speech import RecognitionStream, Recognizer, Transcript, TranscriptionHints
from reception.runtime.recording.leg import RecordedLeg
from reception.runtime.recording.spool import SpoolFile

_log = structlog.get_logger(__name__)


class CallDump:
    """The dump of one call: `<conversation>.jsonl` and, in step, caller left and agent right, `<conversation>.wav`.

    `leg`, `recognizer` and `turn_taker` stand in the call for what they are made of, and write down what passes.
    """

    def __init__(self, file: BufferedWriter, recorded: RecordedLeg, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._failed = False
        self.leg = DumpedLeg(recorded, self)

    def turn_taker(self, config: CallConfig) -> TurnTaker:
        return DumpedTurnTaker(config, self.write)

    def recognizer(self, inner: Recognizer) -> Recognizer:
        return DumpedRecognizer(inner, self)

    def on_event(self, event: CallEvent) -> None:
        self.note("event", event=type(event).__name__, **asdict(event))

    def note(self, what: str, **values: object) -> None:
        self.write({"note": what, "call_s": round(self._clock.monotonic_s() - self._began_s, 4), **values})  # type: ignore[dict-item]

    def write(self, line: Line) -> None:
        """Never raises; a disk that fails ends the dump and not the call."""
        if self._failed:
            return
        try:
            self._file.write(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            self._failed = True
            _log.warning("dump.failed", reason=type(error).__name__)


class CallDumps:
    """Where dumps go."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    @asynccontextmanager
    async def dump(self, leg: CallLeg, conversation_id: UUID) -> AsyncIterator[CallDump | None]:
        """A dump of the call that is held in the block; None when it cannot be written."""
        try:
            path, file = await asyncio.to_thread(self._open, str(conversation_id))
        except OSError as error:
            _log.warning("dump.failed", reason=type(error).__name__)
            yield None
            return
        audio = SpoolFile(path.with_suffix(".wav"), leg.rate_hz)
        writing = asyncio.create_task(audio.run(), name="dump-audio")
        recorded = RecordedLeg(leg, audio, self._clock)
        try:
            yield CallDump(file, recorded, self._clock)
        finally:
            recorded.finish()
            audio.close()
            await writing
            await asyncio.to_thread(file.close)

    def _open(self, name: str) -> tuple[Path, BufferedWriter]:
        path = self._free_path(name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return path, BufferedWriter(FileIO(descriptor, "wb"))

    def _free_path(self, name: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part, path = 1, self._folder / f"{name}.jsonl"
        while path.exists():
            part += 1
            path = self._folder / f"{name}-{part}.jsonl"
        return path


class DumpedLeg:
    """Implements `CallLeg` by another leg; notes what is no audio, and the length of what is sent."""

    def __init__(self, leg: CallLeg, dump: CallDump) -> None:
        self._leg = leg
        self._dump = dump

    @property
    def rate_hz(self) -> int:
        return self._leg.rate_hz

    @property
    def output_rate_hz(self) -> int:
        return self._leg.output_rate_hz

    @property
    def shows_partials(self) -> bool:
        return self._leg.shows_partials

    async def inputs(self) -> AsyncIterator[LegInput]:
        async for item in self._leg.inputs():
            match item:
                case AudioIn() | TypingIn():
                    pass
                case MarkIn(name=name):
                    self._dump.note("mark_reached", name=name)
                case TextIn(text=text):
                    self._dump.note("typed", text=text)
                case DtmfIn(digit=digit):
                    self._dump.note("pressed", digit=digit)
                case LegClosed(reason=reason):
                    self._dump.note("leg_closed", reason=reason)
            yield item

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        self._dump.note("audio_sent", turn=turn, ms=round(samples.size * 1000 / self.output_rate_hz))
        await self._leg.send_audio(samples, turn)

    async def send_mark(self, name: str) -> None:
        self._dump.note("mark_sent", name=name)
        await self._leg.send_mark(name)

    async def clear(self) -> None:
        self._dump.note("cleared")
        await self._leg.clear()

    async def send_event(self, event: CallEvent) -> None:
        await self._leg.send_event(event)

    async def close(self, reason: str) -> None:
        self._dump.note("closed", reason=reason)
        await self._leg.close(reason)


class DumpedRecognizer:
    """Implements `Recognizer` by another one; notes every request and its answer."""

    def __init__(self, inner: Recognizer, dump: CallDump) -> None:
        self._inner = inner
        self._dump = dump

    @property
    def provider(self) -> str:
        return self._inner.provider

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> RecognitionStream:
        return _DumpedRecognition(self._inner.open(sample_rate_hz, hints), self._dump)


class _DumpedRecognition:
    def __init__(self, inner: RecognitionStream, dump: CallDump) -> None:
        self._inner = inner
        self._dump = dump

    def feed(self, samples: Pcm16) -> None:
        self._inner.feed(samples)

    def forget(self, before_ms: int) -> None:
        self._inner.forget(before_ms)

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        asked = {"start_ms": start_ms, "end_ms": end_ms, "partial": partial}
        self._dump.note("transcription_asked", **asked, hints=asdict(hints))
        transcript = await self._inner.transcribe(start_ms, end_ms, hints, partial=partial)
        self._dump.note("transcript", **asked, **asdict(transcript))
        return transcript

    async def aclose(self) -> None:
        await self._inner.aclose()
