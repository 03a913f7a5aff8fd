"""What was sent of a reply, what of it has been played, and which words that makes."""

from reception.core.speakable import speakable
from reception.core.speakable.alignment import word_ends, words_needed

_TRUSTED_AHEAD_S = 0.4
_LETTERS_OF_DIGIT = 4
_RESTS = {",": 4, ";": 4, ":": 4, ".": 6, "!": 6, "?": 6}


class Playout:
    """The play head of the far end, estimated from the clock and corrected by its marks.

    Positions are samples since `begin`. The far end plays without pause while it has audio and waits while it has
    none, so that audio sent after a stall moves the head on at once. The position never runs backwards.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._epoch = 0
        self._sent = 0
        self._floor = 0
        self._base = 0
        self._base_s = 0.0
        self._marks: dict[str, int] = {}
        self.echoes_marks = False

    @property
    def sent(self) -> int:
        return self._sent

    def begin(self) -> None:
        """Start the count of a new reply; marks of earlier ones no longer count."""
        self._epoch += 1
        self._sent = self._floor = self._base = 0
        self._base_s = 0.0
        self._marks.clear()

    def position(self, now_s: float) -> int:
        """Samples played by `now_s`."""
        estimate = self._base + int((now_s - self._base_s) * self._rate_hz)
        self._floor = min(self._sent, max(self._floor, estimate))
        return self._floor

    def lead_s(self, now_s: float) -> float:
        """Seconds of audio sent and not yet played."""
        return (self._sent - self.position(now_s)) / self._rate_hz

    def idle_s(self, now_s: float) -> float:
        """Seconds for which the far end has had nothing to play; 0 while it has."""
        if self.position(now_s) < self._sent:
            return 0.0
        return max(0.0, now_s - self._base_s - (self._sent - self._base) / self._rate_hz)

    def send(self, samples: int, now_s: float) -> None:
        """Count `samples` as sent."""
        position = self.position(now_s)
        if position >= self._sent:
            self._base, self._base_s = position, now_s
        self._sent += samples

    def stop(self, now_s: float) -> int:
        """Forget what has not been played, as the far end does on `clear`; returns where it stopped."""
        position = self.position(now_s)
        self._sent = position
        self._epoch += 1
        self._marks.clear()
        return position

    def mark(self, turn: int) -> str:
        """The name of a mark for the audio sent so far."""
        name = f"{turn}.{self._epoch}.{self._sent}"
        self._marks[name] = self._sent
        return name

    def marked(self, name: str, now_s: float) -> None:
        """The far end says that it has reached `name`. Names of an earlier reply, or cleared, are ignored, and so
        is a claim to be further ahead than clocks can drift."""
        at = self._marks.pop(name, None)
        if at is None:
            return
        self.echoes_marks = True
        if at - self.position(now_s) <= _TRUSTED_AHEAD_S * self._rate_hz:
            self._base, self._base_s = at, now_s

    @property
    def marks_open(self) -> bool:
        """A mark has not come back yet."""
        return bool(self._marks)


def words_played(text: str, fraction: float) -> str:
    """The words of `text` that were heard whole when `fraction` of its audio was played, of a voice that does not tell:
    each takes as long as its spoken form has letters, and rests follow punctuation."""
    spoken = speakable(text).split()
    ends: list[float] = []
    end = 0.0
    for word in spoken:
        end += 1 + sum(_LETTERS_OF_DIGIT if letter.isdigit() else letter.isalnum() for letter in word)
        end += 2 * len(word) if len(word) > 1 and word.isupper() else 0
        ends.append(end)
        end += _RESTS.get(word[-1], 0)
    limit = fraction * (ends[-1] if ends else 0.0) + 1e-9
    said = sum(at <= limit for at in ends)
    heard = [
        chars
        for chars, count in zip(word_ends(text), words_needed(text, " ".join(spoken)), strict=True)
        if count <= said
    ]
    return text[: heard[-1]] if heard else ""
