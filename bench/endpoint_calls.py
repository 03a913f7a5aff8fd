"""The callers of `bench.endpoints`, and the ears of its server, in one process.

Callers are those of `reception bench capacity`: real time, Twilio's format, a pause of a second between their turns.
The ears speak OpenAI's format and tell a question by the length of what was said: recognising twenty calls by the
embedded model would take both cores, and it is the server that is measured. Lines on standard input say what to do.
"""

import asyncio
import io
import sys
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import uvloop
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor

from reception.cli.bench_caller import LINE_NOISE, Caller, Callers, Tally, coded_frames
from reception.cli.bench_material import RATE_HZ, Material

HEARD = (
    "Do you have a table for four tonight?",
    "What time do you open on Sunday?",
    "Is there parking, and what does it cost?",
    "Can I bring my dog?",
    "Do you have high chairs for children?",
    "Do you have any vegan dishes on the menu?",
)
"""What each of the questions is heard as, by its place."""
_CONNECT_GAP_S = 0.05
_AUDIBLE = 200


class Ears(HttpVendor):
    """Hears at once."""

    def __init__(self, material: Material) -> None:
        super().__init__()
        self._lengths = [question.size for question in material.questions]

    def answer(self, asked: Asked) -> Answer:
        self.asked.clear()
        with wave.open(io.BytesIO(asked.form()["file"])) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _AUDIBLE)
        length = int(loud[-1] - loud[0]) if loud.size else 0
        nearest = min(range(len(HEARD)), key=lambda number: abs(self._lengths[number] - length))
        return Answer("application/json", [orjson.dumps({"text": HEARD[nearest]})])


async def _join(running: Callers, port: int, tickets: list[str], material: Material) -> None:
    questions = [coded_frames(question) for question in material.questions]
    noise = coded_frames(np.random.default_rng(1).normal(0, LINE_NOISE, RATE_HZ).astype(np.int16))
    loop = asyncio.get_running_loop()
    for number, ticket in enumerate(tickets):
        caller = Caller(number, questions, noise, running.tally, ticket=ticket)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
        running.callers.append(caller)
        await asyncio.sleep(_CONNECT_GAP_S)
    await asyncio.gather(*(caller.joined.wait() for caller in running.callers))


def _told(running: Callers) -> dict[str, Any]:
    return {"live": sum(caller.connected for caller in running.callers), **asdict(running.tally)}


async def _obey(material: Material) -> None:
    running = Callers([], Tally())
    ticking = asyncio.create_task(running.tick())
    async with Ears(material) as ears:
        _tell(address=ears.base_url)
        while line := await asyncio.to_thread(sys.stdin.readline):
            told = orjson.loads(line)
            match told["do"]:
                case "join":
                    await _join(running, told["port"], told["tickets"], material)
                    _tell(**_told(running))
                case "measure":
                    running.measure(Tally())
                    _tell()
                case "stop":
                    running.measure(None)
                    _tell(**_told(running))
                case "leave":
                    for caller in running.callers:
                        caller.leave()
                    await asyncio.sleep(1.0)
                    _tell()
    ticking.cancel()


def _tell(**said: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(_obey(Material.load(Path(sys.argv[1]))))
