"""What a failure leaves in the log: where and what kind, and nothing of what people said."""

import logging

import pytest
import structlog

from reception.cli.logs import configure_logs
from reception.core.errors import Unavailable

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
