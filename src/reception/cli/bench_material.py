"""What is said in a benchmark, spoken once before it by the product's own voice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reception.ports.audio import Pcm16
from reception.ports.speech import Voice
from reception.providers.embedded.tts import HibariTextToSpeech

RATE_HZ = 8000
QUESTIONS = (
    "Do you have a table for four tonight?",
    "What time do you open on Sunday?",
    "Is there parking, and what does it cost?",
    "I would like to change my reservation, please.",
    "Yes, that sounds good.",
    "Do you have any vegan dishes on the menu?",
)
REPLIES = (
    "Certainly, let me have a look at that for you.",
    "We are open from noon until ten in the evening on Sundays.",
    "There is a car park behind the house, and it is free for our guests.",
    "Of course, which day would suit you better?",
)
GREETING = "Hello, how can I help you today?"
_QUIET = 0.02
_MARGIN = RATE_HZ // 100


@dataclass(frozen=True, slots=True)
class Material:
    """Telephone audio by its text; each caller's question ends with its last audible sample."""

    questions: tuple[Pcm16, ...]
    replies: dict[str, Pcm16]

    def save(self, path: Path) -> None:
        spoken: dict[str, Any] = {f"question{number}": audio for number, audio in enumerate(self.questions)}
        said: dict[str, Any] = {f"reply{number}": audio for number, audio in enumerate(self.replies.values())}
        np.savez(path, **spoken, **said)

    @classmethod
    def load(cls, path: Path) -> "Material":
        with np.load(path) as kept:
            questions = tuple(kept[f"question{number}"] for number in range(len(QUESTIONS)))
            replies = {text: kept[f"reply{number}"] for number, text in enumerate((*REPLIES, GREETING))}
        return cls(questions, replies)


async def speak_material() -> Material:
    """Raises `MissingModel` when the voice is not installed."""
    voice = await asyncio.to_thread(HibariTextToSpeech)
    questions = [_trimmed(audio) for audio in await _speak(voice, QUESTIONS)]
    replies = await _speak(voice, (*REPLIES, GREETING))
    return Material(tuple(questions), dict(zip((*REPLIES, GREETING), replies, strict=True)))


async def _speak(voice: HibariTextToSpeech, texts: Sequence[str]) -> list[Pcm16]:
    return [np.concatenate([chunk async for chunk in voice.stream(text, Voice(), RATE_HZ)]) for text in texts]


def _trimmed(audio: Pcm16) -> Pcm16:
    loud = np.flatnonzero(np.abs(audio) > _QUIET * np.abs(audio).max())
    return audio[max(0, loud[0] - _MARGIN) : loud[-1] + 1]
