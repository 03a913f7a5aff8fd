"""What a failure leaves in the log: where and what kind, and nothing of what people said."""

import asyncio
import gc
import json
import logging
from functools import partial

import pytest
import structlog
import uvloop

from reception.cli.logs import configure_logs, log_loop_failures
from reception.core.errors import Unavailable
from reception.core.telemetry import LOOP_FAILED

WORDS = "Failing row contains (Zedric Zulu, +14155550177)"


class RefusedRow(Exception):
    """As a database driver's: the message names the row."""

    sqlstate = "23514"


def _fail() -> None:
    try:
        raise RefusedRow(WORDS)
    except RefusedRow as error:
        raise Unavailable("the database is being restarted") from error


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("foreign", [True, False])
def test_a_traceback_holds_no_message_but_our_own(
    capsys: pytest.CaptureFixture[str], *, as_json: bool, foreign: bool
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logs("info", as_json=as_json)
        try:
            _fail()
        except Unavailable:
            if foreign:
                logging.getLogger("elsewhere").exception("failed")
            else:
                structlog.get_logger("here").error("failed", exc_info=True)
        group = ExceptionGroup("of a call", [RefusedRow(WORDS)])
        structlog.get_logger("here").error("failed", exc_info=group)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    text = capsys.readouterr().err
    assert "Zedric" not in text
    assert "0177" not in text
    assert "RefusedRow (SQLSTATE 23514)" in text
    assert "the database is being restarted" in text
    assert "in _fail" in text


def test_what_nobody_waited_for_is_logged_without_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    async def fails() -> None:
        raise RefusedRow(WORDS)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        log_loop_failures(loop)
        lost = asyncio.create_task(fails(), name="probe vendor")
        await asyncio.wait((lost,))
        del lost
        gc.collect()
        loop.call_soon(partial(_refuse, WORDS))
        await asyncio.sleep(0)

    try:
        configure_logs("info", as_json=True)
        uvloop.run(run())
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    lost, callback = map(json.loads, capsys.readouterr().err.splitlines())
    assert (lost["event"], lost["task"], callback["event"]) == (LOOP_FAILED, "probe vendor", LOOP_FAILED)
    assert "in fails" in lost["exception"]
    assert "in _refuse" in callback["exception"]
    assert "Zedric" not in str((lost, callback))


def _refuse(words: str) -> None:
    raise RefusedRow(words)


@pytest.mark.parametrize("library", ["websockets.client", "httpcore.http11", "botocore.auth"])
def test_no_library_writes_out_headers_with_keys_at_any_level(library: str) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logs("debug", as_json=True)
        assert not logging.getLogger(library).isEnabledFor(logging.DEBUG)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
