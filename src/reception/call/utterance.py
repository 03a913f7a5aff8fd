"""What is known of an utterance that is going on."""

from dataclasses import dataclass

from reception.ports.expectation import Completeness
from reception.ports.speech import VAD_WINDOW_MS


@dataclass(slots=True)
class Utterance:
    """`silence_ms` is counted since `speech_end_ms`; `words` is None until the attempt has its transcript.

    `forced`: it ends with what has been said, whatever the silence. One that is `full` as well takes no more speech:
    what follows is counted in `next_windows` up to `next_end_ms`, for the next one."""

    start_ms: int
    speech_end_ms: int
    voiced_windows: int
    next_partial_ms: int
    silence_ms: int = 0
    resumed_windows: int = 0
    paused: bool = False
    forced: bool = False
    full: bool = False
    next_windows: int = 0
    next_end_ms: int = 0
    doubted: bool = False
    attempt: int | None = None
    attempts: int = 0
    judging: int | None = None
    goes_on: bool = False
    words: bool | None = None
    completeness: Completeness = Completeness.UNSURE
    complete_probability: float | None = None

    @property
    def voiced_ms(self) -> int:
        return self.voiced_windows * VAD_WINDOW_MS
