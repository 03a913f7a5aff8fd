"""Log output: one JSON object a line for machines, coloured lines for people. Everything goes to standard error."""

import asyncio
import logging
import logging.config
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from reception.cli.tracebacks import withhold_messages
from reception.core.telemetry import LOOP_FAILED

_log = structlog.get_logger(__name__)


def configure_logs(level: str, *, as_json: bool) -> None:
    """Send structlog and the standard library's loggers through one chain."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, withhold_messages, renderer],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn", "uvicorn.error", "alembic", "httpx", "faster_whisper", "procrastinate", "pdfminer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # At their lowest level they write out headers, with the keys in them, and frames, with what is said.
    for talkative in (
        "websockets",
        "httpcore",
        "botocore",
        "aiobotocore",
        "s3fs",
        "fsspec",
        "openai",
        "groq",
        "anthropic",
    ):
        logging.getLogger(talkative).setLevel(logging.INFO)


def log_loop_failures(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody waits for when it fails as everything else is. The text that asyncio would write repeats what
    exceptions say, and what callbacks are given."""
    loop.set_exception_handler(_log_loop_failure)


def _log_loop_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    name = task.get_name() if isinstance(task, asyncio.Task) else ""
    _log.error(LOOP_FAILED, task=name, exc_info=context.get("exception"))
