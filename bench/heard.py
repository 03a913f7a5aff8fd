"""How well the words of an interrupted reply are known: by estimate, against the times that the embedded voice tells.

python -m bench.heard [SENTENCES]
"""

import asyncio
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

import reception.runtime.demo as demo
from reception.call.playout import words_played
from reception.ports.speech import Voice
from reception.providers.embedded.tts import HibariTextToSpeech

RATE_HZ = 8000
CUTS = 20


def sentences(count: int) -> list[str]:
    """Sentences of the demo's documents, in an order that is always the same."""
    found: list[str] = []
    for path in sorted((Path(demo.__path__[0]) / "documents").glob("*/*.md")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "|", "-")):
                found += [one for one in re.split(r"(?<=[.!?])\s+", line) if len(one.split()) > 4]
    random.Random(3).shuffle(found)
    return found[:count]


def by_characters(text: str, fraction: float) -> str:
    """In proportion to characters as written."""
    ends = [word.end() for word in re.finditer(r"\S+", text) if word.end() <= fraction * len(text)]
    return text[: max(ends, default=0)]


async def measure(count: int) -> None:
    tts, voice = HibariTextToSpeech(), Voice()
    ways: dict[str, Callable[[str, float], str]] = {"characters": by_characters, "estimate": words_played}
    errors: dict[str, list[int]] = {name: [] for name in ways}
    for text in sentences(count):
        length = sum([chunk.size async for chunk in tts.stream(text, voice, RATE_HZ)])
        ends = tts.word_ends(text, voice, RATE_HZ)
        for cut in range(CUTS):
            at = length * (cut + 0.5) / CUTS
            said = sum(end.sample <= at for end in ends)
            for name, way in ways.items():
                errors[name].append(len(way(text, at / length).split()) - said)
    for name, found in errors.items():
        total, off = len(found), [abs(error) for error in found]
        many, few, worse = sum(e > 0 for e in found), sum(e < 0 for e in found), sum(e > 1 for e in off)
        print(f"{name}: mean error {sum(off) / total:.2f} words, more than one off {worse / total:.1%}")
        print(f"  too many {many / total:.1%}, too few {few / total:.1%}")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
