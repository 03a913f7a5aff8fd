"""What a parser found, and where."""

from dataclasses import dataclass

from reception.dialogue.commands import SlotName, SlotValue


@dataclass(frozen=True, slots=True)
class Found:
    """A value for `slot` read from tokens `start` up to `end`; or, with a `reason`, why it cannot be one.

    `raw` replaces the quoted words when it is not empty. `weak` readings give way to any other for the same words.
    """

    slot: SlotName
    start: int
    end: int
    value: SlotValue | None = None
    reason: str = ""
    raw: str = ""
    weak: bool = False

    def overlaps(self, other: "Found") -> bool:
        return self.start < other.end and other.start < self.end
