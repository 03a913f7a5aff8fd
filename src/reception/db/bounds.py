"""Limits on what goes into a text or JSON column, checked at the edge of the services."""

import json
from collections.abc import Mapping, Sequence

from reception.core.errors import FieldProblem, Unprocessable
from reception.ports.dialogue import Json


def refuse(pointer: str, detail: str) -> Unprocessable:
    """An error about the one field at `pointer` (RFC 6901)."""
    return Unprocessable(f"{pointer}: {detail}", problems=(FieldProblem(pointer, detail),))


def bounded(value: str, pointer: str, *, longest: int, shortest: int = 0) -> str:
    """`value` without space around it, if its length is within bounds.

    Raises:
        Unprocessable: too short, too long, or with a NUL character, which PostgreSQL cannot store.
    """
    if "\x00" in value:
        raise refuse(pointer, "must not contain NUL characters")
    kept = value.strip()
    if len(kept) < shortest:
        wanted = "must not be empty" if shortest == 1 else f"must have at least {shortest} characters"
        raise refuse(pointer, wanted)
    if len(kept) > longest:
        raise refuse(pointer, f"must have at most {longest} characters")
    return kept


def clipped(value: str, longest: int) -> str:
    """`value` cut to what can be stored, for text that the product itself heard or said."""
    return value.replace("\x00", "")[:longest]


def _characters(text: str) -> str:
    """`text` without NUL, and with a question mark for each half of a pair, which is no character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def storable(value: Json) -> Json:
    """A plain copy of `value` that jsonb can hold: lists and dicts, whole characters and no NUL."""
    if isinstance(value, str):
        return _characters(value)
    if isinstance(value, Mapping):
        return {_characters(key): storable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [storable(item) for item in value]
    return value


def bounded_json(value: Mapping[str, Json], pointer: str, *, longest: int) -> dict[str, Json]:
    """`value` ready for a jsonb column, if its text has at most `longest` characters.

    Raises:
        Unprocessable: it is longer, or holds a number that JSON has none for.
    """
    plain = {_characters(key): storable(item) for key, item in value.items()}
    try:
        length = len(json.dumps(plain, ensure_ascii=False, allow_nan=False))
    except ValueError:
        raise refuse(pointer, "must hold finite numbers only") from None
    if length > longest:
        raise refuse(pointer, f"must have at most {longest} characters as JSON")
    return plain
