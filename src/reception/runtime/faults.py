"""Faults of the server, told to Sentry. Needs the extra `sentry`.

Every error in the log becomes an event: the kinds of exceptions, where in the code they were raised, and the ids of the
request, tenant and call. The messages of exceptions, local variables, requests and breadcrumbs stay here, for they may
hold what somebody said or who they are.
"""

import logging
import sys
from types import TracebackType
from typing import Any, Final, TypeAlias

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn, exceptions_from_error_tuple

from reception import __version__

_IDS: Final = ("request_id", "tenant_id", "agent_id", "call_id", "code", "task", "kind")
_KEPT: Final = (
    *("event_id", "timestamp", "level", "logger", "platform", "release", "environment", "sdk", "exception", "modules"),
    "fingerprint",
)
_FRAME: Final = ("filename", "abs_path", "module", "function", "lineno", "in_app", "context_line")
_LAST_S: Final = 2.0
_Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


def open_sentry(dsn: str, environment: str) -> None:
    """Tell every error of this process to the project that `dsn` names.

    Raises:
        ValueError: it is no DSN.
    """
    try:
        sentry_sdk.init(
            dsn,
            release=f"reception@{__version__}",
            environment=environment,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
            data_collection={
                "user_info": False,
                "http_bodies": [],
                "database_query_data": False,
                "stack_frame_variables": False,
                "frame_context_lines": 0,
            },
            max_breadcrumbs=0,
            server_name="reception",
            before_send=only_what_is_harmless,
        )
    except BadDsn as error:
        raise ValueError("is no DSN of Sentry") from error


def close_sentry() -> None:
    """Send what waits, and tell no more. Blocks for at most seconds."""
    sentry_sdk.get_client().close(timeout=_LAST_S)
    sentry_sdk.get_global_scope().set_client(None)


def only_what_is_harmless(event: Event, hint: Hint) -> Event:
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in _KEPT}
    record = hint.get("log_record")
    told = record.msg if record is not None and isinstance(record.msg, dict) else {}
    kept["message"] = str(told.get("event", "")) or "error"
    kept["tags"] = {name: str(told[name])[:64] for name in _IDS if told.get(name)}
    if (raised_here := _raised(told.get("exc_info"))) is not None:
        options = sentry_sdk.get_client().options
        kept["exception"] = {"values": exceptions_from_error_tuple(raised_here, client_options=options)}
    for raised in kept.get("exception", {}).get("values", ()):
        raised["value"] = ""
        raised.pop("mechanism", None)
        frames = (raised.get("stacktrace") or {}).get("frames", ())
        raised["stacktrace"] = {"frames": [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]}
    harmless: Event = kept  # type: ignore[assignment]
    return harmless


def _raised(told: object) -> _Raised | None:
    """The exception that a line of structlog is about, in any of the forms in which it is given."""
    if isinstance(told, BaseException):
        return type(told), told, told.__traceback__
    if told is True:
        kind, error, trace = sys.exc_info()
        return (kind, error, trace) if kind is not None and error is not None else None
    return told if isinstance(told, tuple) and len(told) == 3 and told[0] is not None else None
