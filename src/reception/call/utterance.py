"""What is known of an utterance that is going on."""

from dataclasses import dataclass

from reception.call.early import EarlyAttempts
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
    early: EarlyAttempts
    silence_ms: int = 0
    resumed_windows: int = 0
    paused: bool = False
    forced: bool = False
    full: bool = False
    next_windows: int = 0
    next_end_ms: int = 0
    doubted: bool = False
    attempt: int | None = None
    judging: int | None = None
    goes_on: bool = False
    words: bool | None = None
    completeness: Completeness = Completeness.UNSURE
    complete_probability: float | None = None

    @property
    def voiced_ms(self) -> int:
        return self.voiced_windows * VAD_WINDOW_MS

    def hear(self, windows: int, now_ms: int) -> None:
        """The last `windows` of the audio up to `now_ms` are speech."""
        self.voiced_windows += windows
        self.speech_end_ms = now_ms
        self.silence_ms = 0

    def begin_attempt(self, number: int, *, at_fade: bool) -> None:
        """Attempt `number` is to transcribe it as far as it has come."""
        self.attempt = number
        self.early.begun(at_fade=at_fade)
        self.words = None
        self.complete_probability = None

    def drop_attempt(self) -> int | None:
        """No attempt counts any more; the one that did, if there was one."""
        attempt, self.attempt = self.attempt, None
        self.early.withdrawn()
        self.words = None
        return attempt
