"""What a parser found, and where."""

from dataclasses import dataclass
from datetime import date

from reception.dialogue.commands import SlotName, SlotValue, TimeOfDay

EITHER = "either"
"""Two values were given to choose from, or as the ends of a span; what was said is both, with "|" between."""


def either(slot: SlotName, start: int, end: int, *values: SlotValue) -> "Found":
    """ "Seven or eight": two values for `slot`, of which one is still to be settled on."""
    return Found(slot, start, end, reason=EITHER, raw="|".join(map(_plain, values)))


def _plain(value: SlotValue) -> str:
    if isinstance(value, TimeOfDay):
        return f"{value.time:%H:%M}{'' if value.certain else '?'}"
    return value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True, slots=True)
class Found:
    """A value for `slot` read from tokens `start` up to `end`; or, with a `reason`, why it cannot be one.

    `raw` replaces the quoted words when it is not empty. `weak` readings give way to any other for the same words.
    `weekday`: the date was given by its weekday alone.
    """

    slot: SlotName
    start: int
    end: int
    value: SlotValue | None = None
    reason: str = ""
    raw: str = ""
    weak: bool = False
    weekday: bool = False

    def overlaps(self, other: "Found") -> bool:
        return self.start < other.end and other.start < self.end
