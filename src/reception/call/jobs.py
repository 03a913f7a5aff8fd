"""What the agent is to say or to answer, one thing after the other."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Greet:
    """Open the call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A committed turn; `speech_end_s` is None when it was not spoken. `goes_on` is as in `decisions.Commit`, and
    `typed` that the caller has a screen before them."""

    text: str
    committed_s: float
    confidence: float = 1.0
    speech_end_s: float | None = None
    stt_ms: float | None = None
    stt_provider: str = ""
    goes_on: bool = False
    typed: bool = False


@dataclass(frozen=True, slots=True)
class AskSilent:
    """The caller has been silent for the `count`th time in a row."""

    count: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """Say that an answer will come, while it is not yet known to what."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """Say `text`, which asks the caller to try again."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """End the call with `reason` after the reply in progress, and after `farewell` if there is one."""

    reason: str
    farewell: str = ""


Job: TypeAlias = Greet | Answer | AskSilent | Bridge | Excuse | Finish
