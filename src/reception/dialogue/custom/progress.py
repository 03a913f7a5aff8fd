"""How far a flow of a tenant's own has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reception.dialogue.commands import FieldValue


@dataclass(frozen=True, slots=True)
class CustomProgress:
    """`values` are by slot name, dates and times as ISO text; `skipped` were declined; `asked` is the slot in question.

    While a flow ends, `left` counts the effects whose outcomes are awaited, `results` has what its tools answered,
    `stored` says that a lead is stored, and `failed` names the tool that did not answer.
    """

    flow: str
    values: Mapping[str, FieldValue] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    asked: str = ""
    left: int = 0
    results: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False
    failed: str = ""

    def with_value(self, name: str, value: FieldValue) -> "CustomProgress":
        return replace(self, values={**self.values, name: value})

    def without(self, name: str) -> "CustomProgress":
        """The slot is to be asked for again."""
        return replace(
            self,
            values={known: value for known, value in self.values.items() if known != name},
            skipped=tuple(known for known in self.skipped if known != name),
        )
