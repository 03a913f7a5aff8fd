"""When somebody who waits for an answer is told that it is coming."""

from reception.call.config import CallConfig


class DeadAir:
    """Since when nobody has been heard, over all replies of a call. Times are seconds on the monotonic clock."""

    def __init__(self, config: CallConfig) -> None:
        self._first_s = config.filler_after_ms / 1000
        self._again_s = max(self._first_s, config.filler_again_ms / 1000)
        self._since_s = 0.0
        self._agent_last = False

    @property
    def filler_due_s(self) -> float:
        """When a filler is due, if nothing is heard before."""
        return self._since_s + (self._again_s if self._agent_last else self._first_s)

    def caller_stopped(self, at_s: float) -> None:
        """The caller stopped speaking, or their turn was committed."""
        self._since_s = max(self._since_s, at_s)
        self._agent_last = False

    def agent_heard(self, until_s: float) -> None:
        """The agent is heard until then, and not beyond."""
        self._since_s = until_s
        self._agent_last = True
