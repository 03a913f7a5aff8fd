"""Loops beside the calls, and workers, are begun again when they fail."""

import asyncio
import socket

import pytest

from reception.app.background import keep_running
from reception.cli.workers import Workforce
from tests.support.virtual_time import run_virtual


def test_a_loop_that_fails_is_begun_again_and_one_that_ends_is_not() -> None:
    begun: list[float] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()

        async def work() -> None:
            begun.append(loop.time())
            if len(begun) < 4:
                raise ZeroDivisionError

        await keep_running("work", work)

    run_virtual(scenario())
    assert begun == pytest.approx([0, 1, 3, 7], abs=0.1)


def test_a_worker_that_the_machine_has_no_room_for_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    async def start(*_: object, **__: object) -> None:
        tried.append(asyncio.get_running_loop().time())
        raise OSError(12, "Cannot allocate memory")

    async def scenario() -> None:
        with socket.socket() as listener:
            workforce = Workforce(1, listener, {}, 1.0)
            await workforce.start()
            await asyncio.sleep(20.0)
            await workforce.close()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    run_virtual(scenario())
    assert len(tried) == 5
