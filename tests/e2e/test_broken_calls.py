"""A call outlives its connection, and the server that answered it."""

import os
import signal
from pathlib import Path
from uuid import UUID

import pytest

from reception.cli.phone import PhoneCall, dial
from reception.cli.phone_book import look_up
from tests.e2e.conftest import TELEPHONE, dinner_day
from tests.support.running_server import RunningServer, running_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = "SELECT status FROM reservations WHERE conversation_id = %(id)s"


def states(server: RunningServer, call: PhoneCall) -> list[str]:
    return [row["status"] for row in server.rows(STATES, id=UUID(call.conversation_id))]


async def test_a_call_goes_on_with_the_next_server_when_its_own_is_killed(tmp_path: Path) -> None:
    with running_server(tmp_path) as first:
        async with dial(await look_up(first.url, "harbor-table"), TELEPHONE) as broken:
            await broken.wait_reply()
            await broken.type(f"A table for two on {dinner_day():%B %d} at half past seven, please.")
            assert "name" in (await broken.wait_reply()).reply_text
            assert states(first, broken) == ["held"]
            os.kill(first.pid, signal.SIGKILL)
            await broken.wait_ended()
    with running_server(tmp_path) as second:
        async with dial(await look_up(second.url, "harbor-table"), TELEPHONE, broken=broken) as call:
            assert call.conversation_id == broken.conversation_id
            assert call.seq > broken.seq
            again = (await call.wait_reply()).reply_text
            assert "cut off" in again
            assert "name" in again
            assert states(second, call) == ["held"]
            for words in ("Joe Miller", "415 555 0142", "yes"):
                await call.type(words)
                await call.wait_reply()
            assert [action.name for action in call.actions] == ["reservation.created"]
            assert states(second, call) == ["confirmed"]
