"""A caller's frames put back in the order in which they were spoken."""

REORDER_WINDOW = 5
"""How many frames are held back for one that is missing: 100 ms at 20 ms a frame."""
LONGEST_FILLED = 50
"""How many missing frames are made up for with silence: a second at 20 ms a frame, enough to end a turn."""


class ChunkOrder:
    """Orders numbered frames of companded audio.

    A frame that is next in line passes at once. One that is early waits for those before it, until
    `REORDER_WINDOW` frames wait; then what is missing is taken for lost and replaced by `silence`, at most
    `LONGEST_FILLED` frames of it. A frame that comes twice, or after its place was filled, is dropped. Numbers
    that go back by more than `LONGEST_FILLED` are a sender's new count, which is followed.
    """

    def __init__(self, silence: int) -> None:
        self._silence = silence
        self._next: int | None = None
        self._early: dict[int, bytes] = {}
        self.lost = 0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Frames held back."""
        return len(self._early)

    def take(self, chunk: int, payload: bytes) -> bytes:
        """The audio that may be heard now that frame `chunk` is there, in order; often just `payload`."""
        if self._next is None:
            self._next = chunk
        if chunk == self._next:
            self._next = chunk + 1
            return payload if not self._early else payload + self._following()
        if chunk < self._next:
            if self._next - chunk <= LONGEST_FILLED:
                self.dropped += 1
                return b""
            rest = self.flush()
            self._next = chunk + 1
            return rest + payload
        if chunk in self._early:
            self.dropped += 1
            return b""
        self._early[chunk] = payload
        return self._give_up() if len(self._early) > REORDER_WINDOW else b""

    def flush(self) -> bytes:
        """Everything held back, with silence in its gaps."""
        heard = b""
        while self._early:
            heard += self._give_up()
        return heard

    def _give_up(self) -> bytes:
        first = min(self._early)
        missing = first - (self._next if self._next is not None else first)
        self.lost += missing
        size = len(self._early[first])
        self._next = first
        return bytes((self._silence,)) * (size * min(missing, LONGEST_FILLED)) + self._following()

    def _following(self) -> bytes:
        following: list[bytes] = []
        while self._next is not None and self._next in self._early:
            following.append(self._early.pop(self._next))
            self._next += 1
        return b"".join(following)
