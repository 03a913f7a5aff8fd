"""The turn policy alone, without a server: `python -m bench.turn_policy [--parts 12] [--set open_ended_ms=416 ...]`.

What the callers of `bench.turns` say is played to voice activity, and the turn taker's questions are answered by the
recogniser and the turn detector, in audio time: the models' answers come `--stt-ms` and `--detector-ms` after they were
asked for, however long they took. They are kept in `--cache`, so that another policy is scored in seconds.
"""

import argparse
import asyncio
import heapq
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.callers import open_day, spoken_day
from tests.unit.understanding.corpus import situation

from bench.turn_scores import NEEDLESS_MS, spread
from bench.utterances import RATE_HZ, Clip, booking_clips, hiss, question_clips
from reception.call.config import CallConfig
from reception.call.decisions import Commit, Decision, JudgeEnd, Transcribe
from reception.call.turn_taking import TurnTaker
from reception.dialogue.questions import prime_for
from reception.dialogue.understanding.completeness import completeness_of
from reception.ports.audio import Pcm16
from reception.ports.expectation import Expects
from reception.ports.speech import TranscriptionHints
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.turn import SmartTurn
from reception.providers.embedded.vad import SileroVad
from reception.runtime.demo.businesses import demo_businesses

_EXPECTS: Mapping[str, Expects] = {
    "party and when": Expects.PARTY_SIZE, "party": Expects.PARTY_SIZE, "when": Expects.DATE, "time": Expects.TIME,
    "name": Expects.NAME, "phone": Expects.PHONE, "confirm": Expects.YES_NO,
}  # fmt: skip
_VARIANTS = 2
_BEFORE_MS, _AFTER_MS, _PER_MS = 750, 2_600, RATE_HZ // 1000
_WINDOW = RATE_HZ * 32 // 1000
_SETTLED_S = 0.01
_TO_SOUND_MS = 45.0
"""From the commit to the reply's first sound at the caller, where the reply was ready."""


@dataclass(slots=True)
class Outcome:
    """What became of an utterance: `latency_ms` is None where it was cut off."""

    expects: Expects
    clip: Clip
    heard: list[str] = field(default_factory=list)
    cut_off: bool = False
    latency_ms: float | None = None


