"""Checking passwords takes all of a core, and calls go first."""

import os
import sys
import threading

import pytest

from reception.domains.access import passwords


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
async def test_threads_that_hash_yield_to_the_one_that_carries_calls() -> None:
    before = _niceness()
    assert await passwords._slowly(_niceness) == 10
    assert _niceness() == before
