"""Changes that are made only to what was read: `If-Match` with the `ETag` of the answer."""

import hashlib
from typing import Annotated

from fastapi import Header

from reception.api.schemas import Response
from reception.core.errors import PreconditionFailed

IfMatch = Annotated[
    str | None, Header(description="The ETag that was read: refused with 412 when it has changed since", max_length=200)
]


def tag_of(version: int) -> str:
    return f'"{version}"'


def tag_of_view(view: Response) -> str:
    """The tag of what has no version of its own: it changes with anything that is told of it."""
    return f'"{hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:32]}"'


def check_unchanged(tag: str, if_match: str | None) -> None:
    """Raises `PreconditionFailed` for a change to something else than what was read."""
    if if_match is None or if_match.strip() == "*":
        return
    if tag not in {given.strip().removeprefix("W/") for given in if_match.split(",")}:
        raise PreconditionFailed(f"It has changed since: its ETag is {tag} now. Read it again.")
