"""Everything that hears, speaks and understands the meaning of sentences, loaded and warm."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from reception.core.errors import MissingModel
from reception.ports.speech import (
    Embedder,
    Recognizer,
    TranscriptionHints,
    TurnDetector,
    VoiceActivityDetector,
)
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.tts import HibariTextToSpeech
from reception.providers.embedded.turn import SmartTurn
from reception.providers.embedded.vad import SileroVad
from reception.providers.embedded.weights import REQUIRED, Weights
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech

SPEECH_CACHE_BYTES = 64 * 1024 * 1024
"""Over an hour of telephone audio."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speech:
    """What a call needs of speech. `turn_detector` is `None` where its model file is absent.

    `voices` are the names of the voices that there are; `queues` tells how much waits for each model; `vad_behind_s`
    how late voice activity is.
    """

    vad: VoiceActivityDetector
    recognizer: Recognizer
    turn_detector: TurnDetector | None
    tts: CachedTextToSpeech
    embedder: Embedder
    voices: tuple[str, ...] = ()
    queues: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    vad_behind_s: Callable[[], float] = float


async def load_embedded(
    on_progress: Callable[[str], None], *, weights: Weights | None = None, finals_at_once: int = 2
) -> Speech:
    """Load every embedded model, in parallel threads, and run each once. `on_progress` gets a sentence a model, on
    the event loop. `weights` says where the model files are; by default in the installed packages. `finals_at_once`
    transcriptions run together, each on a core of its own.

    Raises:
        MissingModel: names every required file that is absent; the audio end-of-turn model is not required.
    """
    found = weights or Weights()
    found.require(*REQUIRED)

    async def load(what: str, make: Callable[[], T]) -> T:
        started_s = time.perf_counter()
        made = await asyncio.to_thread(make)
        on_progress(f"{what} ready in {time.perf_counter() - started_s:.1f} s")
        return made

    stt, tts, embedder, vad, turn_detector = await asyncio.gather(
        load("Speech recognition (Whisper)", lambda: WhisperSpeechToText(weights=found, at_once=finals_at_once)),
        load("Voice (hibari)", lambda: HibariTextToSpeech(weights=found)),
        load("Sentence embeddings (MiniLM)", lambda: MiniLmEmbedder(weights=found)),
        load("Voice activity (Silero)", lambda: SileroVad(weights=found)),
        _load_turn_detector(found, on_progress),
    )
    await _warm(stt, embedder, turn_detector)
    return Speech(
        vad=vad,
        recognizer=SegmentedRecognizer(stt),
        turn_detector=turn_detector,
        tts=CachedTextToSpeech(tts, SPEECH_CACHE_BYTES),
        embedder=embedder,
        voices=tts.voices,
        queues={
            "stt": lambda: stt.waiting,
            "tts": lambda: tts.waiting,
            "embeddings": lambda: embedder.waiting,
            "turn_detector": lambda: turn_detector.waiting if turn_detector else 0,
        },
        vad_behind_s=vad.behind_s,
    )


async def _load_turn_detector(weights: Weights, on_progress: Callable[[str], None]) -> SmartTurn | None:
    try:
        detector = await asyncio.to_thread(lambda: SmartTurn(weights=weights))
    except MissingModel as missing:
        on_progress(f"Going on without the audio end-of-turn model. {missing.detail}")
        return None
    on_progress("End of turn (Smart Turn) ready")
    return detector


async def _warm(stt: WhisperSpeechToText, embedder: MiniLmEmbedder, turn_detector: SmartTurn | None) -> None:
    """The first run of a model is several times slower than the second; no caller should get it."""
    noise = np.random.default_rng(0).normal(0, 600, 16000).astype(np.int16)
    hints = TranscriptionHints()
    await stt.transcribe(noise, 16000, hints, partial=True)
    await asyncio.gather(
        stt.transcribe(noise, 16000, hints, partial=False),
        embedder.embed(["ready"]),
        *([turn_detector.complete_probability(noise, 16000)] if turn_detector else []),
    )
