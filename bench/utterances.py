"""What the callers of the turn-taking benchmark say, spoken beforehand: samples, frames on the wire, and where in
them there is speech."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tests.support.caller_voice import speak

from reception.cli.playback import speech_bounds
from reception.core.audio import encode
from reception.ports.audio import Pcm16

RATE_HZ = 8000
FRAME_MS = 20
FRAME = RATE_HZ * FRAME_MS // 1000
LINE_NOISE_LSB = 40.0
"""Hiss of a telephone line, at -58 dBFS."""

Script = Sequence[str | int]
"""Words, and between them pauses in milliseconds."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An utterance on the line. `spans` are the stretches of speech in seconds from its beginning, by energy."""

    kind: str
    text: str
    samples: Pcm16
    frames: tuple[bytes, ...]
    spans: tuple[tuple[float, float], ...]

    @property
    def ends_s(self) -> float:
        return self.spans[-1][1]

    @property
    def begins_s(self) -> float:
        return self.spans[0][0]


def hiss(samples: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.0, LINE_NOISE_LSB, samples)


def on_the_line(clean: Pcm16, seed: int) -> tuple[Pcm16, tuple[bytes, ...]]:
    """`clean` with the noise of the line, filled up to whole frames, and its µ-law frames."""
    padded = np.zeros(-(-clean.size // FRAME) * FRAME)
    padded[: clean.size] = clean
    noisy: Pcm16 = np.clip(np.round(padded + hiss(padded.size, seed)), -32768, 32767).astype(np.int16)
    return noisy, tuple(encode(frame, "mulaw") for frame in noisy.reshape(-1, FRAME))


def clip(kind: str, script: Script) -> Clip:
    """Speak `script`; each piece is cut to its speech, so that a pause is as long as it says."""
    parts: list[Pcm16] = []
    spans: list[tuple[float, float]] = []
    at = 0
    for piece in script:
        if isinstance(piece, int):
            parts.append(np.zeros(piece * RATE_HZ // 1000, np.int16))
        else:
            spoken = speak(piece, RATE_HZ)
            first, last = speech_bounds(spoken, RATE_HZ) or (0, spoken.size)
            parts.append(spoken[first:last])
            spans.append((at / RATE_HZ, (at + last - first) / RATE_HZ))
        at += parts[-1].size
    text = " … ".join(piece for piece in script if isinstance(piece, str))
    samples, frames = on_the_line(np.concatenate(parts), seed=len(text))
    return Clip(kind, text, samples, frames, tuple(spans))


def burst(kind: str, seconds: float, *, seed: int) -> Clip:
    """A cough or a knock: a burst of coloured noise, loud and short."""
    count = int(seconds * RATE_HZ)
    noise = np.random.default_rng(seed).normal(0.0, 1.0, count)
    coloured = np.convolve(noise, np.ones(5) / 5, mode="same") * np.hanning(count) * 9000.0
    samples, frames = on_the_line(np.clip(coloured, -32768, 32767).astype(np.int16), seed)
    return Clip(kind, f"[{kind} {seconds:.2f} s]", samples, frames, ((0.0, seconds),))


# {day} is a day the restaurant is open. A comma before a pause keeps the voice up.
OPENINGS: Sequence[tuple[str, Script]] = (
    ("long", ("Hello, I would like to book a table for four people on {day}, at seven thirty in the evening.",)),
    ("hesitant", ("Hi, I'd like a table for,", 700, "four people,", 500, "on {day}.")),
    ("short", ("I'd like to book a table.",)),
    ("hesitant", ("Hello, um,", 450, "I would like to book a table,", 900, "for three people.")),
    ("hesitant", ("Good evening, I want to book a table for,", 1050, "two people on,", 400, "{day}.")),
    ("long", ("Good evening, my wife and I want to come for dinner on {day} at seven, can you book a table?",)),
)  # fmt: skip
ANSWERS: Mapping[str, Sequence[tuple[str, Script]]] = {
    "party and when": (
        ("long", ("Four people, on {day}, at seven thirty in the evening.",)),
        ("hesitant", ("We are,", 600, "four people, on,", 800, "{day} at seven thirty.")),
        ("hesitant", ("For two people, on,", 350, "{day}, at,", 1000, "seven thirty.")),
    ),
    "party": (
        ("short", ("Four people.",)),
        ("short", ("Two of us.",)),
        ("hesitant", ("There will be,", 700, "three of us.")),
    ),
    "when": (
        ("short", ("On {day}, at seven thirty in the evening.",)),
        ("hesitant", ("On,", 500, "{day}, at,", 800, "seven thirty.")),
    ),
    "day": (("short", ("On {day}.",)), ("hesitant", ("Let me see, on,", 900, "{day}."))),
    "time": (
        ("short", ("At seven thirty.",)),
        ("hesitant", ("At,", 600, "seven thirty.")),
        ("short", ("Seven thirty in the evening.",)),
        ("hesitant", ("Maybe at,", 1100, "half past seven in the evening.")),
    ),
    "choice": (("short", ("The first one, please.",)),),
    "name": (
        ("short", ("Joe Miller.",)),
        ("spelled", ("My name is Joe Miller,", 300, "M I L,", 500, "L E R.")),
        ("hesitant", ("My name is,", 700, "Sarah Cooper.")),
        ("spelled", ("Hall, that is,", 400, "H, A,", 700, "L, L.")),
        ("e-mail", ("Joe Miller, my e-mail is joe dot miller,", 600, "at example dot com.")),
        ("e-mail", ("Peter Hall, and my e-mail address is,", 800, "peter at,", 500, "example dot com.")),
    ),
    "phone": (
        ("digits", ("Four one five,", 700, "five five five,", 900, "zero one four two.")),
        ("digits", ("Four one five, five five five,", 1300, "zero one four two.")),
        ("digits", ("Four one five, five five five, zero one four two.",)),
        ("digits", ("It's four one five,", 300, "five five five,", 1500, "zero one,", 500, "four two.")),
        ("digits", ("Four one,", 450, "five five,", 600, "five five,", 750, "zero one,", 900, "four two.")),
        ("digits", ("My number is,", 1100, "four one five, five five five,", 1100, "zero one four two.")),
    ),
    "rest of phone": (("digits", ("Four one five, five five five, zero one four two.",)),),
    "confirm": (("short", ("Yes, please.",)), ("short", ("Yes.",)), ("hesitant", ("Yes,", 350, "that's right."))),
    "more": (("short", ("No, thank you. Goodbye.",)),),
}  # fmt: skip
QUESTIONS: Sequence[tuple[str, Script]] = (
    ("short", ("Is there parking?",)),
    ("long", ("I was wondering whether you have any vegan dishes, because two of my friends eat no meat or fish.",)),
    ("hesitant", ("Do you have,", 600, "high chairs for,", 400, "children?")),
    ("short", ("Where are you?",)),
    ("long", ("Could you tell me what time you open on Sunday, and whether we can bring our own wine?",)),
    ("hesitant", ("I wanted to ask,", 900, "whether you have outdoor seating.")),
    ("short", ("Are dogs allowed?",)),
    ("hesitant", ("What time do you,", 700, "open on Sunday?")),
)  # fmt: skip
INTERRUPTIONS = (
    "Sorry, is there parking?",
    "Wait, what time do you open on Sunday?",
    "Hold on, do you have vegan dishes?",
    "Excuse me, can we bring our own wine?",
)
BACKCHANNELS = ("Mm-hmm.", "Okay.", "Uh-huh.", "Right.", "I see.")


def booking_clips(number: int, day: str) -> tuple[Clip, Mapping[str, Sequence[Clip]]]:
    """The opening and the answers of the `number`th booking call; every variant comes round in turn."""

    def made(choice: tuple[str, Script]) -> Clip:
        kind, script = choice
        return clip(kind, [piece if isinstance(piece, int) else piece.format(day=day) for piece in script])

    opening = made(OPENINGS[number % len(OPENINGS)])
    answers = {
        question: [made(choices[(number + again) % len(choices)]) for again in range(len(choices))]
        for question, choices in ANSWERS.items()
    }
    return opening, answers


def question_clips(number: int) -> list[Clip]:
    """The questions of the `number`th call, in another order each time."""
    order = list(QUESTIONS)
    random.Random(number).shuffle(order)
    return [clip(kind, script) for kind, script in order]


def overlap_clips(number: int) -> list[Clip]:
    """What is heard over the agent in the `number`th call."""
    return [
        clip("interruption", (INTERRUPTIONS[number % len(INTERRUPTIONS)],)),
        clip("backchannel", (BACKCHANNELS[number % len(BACKCHANNELS)],)),
        burst("noise", 0.2 + 0.1 * (number % 3), seed=number),
        clip("backchannel", (BACKCHANNELS[(number + 2) % len(BACKCHANNELS)],)),
        clip("interruption", (INTERRUPTIONS[(number + 1) % len(INTERRUPTIONS)],)),
    ]
