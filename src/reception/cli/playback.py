"""The caller's ear: a virtual speaker, and latency read off the two waveforms. Pure; times are given, in seconds."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reception.ports.audio import Pcm16

WINDOW_MS = 5
AUDIBLE_DBFS = -50.0
SPEECH_BELOW_LOUDEST_DB = 30.0
"""In a caller's utterance, windows quieter than its loudest by more than this are room noise."""


def window_levels(samples: Pcm16, rate_hz: int) -> NDArray[np.float64]:
    """RMS level of each whole or begun window of `WINDOW_MS`, in dBFS; digital silence is -120."""
    window = max(1, rate_hz * WINDOW_MS // 1000)
    count = math.ceil(samples.size / window)
    padded = np.zeros(count * window, dtype=np.float64)
    padded[: samples.size] = samples / 32768.0
    power = np.mean(padded.reshape(count, window) ** 2, axis=1)
    levels: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-12))
    return levels


def speech_bounds(samples: Pcm16, rate_hz: int) -> tuple[int, int] | None:
    """The first sample with speech and the one after the last, by energy; None when there is none."""
    levels = window_levels(samples, rate_hz)
    if not levels.size or levels.max() < AUDIBLE_DBFS:
        return None
    spoken = np.flatnonzero(levels >= max(AUDIBLE_DBFS, levels.max() - SPEECH_BELOW_LOUDEST_DB))
    window = max(1, rate_hz * WINDOW_MS // 1000)
    return int(spoken[0]) * window, min(samples.size, (int(spoken[-1]) + 1) * window)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Audio that arrived at `received_s` and is heard from `starts_s` on."""

    received_s: float
    starts_s: float
    samples: Pcm16


class Playback:
    """A speaker that plays what it is given in real time, in order, each piece once what came before has ended."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._stretches: list[Stretch] = []
        self._marks: list[tuple[float, str]] = []
        self._ends_s = -math.inf

    @property
    def ends_s(self) -> float:
        """When everything received so far will have been played."""
        return self._ends_s

    @property
    def waiting_marks(self) -> int:
        return len(self._marks)

    def push(self, samples: Pcm16, now_s: float) -> None:
        starts_s = max(now_s, self._ends_s)
        self._stretches.append(Stretch(now_s, starts_s, samples))
        self._ends_s = starts_s + samples.size / self._rate_hz

    def mark(self, name: str, now_s: float) -> None:
        self._marks.append((max(now_s, self._ends_s), name))

    def reached(self, now_s: float) -> list[str]:
        """The marks that playback has reached since this was last asked, in order."""
        names = [name for due_s, name in self._marks if due_s <= now_s]
        self._marks = [entry for entry in self._marks if entry[0] > now_s]
        return names

    def clear(self, now_s: float) -> None:
        """Drop everything not yet played, marks included."""
        kept: list[Stretch] = []
        for stretch in self._stretches:
            played = round((now_s - stretch.starts_s) * self._rate_hz)
            if played > 0:
                kept.append(Stretch(stretch.received_s, stretch.starts_s, stretch.samples[:played]))
        self._stretches = kept
        self._marks = []
        self._ends_s = min(self._ends_s, now_s)

    def first_sound_s(self, *, received_after_s: float) -> float | None:
        """When the first audible sample of what arrived after `received_after_s` is played."""
        for stretch in self._stretches:
            if stretch.received_s < received_after_s:
                continue
            audible = np.flatnonzero(window_levels(stretch.samples, self._rate_hz) >= AUDIBLE_DBFS)
            if audible.size:
                return stretch.starts_s + int(audible[0]) * WINDOW_MS / 1000
        return None

    def audible_past(self, at_s: float) -> bool:
        """Whether audio that had arrived by `at_s` goes on sounding after it."""
        for stretch in self._stretches:
            if stretch.received_s <= at_s < stretch.starts_s + stretch.samples.size / self._rate_hz:
                rest = stretch.samples[max(0, round((at_s - stretch.starts_s) * self._rate_hz)) :]
                if (window_levels(rest, self._rate_hz) >= AUDIBLE_DBFS).any():
                    return True
        return False

    def render(self, from_s: float, to_s: float) -> Pcm16:
        """What the speaker emitted from `from_s` to `to_s`, silence included."""
        heard: Pcm16 = np.zeros(max(0, round((to_s - from_s) * self._rate_hz)), dtype=np.int16)
        for stretch in self._stretches:
            start = round((stretch.starts_s - from_s) * self._rate_hz)
            skipped = max(0, -start)
            room = heard[max(0, start) : max(0, start + stretch.samples.size)]
            room[:] = stretch.samples[skipped : skipped + room.size]
        return heard


class LatencyMeter:
    """Voice-to-voice latency: from the caller's last sample with speech to the first audible sample of a reply, as
    played. Leading silence of the reply counts as waiting, trailing silence of the utterance too."""

    def __init__(self, playback: Playback, rate_hz: int) -> None:
        self._playback = playback
        self._rate_hz = rate_hz
        self._spoken_until_s: float | None = None

    @property
    def spoken_until_s(self) -> float | None:
        return self._spoken_until_s

    def spoke(self, samples: Pcm16, starts_s: float) -> None:
        """An utterance leaves the caller's mouth from `starts_s` on; without any speech, all of it counts."""
        bounds = speech_bounds(samples, self._rate_hz) or (0, samples.size)
        self._spoken_until_s = starts_s + bounds[1] / self._rate_hz

    def acted(self, at_s: float) -> None:
        """The caller typed or pressed a key instead of speaking."""
        self._spoken_until_s = at_s

    def latency_ms(self) -> float | None:
        """None while no reply is audible, or when nothing was said."""
        if self._spoken_until_s is None:
            return None
        sound_s = self._playback.first_sound_s(received_after_s=self._spoken_until_s)
        return None if sound_s is None else (sound_s - self._spoken_until_s) * 1000


def percentile(values: list[float], percent: float) -> float | None:
    """Linear interpolation between the nearest ranks; None without values."""
    return float(np.percentile(values, percent)) if values else None
