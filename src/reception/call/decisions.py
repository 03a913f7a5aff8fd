"""What the turn taker decides; times are audio consumed, in milliseconds."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The candidate end of an utterance; `at_ms` is where the speech ended."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe this stretch for good, in place of any partial transcription under way. `attempt` names the
    answer, which is used unless it is withdrawn."""

    attempt: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TranscribePartly:
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class JudgeEnd:
    """Ask the turn detector about the utterance from `start_ms`."""

    attempt: int
    start_ms: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The caller went on: what was made of `attempt` counts for nothing."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The turn is over; the transcript of `attempt` is what was said. Any reply in progress is interrupted.

    `goes_on`: it began so soon after the turn before that the caller had not been done with that one.
    """

    attempt: int
    speech_end_ms: int
    silence_ms: int
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Discard:
    """Nothing was said that asks for an answer. `attempt` is None when there is no transcript."""

    attempt: int | None


@dataclass(frozen=True, slots=True)
class Unintelligible:
    """What was discarded was long enough to be words, and the caller waits for an answer."""


@dataclass(frozen=True, slots=True)
class HoldAgent:
    """The caller may be interrupting: stop the audio, and be ready to go on."""


@dataclass(frozen=True, slots=True)
class ResumeAgent:
    """It was no interruption: go on where the audio stopped."""


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """Nobody has spoken for a while, for the `count`th time in a row, from 1."""

    count: int


Decision: TypeAlias = (
    SpeechStarted
    | SpeechStopped
    | Transcribe
    | TranscribePartly
    | JudgeEnd
    | Withdraw
    | Commit
    | Discard
    | Unintelligible
    | HoldAgent
    | ResumeAgent
    | CallerSilent
)
