"""The callers of `bench.outages many`: those of the capacity benchmark, who also listen to the words.

python -m bench.outage_callers MATERIAL PORT CALLS SETTLE_S SECONDS
"""

import asyncio
import base64
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from bench.outage_words import heard_in
from reception.cli.bench_caller import _CONNECT_GAP_S, LINE_NOISE, Caller, Callers, Tally, _Doing, _tell, coded_frames
from reception.cli.bench_material import RATE_HZ, Material
from reception.core.audio import decode

_DEAD_AIR_S = 1.5


@dataclass(slots=True)
class WordTally(Tally):
    """Besides, of replies to questions asked while it was measured: silences longer than a second and a half, before a
    reply or in it; replies in which words were lost or said twice, or that had none of the words at all."""

    dead_air: int = 0
    replies: int = 0
    with_words_lost: int = 0
    with_words_repeated: int = 0
    without_words: int = 0
    longest_silence_s: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


class Listener(Caller):
    """Keeps what was played of the reply to its latest question."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._played: list[tuple[float, bytes]] = []
        self._silence_s = 0.0
        self._asked_in_time = False

    def _on_message(self, message: dict[str, Any]) -> None:
        now_s = self._loop.time()
        if message["event"] == "media":
            coded = base64.b64decode(message["media"]["payload"])
            self._note_silence(now_s)
            self._played.append((max(now_s, self._plays_until_s), coded))
        elif message["event"] == "clear":
            self._played = [
                (start_s, coded[: max(0, int((now_s - start_s) * RATE_HZ))]) for start_s, coded in self._played
            ]
        super()._on_message(message)

    def _note_silence(self, now_s: float) -> None:
        if self._doing is _Doing.WAITING:
            self._silence_s = max(self._silence_s, now_s - self._asked_s)
        elif self._doing is _Doing.LISTENING and self._asked_s:
            self._silence_s = max(self._silence_s, now_s - self._plays_until_s)

    def _decide(self, now_s: float) -> None:
        before = self._doing
        super()._decide(now_s)
        if self._doing is _Doing.ASKING and before is not _Doing.ASKING:
            self.settle()
            self._asked_in_time = self.measuring

    def settle_if_over(self) -> None:
        if self._doing is _Doing.PAUSING:
            self.settle()

    def settle(self) -> None:
        """Count the reply that is over."""
        played, silence_s = b"".join(coded for _, coded in self._played), self._silence_s
        self._played, self._silence_s = [], 0.0
        if not self._asked_in_time or not played:
            return
        tally = self.tally
        assert isinstance(tally, WordTally)
        tally.replies += 1
        tally.longest_silence_s.append(round(silence_s, 3))
        tally.dead_air += silence_s > _DEAD_AIR_S
        heard = heard_in(decode(played, "mulaw"), RATE_HZ)
        if heard is None:
            tally.without_words += 1
        else:
            tally.with_words_lost += heard.lost > 0
            tally.with_words_repeated += heard.repeated > 0
            if heard.lost or heard.repeated:
                tally.odd.append(heard.told)


async def main(material: Path, port: int, calls: int, settle_s: float, seconds: float) -> None:
    """Call, measure for a while, let every reply under way end, and tell the parent what was heard."""
    questions = [coded_frames(question) for question in Material.load(material).questions]
    noise = coded_frames(np.random.default_rng(1).normal(0, LINE_NOISE, RATE_HZ).astype(np.int16))
    tally = WordTally()
    running, listeners = Callers([], tally), list[Listener]()
    loop = asyncio.get_running_loop()
    ticking = asyncio.create_task(running.tick())
    for number in range(calls):
        caller = Listener(number, questions, noise, tally)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
        running.callers.append(caller)
        listeners.append(caller)
        await asyncio.sleep(_CONNECT_GAP_S)
    await asyncio.gather(*(caller.joined.wait() for caller in running.callers))
    await asyncio.sleep(settle_s)
    for measured in (True, False):
        for one in running.callers:
            one.measuring = measured
        await asyncio.sleep(seconds if measured else 0.0)
    for listener in listeners:
        listener.settle_if_over()
    _tell(stage="measured", live=sum(caller.connected for caller in running.callers))
    for one in running.callers:
        one.leave()
    await asyncio.sleep(1.0)
    ticking.cancel()
    _tell(stage="ended", tally=asdict(tally))


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
