"""The audio of kept answers: played to the next caller who is told the same, by any process, without being made again.

Only sentences of answers in the cache are kept, and these are nobody's own. What else is said leaves nothing here.
"""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import structlog

from reception.call.faults import close_iterator
from reception.core.audio import Pcm16
from reception.core.errors import Unavailable
from reception.core.rounds import every
from reception.core.telemetry import SPEECH_NOT_KEPT
from reception.dialogue.tools.answers import AnswerShelf
from reception.domains.knowledge.speech import find_speech, keep_speech
from reception.ports.speech import TellsWords, TextToSpeech, Voice, WordEnd

_log = structlog.get_logger(__name__)

STORE_EVERY_S = 1.0
LONGEST_BYTES = 2 << 20
"""Of one sentence; 43 seconds at 24 kHz."""
_WAITS_S = 15.0
"""How long a sentence may have been said before the answer that it is of is in the database."""
_MOST_WAITING = 64
_FOUND_WITHIN_S = 0.25
_MEMORY_BYTES = 16 << 20
_MOST_PLAYED = 64


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """`word_ends` are none where the audio was made by another process, or by a voice that does not tell."""

    audio: Pcm16
    word_ends: tuple[WordEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    tenant_id: UUID
    key: bytes
    text: str
    spoken: SpokenSentence
    said_s: float


class SpokenAnswers:
    """Shared by the calls of a process. `shelf` knows which sentences are of kept answers."""

    def __init__(self, shelf: AnswerShelf) -> None:
        self._shelf = shelf
        self._said: deque[_Said] = deque(maxlen=_MOST_WAITING)
        self._known: OrderedDict[tuple[UUID, bytes], SpokenSentence] = OrderedDict()
        self._known_bytes = 0

    def voice(self, tenant_id: UUID, inner: TextToSpeech, pronunciations: Mapping[str, str]) -> "AnswerVoice":
        """`inner`, for one call; `pronunciations` are those that it applies."""
        return AnswerVoice(self, tenant_id, inner, pronunciations)

    async def find(self, tenant_id: UUID, text: str, key: bytes) -> SpokenSentence | None:
        """A sentence with its audio, where it is one of a kept answer and has been said before."""
        if self._shelf.answer_with(tenant_id, text) is None:
            return None
        known = self._known.get((tenant_id, key))
        if known is not None:
            self._known.move_to_end((tenant_id, key))
            return known
        try:
            async with asyncio.timeout(_FOUND_WITHIN_S), self._shelf.database.tenant_session(tenant_id) as session:
                stored = await find_speech(session, key)
        except (Unavailable, TimeoutError):
            return None
        if stored is None:
            return None
        audio: Pcm16 = np.frombuffer(stored, "<i2").astype(np.int16)
        audio.setflags(write=False)
        spoken = SpokenSentence(audio)
        self._remember(tenant_id, key, spoken)
        return spoken

    def said(self, tenant_id: UUID, text: str, key: bytes, spoken: SpokenSentence) -> None:
        """A sentence was made whole; it is kept if it turns out to be of a kept answer."""
        if spoken.audio.nbytes <= LONGEST_BYTES:
            self._said.append(_Said(tenant_id, key, text, spoken, self._shelf.clock.monotonic_s()))

    async def run(self) -> None:
        """Bring audio to the database again and again, until cancelled."""
        await every(STORE_EVERY_S, self.flush, failed=SPEECH_NOT_KEPT)

    async def flush(self) -> None:
        """Store what has been said of kept answers; what is of none is forgotten after a while."""
        waiting, self._said = self._said, deque(maxlen=_MOST_WAITING)
        now_s = self._shelf.clock.monotonic_s()
        for said in waiting:
            answer_id = self._shelf.answer_with(said.tenant_id, said.text)
            if answer_id is not None:
                await self._store(said, answer_id)
            elif now_s - said.said_s < _WAITS_S:
                self._said.append(said)

    async def _store(self, said: _Said, answer_id: UUID) -> None:
        self._remember(said.tenant_id, said.key, said.spoken)
        audio = said.spoken.audio.astype("<i2").tobytes()
        try:
            async with self._shelf.database.tenant_session(said.tenant_id) as session:
                await keep_speech(session, answer_id, said.key, audio, self._shelf.clock.now())
        except Unavailable as error:
            _log.warning(SPEECH_NOT_KEPT, code=error.code)

    def _remember(self, tenant_id: UUID, key: bytes, spoken: SpokenSentence) -> None:
        before = self._known.pop((tenant_id, key), None)
        self._known[(tenant_id, key)] = spoken
        self._known_bytes += spoken.audio.nbytes - (0 if before is None else before.audio.nbytes)
        while self._known_bytes > _MEMORY_BYTES:
            _, forgotten = self._known.popitem(last=False)
            self._known_bytes -= forgotten.audio.nbytes


class AnswerVoice:
    """A `TextToSpeech` of one call that plays what it finds, and has what it makes kept. Audio by another provider
    than the call began with, in part or in whole, is not kept: the next caller gets the voice that was chosen."""

    def __init__(
        self, spoken: SpokenAnswers, tenant_id: UUID, inner: TextToSpeech, pronunciations: Mapping[str, str]
    ) -> None:
        self._spoken = spoken
        self._tenant_id = tenant_id
        self._inner = inner
        self._first = inner.provider
        self._lexicon = "\n".join(f"{written.lower()}\t{said}" for written, said in sorted(pronunciations.items()))
        self._played: OrderedDict[bytes, tuple[WordEnd, ...]] = OrderedDict()

    @property
    def provider(self) -> str:
        return self._inner.provider

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """As `TextToSpeech.stream`."""
        key = self._key(text, voice, sample_rate_hz)
        found = await self._spoken.find(self._tenant_id, text, key)
        if found is not None:
            self._played[key] = found.word_ends
            if len(self._played) > _MOST_PLAYED:
                self._played.popitem(last=False)
            yield found.audio
            return
        self._played.pop(key, None)
        chunks: list[Pcm16] = []
        chosen = True
        made = self._inner.stream(text, voice, sample_rate_hz)
        try:
            async for chunk in made:
                chosen = chosen and self._inner.provider == self._first
                chunks.append(chunk)
                yield chunk
        finally:
            await close_iterator(made)
        if chosen and chunks:
            ends = tuple(self.word_ends(text, voice, sample_rate_hz))
            self._spoken.said(self._tenant_id, text, key, SpokenSentence(np.concatenate(chunks), ends))

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`: of what was made, and of what this process made before and has kept."""
        played = self._played.get(self._key(text, voice, sample_rate_hz))
        if played is not None:
            return played
        return self._inner.word_ends(text, voice, sample_rate_hz) if isinstance(self._inner, TellsWords) else ()

    def _key(self, text: str, voice: Voice, sample_rate_hz: int) -> bytes:
        named = (self._first, voice.name, f"{voice.speed:.3f}", voice.locale, str(sample_rate_hz), self._lexicon, text)
        return hashlib.sha256("\0".join(named).encode()).digest()
