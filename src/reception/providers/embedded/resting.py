"""Lines on which nothing happens, so that the voice-activity model need not hear every window of them."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]

_SILENT_BELOW = 0.05
_CALM_WINDOWS = 4
_LOUDER_BY = 2.0
"""In power: 3 dB above what the line sounds like when nobody speaks, a window is judged."""
_MOST_SKIPPED = 7
_FLOOR_WEIGHT = 0.25
_SMALLEST_POWER = 1e-9


class RestingLines:
    """Which windows may go without being judged, for the slots of one batch.

    A line rests when the model has called its last `_CALM_WINDOWS` windows silent and the window at hand is not
    louder than they were. Every eighth window in a row is judged all the same, so that the model's memory of the line
    and the measure of its noise stay fresh, and a voice that rises slowly out of the noise is found.
    """

    def __init__(self, slots: int) -> None:
        self._floor: NDArray[np.float32] = np.zeros(slots, np.float32)
        self._calm: NDArray[np.int32] = np.zeros(slots, np.int32)
        self._skipped: NDArray[np.int32] = np.zeros(slots, np.int32)
        self._last: NDArray[np.float32] = np.zeros(slots, np.float32)

    def double(self) -> None:
        """Room for as many slots again."""
        self._floor = np.concatenate((self._floor, np.zeros_like(self._floor)))
        self._calm = np.concatenate((self._calm, np.zeros_like(self._calm)))
        self._skipped = np.concatenate((self._skipped, np.zeros_like(self._skipped)))
        self._last = np.concatenate((self._last, np.zeros_like(self._last)))

    def enter(self, slot: int) -> None:
        """A new line, of which nothing is known."""
        self._calm[slot] = self._skipped[slot] = 0
        self._floor[slot] = self._last[slot] = 0.0

    def skip(self, slots: Rows, power: NDArray[np.float32]) -> NDArray[np.bool_]:
        """For each window, of mean square `power`, whether its line rests; then its last probability holds."""
        calm = self._calm[slots] >= _CALM_WINDOWS
        low = power <= self._floor[slots] * _LOUDER_BY + _SMALLEST_POWER
        resting: NDArray[np.bool_] = calm & low & (self._skipped[slots] < _MOST_SKIPPED)
        self._skipped[slots] = np.where(resting, self._skipped[slots] + 1, 0)
        return resting

    def judged(self, slots: Rows, power: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        """What the model said of windows that were not skipped."""
        silent = probabilities < _SILENT_BELOW
        known = self._calm[slots] > 0
        floor = self._floor[slots]
        self._floor[slots] = np.where(known, floor + _FLOOR_WEIGHT * (power - floor), power)
        self._calm[slots] = np.where(silent, self._calm[slots] + 1, 0)
        self._last[slots] = probabilities

    def unjudged(self, slots: Rows) -> None:
        """The model failed on these windows: they count as silent, and their lines as unknown."""
        self._calm[slots] = 0
        self._last[slots] = 0.0

    def last(self, slots: Rows) -> NDArray[np.float32]:
        """The probability that the model gave last."""
        return self._last[slots]
