"""What a question requires of a row, as conditions on the values that the row states. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reception.core.requirements import Requirements

_FIELDS = {"bedroom": "bedrooms", "bathroom": "bathrooms"}
_MOST_OF_A_KIND = 99
_SAME_SORT = 50
"""How many times less than its bound a price may be to be of the same sort, and no fee."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A value between two bounds, both included. Below `floor` a value is of another sort: it fulfils nothing, and
    contradicts nothing."""

    field: str
    lowest: float = -math.inf
    highest: float = math.inf
    floor: float = -math.inf

    @property
    def told(self) -> str:
        """For people: "bedrooms = 3", "price at most 400000"."""
        if self.lowest == self.highest:
            return f"{self.field} = {self.lowest:g}"
        bounds = []
        if self.lowest > -math.inf:
            bounds.append(f"at least {self.lowest:.10g}")
        if self.highest < math.inf:
            bounds.append(f"at most {self.highest:.10g}")
        return f"{self.field} {' and '.join(bounds)}"


def conditions_of(required: Requirements) -> tuple[Condition, ...]:
    """The conditions that `required` puts on a row."""
    found = [
        Condition(_FIELDS.get(noun, noun), allowed.start, _highest(allowed.stop - 1))
        for noun, allowed in required.counts
    ]
    if required.guests:
        found.append(Condition("sleeps", lowest=required.guests))
    if required.bounds_price:
        floor = (required.lowest or required.highest) / _SAME_SORT
        found.append(Condition("price", required.lowest or -math.inf, required.highest, floor))
    return tuple(found)


def fulfilled(conditions: Sequence[Condition]) -> str | None:
    """A jsonpath that finds something in rows which state all that is required; None when nothing is."""
    parts = []
    for condition in conditions:
        lowest = max(condition.lowest, condition.floor)
        value = f"@.{condition.field}"
        parts += [f"{value} >= {lowest!r}"] * (lowest > -math.inf)
        parts += [f"{value} <= {condition.highest!r}"] * (condition.highest < math.inf)
    return f"$ ? ({' && '.join(parts)})" if parts else None


def contradicted(conditions: Sequence[Condition]) -> str | None:
    """A jsonpath that finds something in rows which state otherwise; None when nothing is required."""
    parts = []
    for condition in conditions:
        value = f"@.{condition.field}"
        if condition.lowest > -math.inf:
            above_floor = f"{value} >= {condition.floor!r} && " if condition.floor > -math.inf else ""
            parts.append(f"({above_floor}{value} < {condition.lowest!r})")
        if condition.highest < math.inf:
            parts.append(f"({value} > {condition.highest!r})")
    return f"$ ? ({' || '.join(parts)})" if parts else None


def _highest(count: int) -> float:
    return math.inf if count >= _MOST_OF_A_KIND else count
