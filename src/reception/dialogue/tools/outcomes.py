"""Effects and their outcomes as they are stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from pydantic import TypeAdapter

from reception.ports.dialogue import Json
from reception.ports.tools import Done, Outcome, Refused

_DONE: TypeAdapter[Done] = TypeAdapter(Done)
_REFUSED: TypeAdapter[Refused] = TypeAdapter(Refused)


def written(effect: str, outcome: Outcome) -> Mapping[str, Json]:
    """`effect` is its fingerprint."""
    if isinstance(outcome, Done):
        kind, value = "done", _DONE.dump_python(outcome, mode="json")
    else:
        kind, value = "refused", _REFUSED.dump_python(outcome, mode="json")
    return {"effect": effect, "kind": kind, "value": cast(Json, value)}


def read(stored: Mapping[str, Json]) -> Outcome:
    if stored["kind"] == "done":
        return replace(_DONE.validate_python(stored["value"]), replayed=True)
    return _REFUSED.validate_python(stored["value"])
