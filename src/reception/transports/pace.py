"""How far ahead of real time a client's audio may run."""


class AudioPace:
    """A leaky bucket of audio: fills with what arrives, empties at `drain_factor` times real time.

    A client that sends in real time, or catches up after a stall, never waits; one that floods is read no faster than
    `drain_factor` once `burst_ms` stand in the bucket.
    """

    def __init__(self, *, burst_ms: float = 10_000.0, drain_factor: float = 3.0) -> None:
        self._burst_ms = burst_ms
        self._drain_factor = drain_factor
        self._held_ms = 0.0
        self._at_s: float | None = None

    def wait_s(self, audio_ms: float, now_s: float) -> float:
        """Take `audio_ms` at `now_s` (monotonic); returns how long to wait before more is read."""
        if self._at_s is not None:
            self._held_ms = max(0.0, self._held_ms - (now_s - self._at_s) * 1000.0 * self._drain_factor)
        self._at_s = now_s
        self._held_ms += audio_ms
        return max(0.0, self._held_ms - self._burst_ms) / (1000.0 * self._drain_factor)
