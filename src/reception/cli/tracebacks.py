"""Exceptions as they may be logged: where they were raised and of what kind, without what they say.

The message of an exception can hold anything: a database's names the row it refused, a parser's the words it could not
read. Only an `AppError` promises to hold neither secrets nor personal data, so only its message is written.
"""

import sys
import traceback
from collections.abc import Iterator

from structlog.typing import EventDict, WrappedLogger

from reception.core.errors import AppError

_DEEPEST = 6


def withhold_messages(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces `exc_info` by `exception`, its text without messages."""
    given = event.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = "\n".join(_lines(error, depth=0))
    return event


def _lines(error: BaseException, *, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for frame in traceback.format_tb(error.__traceback__):
        yield from (indent + line for line in frame.rstrip().split("\n"))
    yield indent + _kind(error)
    if depth >= _DEEPEST:
        return
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _lines(member, depth=depth + 1)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield indent + "after"
        yield from _lines(before, depth=depth + 1)


def _kind(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, AppError):
        return f"{name}: {error.detail}"
    state = getattr(error, "sqlstate", None)
    return f"{name} (SQLSTATE {state})" if state else name
