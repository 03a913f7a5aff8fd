"""The calls that the latency benchmark makes: bookings, and questions of a restaurant's guests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from tests.support.callers import Caller, open_day, spoken_day

from reception.cli.phone import PhoneCall, Turn, dial
from reception.cli.phone_book import look_up
from reception.ports.audio import AudioFormat
from reception.runtime.demo.businesses import demo_businesses

AGENT = "harbor-table"
FORMATS = (AudioFormat("pcm_s16le", 16000), AudioFormat("mulaw", 8000))
QUESTIONS = (
    "Do you have any vegan dishes?",
    "What time do you open on Sunday?",
    "Is there parking, and what does it cost?",
    "Can we bring our own wine?",
    "Do you have high chairs for children?",
    "Is there outdoor seating?",
    "Where exactly are you?",
    "No, thank you. Goodbye.",
)
GUESTS = (("Two people", "Joe Miller"), ("Four people", "Sarah Cooper"), ("Three people", "Peter Hall"))


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """One call: its format, its kind, and its turns but for the greeting."""

    audio: AudioFormat
    kind: str
    turns: list[Turn]
    ended: str | None


async def make_call(url: str, number: int, on_turn: Callable[[], None]) -> MeasuredCall:
    """The `number`th call (from 0): both formats of each kind in turn."""
    audio = FORMATS[number % 2]
    kind = "booking" if number // 2 % 2 == 0 else "questions"
    async with dial(await look_up(url, AGENT), audio) as call:
        if kind == "booking":
            await _book(call, audio, number, on_turn)
        else:
            await _ask(call, audio, on_turn)
    return MeasuredCall(audio, kind, call.turns[1:], call.ended)


async def _book(call: PhoneCall, audio: AudioFormat, number: int, on_turn: Callable[[], None]) -> None:
    spec = demo_businesses(datetime.now(UTC).date())[0].spec
    day = spoken_day(open_day(spec.hours, spec.timezone, time(19, 30), ahead=3 + number))
    people, name = GUESTS[number % len(GUESTS)]
    answers = {
        "party and when": [f"{people}, on {day}, at seven thirty in the evening."],
        "party": [f"{people}."],
        "when": [f"On {day}, at seven thirty in the evening."],
        "day": [f"On {day}."],
        "time": ["At seven thirty in the evening."],
        "choice": ["The first one, please."],
        "name": [f"My name is {name}."],
        "phone": ["Four one five, five five five, zero one four two."],
        "confirm": ["Yes, please."],
        "more": ["No, thank you. Goodbye."],
    }
    caller = Caller(call, audio.sample_rate_hz, answers)
    await caller.converse("Hello, I would like to book a table, please.", on_turn=on_turn)


async def _ask(call: PhoneCall, audio: AudioFormat, on_turn: Callable[[], None]) -> None:
    caller = Caller(call, audio.sample_rate_hz, {})
    await call.wait_reply()
    for question in QUESTIONS:
        if call.ended is not None:
            return
        await caller.tell(question)
        on_turn()


async def make_calls(url: str, turns: int, on_turn: Callable[[], None]) -> list[MeasuredCall]:
    """Call one after another until `turns` utterances were answered; the last call is finished."""
    calls: list[MeasuredCall] = []
    while sum(len(call.turns) for call in calls) < turns:
        calls.append(await make_call(url, len(calls), on_turn))
        await asyncio.sleep(0.5)
    return calls
