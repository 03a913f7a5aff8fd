"""What holds for every test."""

import fcntl
import logging
import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import TextIO

import pytest

_REAL_TIME = Path(__file__).parent / "e2e"
_RUN = "PYTEST_XDIST_TESTRUNUID"


def _in_real_time(item: pytest.Item) -> bool:
    return _REAL_TIME in item.path.parents


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of two processes that share the tests, each takes whole files; the calls in real time are one piece, the last."""
    items.sort(key=_in_real_time)
    for item in items:
        group = "calls" if _in_real_time(item) else str(item.path.relative_to(_REAL_TIME.parent))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Calls in real time have the machine to themselves: the other process waits before its next test until all of
    them are over, as calls go on between the tests that look at them."""
    if _RUN not in os.environ:
        return (yield)
    real_time = _in_real_time(item)
    fcntl.flock(_machine(), fcntl.LOCK_EX if real_time else fcntl.LOCK_SH)
    try:
        return (yield)
    finally:
        if not real_time:
            fcntl.flock(_machine(), fcntl.LOCK_UN)


@cache
def _machine() -> TextIO:
    return (Path(gettempdir()) / f"reception-tests-{os.environ[_RUN]}.lock").open("w")


def pytest_unconfigure() -> None:
    if _RUN in os.environ:
        _machine().close()
        Path(_machine().name).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _own_log_handlers() -> Iterator[None]:
    """A command that is run within a test sends the logs to the standard error of that test, which ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
