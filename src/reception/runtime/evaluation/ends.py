"""What a conversation's bookings were when it ended, whatever became of them since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_SAME = ("status", "starts_at", "ends_at", "party_size", "place", "service")
_OF_GUEST = {"guest_name": "name", "guest_phone": "phone", "guest_email": "email"}


@dataclass(frozen=True, slots=True)
class Ends:
    """`reservations` are all of the tenant's, those of the conversation as it left them; `before` those that it
    changed, as it found them, by id. `restored` of them have been changed since; `unknown` have, too, and what they
    were is not kept."""

    reservations: Sequence[Mapping[str, Any]]
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    restored: int = 0
    unknown: int = 0

    @property
    def told(self) -> str:
        """Lines for the head of a file; empty where nothing was changed."""
        parts = (
            (self.restored, "expected as it was then"),
            (self.unknown, "expected as it is now, as what it was then is not kept"),
        )
        return "".join(
            f"# Changed after the conversation had ended, {told}: {count} booking{'s' if count > 1 else ''}.\n"
            for count, told in parts
            if count
        )


def ends_of(
    rows: Sequence[Mapping[str, Any]], effects: Sequence[Mapping[str, Any]], conversation: Mapping[str, Any]
) -> Ends:
    """The tenant's reservations `rows`, each that the conversation's `effects` did something to as the last of them
    left it."""
    left: dict[str, Mapping[str, Any]] = {}
    found: dict[str, Mapping[str, Any]] = {}
    for effect in sorted(effects, key=lambda one: (one["turn"], one["index"])):
        done = effect["outcome"].get("value") or {}
        if effect["outcome"].get("kind") == "done" and done.get("reservation"):
            left[str(done["reservation"]["reservation_id"])] = done["reservation"]
            if done.get("before"):
                found.setdefault(str(done["before"]["reservation_id"]), done["before"])
    then = [_as_left(row, left.get(str(row["id"]))) for row in rows]
    own = [
        row for row in rows if row["conversation_id"] == conversation["id"] and _was_kept(row, left.get(str(row["id"])))
    ]
    return Ends(
        then,
        {str(row["id"]): _as_left(row, found[str(row["id"])]) for row in rows if str(row["id"]) in found},
        restored=sum(now != was for now, was in zip(rows, then, strict=True)),
        unknown=sum(str(row["id"]) not in left and _is_later(row["updated_at"], conversation) for row in own),
    )


def _was_kept(row: Mapping[str, Any], left: Mapping[str, Any] | None) -> bool:
    return (left or row)["status"] not in ("held", "expired")


def _as_left(row: Mapping[str, Any], left: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A hold says nothing of how it ended: it lapses, or is given up, without an outcome that has it."""
    if left is None or left["status"] == "held":
        return row
    values = {name: left[name] for name in _SAME if name in left}
    if row["guest_name"]:  # of whom it is known no more, nothing is brought back
        values |= {name: left["guest"][key] for name, key in _OF_GUEST.items() if key in left["guest"]}
    return {**row, **{name: value for name, value in values.items() if not _same(name, value, row[name])}}


def _same(name: str, one: Any, other: Any) -> bool:
    return bool(datetime.fromisoformat(one) == datetime.fromisoformat(other) if name.endswith("_at") else one == other)


def _is_later(moment: str, conversation: Mapping[str, Any]) -> bool:
    ended = conversation["ended_at"]
    return ended is not None and datetime.fromisoformat(moment) > datetime.fromisoformat(ended)
