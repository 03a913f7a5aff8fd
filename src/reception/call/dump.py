"""Everything that the turn taker of a call was told and decided, as lines; and the same lines played to it again.

One JSON value a line. Inputs of the turn taker: `{"in": name, …arguments, "at_ms": audio time, "out": [decisions]}`,
where `at_ms` and `out` are as after the input, and `out` is left out when nothing was decided. The first line is
`{"config": …}`; lines with `note` are what else happened, for whoever reads along.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias, cast

from reception.call.config import CallConfig, Phrases
from reception.call.decisions import Decision
from reception.call.turn_taking import TurnTaker
from reception.core.errors import InvalidInput
from reception.ports.dialogue import Json
from reception.ports.expectation import Completeness

Line: TypeAlias = Mapping[str, Json]
WriteLine: TypeAlias = Callable[[Line], None]


class DumpedTurnTaker(TurnTaker):
    """A turn taker that writes down what passes through it."""

    def __init__(self, config: CallConfig, write: WriteLine) -> None:
        super().__init__(config)
        self._write_line = write
        self._early_known = self.early_transcription
        self._within = False
        write({"config": cast(Json, asdict(config))})

    def window(self, probability: float) -> Sequence[Decision]:
        if self.early_transcription != self._early_known:
            self._early_known = self.early_transcription
            self._write_line({"in": "early_transcription", "value": self._early_known, "at_ms": self.now_ms})
        # float() also takes numpy's numbers, which JSON does not know; the value is the same.
        values: Line = {"probability": float(probability)}
        return self._noted("window", values, lambda: TurnTaker.window(self, probability))

    def transcribed(self, attempt: int, completeness: Completeness, *, words: bool) -> Sequence[Decision]:
        values: Line = {"attempt": attempt, "completeness": completeness.value, "words": words}
        return self._noted(
            "transcribed", values, lambda: TurnTaker.transcribed(self, attempt, completeness, words=words)
        )

    def judged(self, attempt: int, complete_probability: float) -> Sequence[Decision]:
        values: Line = {"attempt": attempt, "complete_probability": float(complete_probability)}
        return self._noted("judged", values, lambda: TurnTaker.judged(self, attempt, complete_probability))

    def failed(self, attempt: int) -> Sequence[Decision]:
        return self._noted("failed", {"attempt": attempt}, lambda: TurnTaker.failed(self, attempt))

    def partly_transcribed(self, *, words: bool) -> Sequence[Decision]:
        return self._noted(
            "partly_transcribed", {"words": words}, lambda: TurnTaker.partly_transcribed(self, words=words)
        )

    def stalled(self) -> Sequence[Decision]:
        return self._noted("stalled", {}, lambda: TurnTaker.stalled(self))

    def unheard(self) -> Sequence[Decision]:
        return self._noted("unheard", {}, lambda: TurnTaker.unheard(self))

    def partial_given_up(self) -> None:
        self._noted("partial_given_up", {}, lambda: _deciding_nothing(lambda: TurnTaker.partial_given_up(self)))

    def agent_started(self) -> None:
        self._noted("agent_started", {}, lambda: _deciding_nothing(lambda: TurnTaker.agent_started(self)))

    def agent_finished(self) -> None:
        self._noted("agent_finished", {}, lambda: _deciding_nothing(lambda: TurnTaker.agent_finished(self)))

    def caller_acted(self) -> None:
        self._noted("caller_acted", {}, lambda: _deciding_nothing(lambda: TurnTaker.caller_acted(self)))

    def _noted(self, name: str, values: Line, work: Callable[[], Sequence[Decision]]) -> Sequence[Decision]:
        if self._within:
            # The turn taker tells itself something: it will again when the lines are played.
            return work()
        self._within = True
        try:
            decisions = work()
        finally:
            self._within = False
        line: dict[str, Json] = {"in": name, **values, "at_ms": self.now_ms}
        if decisions:
            line["out"] = [_as_json(decision) for decision in decisions]
        self._write_line(line)
        return decisions


@dataclass(frozen=True, slots=True)
class Step:
    """One input of the turn taker. `live` is what was decided in the call, `again` what is decided now."""

    at_ms: int
    name: str
    values: Line
    live: Sequence[Line]
    again: Sequence[Line]

    @property
    def differs(self) -> bool:
        return list(self.live) != list(self.again)


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that was written down."""

    at_ms: int
    values: Line


def replay(lines: Iterable[Line]) -> Iterator[Step | Note]:
    """Play `lines` to a new turn taker.

    Raises:
        InvalidInput: they are not those of a call.
    """
    turns: TurnTaker | None = None
    for line in lines:
        try:
            if "config" in line:
                turns = TurnTaker(_config(line["config"]))
            elif "note" in line:
                yield Note(turns.now_ms if turns else 0, line)
            elif turns is None:
                raise InvalidInput("A dump begins with the configuration of its call.")
            else:
                yield _play(turns, line)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"This line of the dump cannot be played: {line}") from error


def _play(turns: TurnTaker, line: Line) -> Step:
    name = str(line["in"])
    values = {key: value for key, value in line.items() if key not in ("in", "out", "at_ms")}
    again = [_as_json(decision) for decision in _INPUTS[name](turns, cast("Mapping[str, Any]", line))]
    live = cast("Sequence[Line]", line.get("out", ()))
    return Step(turns.now_ms, name, values, live, again)


def _set_early(turns: TurnTaker, value: bool) -> Sequence[Decision]:
    turns.early_transcription = value
    return ()


_INPUTS: dict[str, Callable[[TurnTaker, Mapping[str, Any]], Sequence[Decision]]] = {
    "early_transcription": lambda turns, line: _set_early(turns, line["value"]),
    "window": lambda turns, line: turns.window(line["probability"]),
    "transcribed": lambda turns, line: turns.transcribed(
        line["attempt"], Completeness(line["completeness"]), words=line["words"]
    ),
    "judged": lambda turns, line: turns.judged(line["attempt"], line["complete_probability"]),
    "failed": lambda turns, line: turns.failed(line["attempt"]),
    "partly_transcribed": lambda turns, line: turns.partly_transcribed(words=line["words"]),
    "stalled": lambda turns, line: turns.stalled(),
    "unheard": lambda turns, line: turns.unheard(),
    "partial_given_up": lambda turns, line: _deciding_nothing(turns.partial_given_up),
    "agent_started": lambda turns, line: _deciding_nothing(turns.agent_started),
    "agent_finished": lambda turns, line: _deciding_nothing(turns.agent_finished),
    "caller_acted": lambda turns, line: _deciding_nothing(turns.caller_acted),
}


def _deciding_nothing(work: Callable[[], None]) -> Sequence[Decision]:
    work()
    return ()


def _as_json(decision: Decision) -> dict[str, Json]:
    return {"decision": type(decision).__name__, **asdict(decision)}


def _config(stored: Json) -> CallConfig:
    """The configuration as far as this version knows it; what it has besides keeps its default."""
    known = dict(cast("Mapping[str, Any]", stored))
    phrases = known.pop("phrases", {})
    names = {field.name for field in fields(CallConfig)}
    texts: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value := phrases[field.name], list) else value
        for field in fields(Phrases)
        if field.name in phrases
    }
    return CallConfig(**{name: value for name, value in known.items() if name in names}, phrases=Phrases(**texts))