class Answers:
    """What the models say of a stretch of a clip: asked once, then known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Any, Any] = pickle.loads(path.read_bytes()) if path.exists() else {}
        self._vad, self._stt, self._turn = SileroVad(), WhisperSpeechToText(), SmartTurn()

    def save(self) -> None:
        self._path.write_bytes(pickle.dumps(self._known))

    async def voice(self, key: object, audio: Pcm16) -> list[float]:
        found: list[float] = []
        if key not in self._known:
            stream = self._vad.open(RATE_HZ, found.append)
            for start in range(0, audio.size, _WINDOW):
                stream.feed(audio[start : start + _WINDOW])
                # Judged in the next turn of the loop, reported in the one after it.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await asyncio.sleep(_SETTLED_S)
            stream.close()
            self._known[key] = found
        return list(self._known[key])

    async def words(self, key: object, audio: Pcm16, prime: str) -> tuple[str, float]:
        if key not in self._known:
            heard = await self._stt.transcribe(audio, RATE_HZ, TranscriptionHints((), prime, "en-US"), partial=False)
            self._known[key] = (heard.text.strip(), heard.confidence)
        text, confidence = self._known[key]
        return str(text), float(confidence)

    async def end(self, key: object, audio: Pcm16) -> float:
        if key not in self._known:
            self._known[key] = await self._turn.complete_probability(audio, RATE_HZ)
        return float(self._known[key])


def calls(count: int) -> list[list[tuple[Expects, Clip]]]:
    """What `count` callers say, each in answer to what."""
    spec = demo_businesses(datetime.now(UTC).date())[0].spec
    made: list[list[tuple[Expects, Clip]]] = []
    for number in range(count):
        if number % 3 == 2:
            made.append([(Expects.ANYTHING, clip) for clip in question_clips(number)])
            continue
        day = spoken_day(open_day(spec.hours, spec.timezone, time(19, 30), ahead=3 + number))
        opening, answers = booking_clips(number, day)
        said = [(expects, clip) for name, expects in _EXPECTS.items() for clip in answers[name][:_VARIANTS]]
        made.append([(Expects.ANYTHING, opening), *said])
    return made


class Replay:
    """One call's turn taker, told what the models say when they would have said it."""

    def __init__(self, config: CallConfig, answers: Answers, stt_ms: float, detector_ms: float) -> None:
        self._turns = TurnTaker(config)
        self._answers = answers
        self._delays = (stt_ms, detector_ms)

    async def hear(self, expects: Expects, clip: Clip) -> Outcome:
        """Play `clip` in the noise of the line, in answer to a question for `expects`."""
        turns, outcome = self._turns, Outcome(expects, clip)
        size = -(-(clip.samples.size + (_BEFORE_MS + _AFTER_MS) * _PER_MS) // _WINDOW) * _WINDOW
        audio: Pcm16 = np.round(hiss(size, seed=5)).astype(np.int16)
        audio[_BEFORE_MS * _PER_MS :][: clip.samples.size] = clip.samples
        key, began_ms = (expects, clip.text, clip.samples.size), turns.now_ms
        context = situation({"expects": expects, "flow": "" if expects is Expects.ANYTHING else "new"})
        due: list[tuple[float, int, Any]] = []
        texts: dict[int, str] = {}
        turns.agent_finished()

        async def carry_out(decisions: Sequence[Decision]) -> None:
            for decision in decisions:
                match decision:
                    case Transcribe(attempt=attempt, start_ms=start_ms, end_ms=end_ms):
                        start, end = max(0, start_ms - began_ms), end_ms - began_ms
                        stretch = audio[start * _PER_MS : end * _PER_MS]
                        said = await self._answers.words((key, "words", start, end), stretch, prime_for(expects))
                        texts[attempt] = said[0]
                        heapq.heappush(due, (turns.now_ms + self._delays[0], attempt, said[0]))
                    case JudgeEnd(attempt=attempt, start_ms=start_ms):
                        start, end = max(0, start_ms - began_ms), turns.now_ms - began_ms
                        stretch = audio[start * _PER_MS : end * _PER_MS]
                        judged = await self._answers.end((key, "end", start, end), stretch)
                        heapq.heappush(due, (turns.now_ms + self._delays[1], attempt, judged))
                    case Commit(attempt=attempt):
                        outcome.heard.append(texts[attempt])
                        self._score(outcome, turns.now_ms - began_ms - _BEFORE_MS - 1000 * clip.ends_s)
                        turns.agent_started()

        for probability in await self._answers.voice((key, "voice"), audio):
            await carry_out(turns.window(probability))
            while due and due[0][0] <= turns.now_ms:
                _, attempt, answer = heapq.heappop(due)
                if isinstance(answer, float):
                    await carry_out(turns.judged(attempt, answer))
                else:
                    done = completeness_of(answer, context)
                    await carry_out(turns.transcribed(attempt, done, words=bool(answer)))
        return outcome

    @staticmethod
    def _score(outcome: Outcome, after_end_ms: float) -> None:
        if after_end_ms < 0:
            outcome.cut_off = True
        elif outcome.latency_ms is None and not outcome.cut_off:
            outcome.latency_ms = after_end_ms + _TO_SOUND_MS


async def run(arguments: argparse.Namespace) -> list[Outcome]:
    config = replace(CallConfig(), **dict(arguments.set))
    answers, found = Answers(arguments.cache), list[Outcome]()
    for said in calls(arguments.parts):
        replay = Replay(config, answers, arguments.stt_ms, arguments.detector_ms)
        found += [await replay.hear(expects, clip) for expects, clip in said]
        answers.save()
    return found


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if not isinstance(getattr(CallConfig(), name, None), int | float):
        raise argparse.ArgumentTypeError(f"{name} is no number of CallConfig")
    return name, float(value)


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m bench.turn_policy", description=__doc__)
    made.add_argument("--parts", type=int, default=12, help="how many callers (default 12)")
    made.add_argument("--stt-ms", type=float, default=200.0, help="from the asking to the transcript (default 200)")
    made.add_argument("--detector-ms", type=float, default=60.0, help="from the asking to the judgement (default 60)")
    made.add_argument("--set", type=_setting, nargs="*", default=[], help="timings to try, as open_ended_ms=416")
    made.add_argument("--cache", type=Path, default=Path("turn-policy.pickle"), help="where the answers are kept")
    arguments = made.parse_args()
    found = asyncio.run(run(arguments))
    waits = [one.latency_ms for one in found if one.latency_ms is not None]
    hundred = 100 / max(1, len(found))
    print(f"turns {len(found)}  voice to voice, ms: {spread(waits)}")
    print(f"per hundred turns: cut off {sum(one.cut_off for one in found) * hundred:.1f}  ", end="")
    print(f"waits above {NEEDLESS_MS:.0f} ms {sum(wait > NEEDLESS_MS for wait in waits) * hundred:.1f}  ", end="")
    print(f"unanswered {sum(not one.heard for one in found) * hundred:.1f}")
    for one in found:
        if one.cut_off or (one.latency_ms or 0) > NEEDLESS_MS or not one.heard:
            print(f"  {one.clip.kind}, {one.latency_ms or 'cut off'}: {one.clip.text!r}, heard {one.heard}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
