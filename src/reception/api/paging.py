"""Lists by pages: a cursor says where the next page begins, and is opaque to whoever sends it back."""

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query

from reception.api.schemas import Response
from reception.core.errors import FieldProblem, Unprocessable

_Item = TypeVar("_Item")

Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most")]
Cursor = Annotated[str, Query(max_length=2000, description="`next_cursor` of the page before")]


class Page(Response, Generic[_Item]):
    """`next_cursor` is null on the last page."""

    items: tuple[_Item, ...]
    next_cursor: str | None


def cursor_of(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, length: int) -> tuple[str, ...]:
    """The parts of a cursor.

    Raises:
        Unprocessable: it is none of ours.
    """
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise foreign_cursor() from error
    if not isinstance(parts, list) or len(parts) != length or not all(isinstance(part, str) for part in parts):
        raise foreign_cursor()
    return tuple(parts)


def id_after(cursor: str) -> UUID | None:
    """The id that a cursor of one id says was the last."""
    if not cursor:
        return None
    [text] = read_cursor(cursor, 1)
    try:
        return UUID(text)
    except ValueError as error:
        raise foreign_cursor() from error


def time_and_id_after(cursor: str) -> tuple[datetime, UUID] | None:
    """The time, with its zone, and the id that a cursor of these two says were the last."""
    if not cursor:
        return None
    at, text = read_cursor(cursor, 2)
    try:
        after = datetime.fromisoformat(at), UUID(text)
    except ValueError as error:
        raise foreign_cursor() from error
    if after[0].tzinfo is None:
        raise foreign_cursor()
    return after


def number_after(cursor: str, most: int = 999_999_999) -> int | None:
    """The number, from 0 to `most`, that a cursor of one number says was the last."""
    if not cursor:
        return None
    [text] = read_cursor(cursor, 1)
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > most:
        raise foreign_cursor()
    return int(text)


def text_and_id_after(cursor: str) -> tuple[str, UUID] | None:
    """The text and the id that a cursor of these two says were the last."""
    if not cursor:
        return None
    text, last = read_cursor(cursor, 2)
    try:
        return _storable(text), UUID(last)
    except ValueError as error:
        raise foreign_cursor() from error


def _storable(text: str) -> str:
    """What PostgreSQL can compare with what it has. Raises ValueError otherwise."""
    text.encode()
    if "\0" in text:
        raise ValueError("NUL")
    return text


def foreign_cursor() -> Unprocessable:
    problem = FieldProblem("/cursor", "must be the next_cursor of the page before")
    return Unprocessable("`cursor` is not one of ours.", problems=(problem,))
