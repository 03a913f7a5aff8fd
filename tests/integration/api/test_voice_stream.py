"""The socket's good manners: tickets, clear closes, errors that do not end the call."""

import asyncio
import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from reception.domains.conversations.service import list_messages
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

NIL = "00000000-0000-0000-0000-000000000000"


def _start(agent_id: object, *, encoding: str = "pcm_s16le", sample_rate: int = 16000, **more: Any) -> str:
    audio = {"encoding": encoding, "sample_rate": sample_rate}
    return json.dumps({"type": "start", "agent_id": str(agent_id), "audio": audio, **more})


def _call(installation: Installation, token: str) -> connect:
    headers = {"Authorization": f"Bearer {token}"}
    return connect(installation.socket_url, additional_headers=headers, proxy=None, max_size=None)


async def _next(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of `kind`, whatever else comes before it."""
    async with asyncio.timeout(10):
        while True:
            received = await socket.recv()
            if isinstance(received, str) and (message := json.loads(received))["type"] == kind:
                assert isinstance(message, dict)
                return message


async def _closed(socket: ClientConnection) -> tuple[int, str]:
    async with asyncio.timeout(10):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def test_bad_credentials_close_with_4401(installation: Installation) -> None:
    async with connect(installation.socket_url, proxy=None) as socket:
        assert (await _closed(socket))[0] == 4401
    async with _call(installation, "forged") as socket:
        code, reason = await _closed(socket)
        assert code == 4401
        assert reason


async def test_an_unknown_or_foreign_agent_closes_with_4404(installation: Installation, shop: Shop) -> None:
    other = await installation.open_shop()
    for agent in (NIL, "nobody", other.agent_id):
        async with _call(installation, shop.token) as socket:
            await socket.send(_start(agent))
            assert (await _closed(socket))[0] == 4404


async def test_audio_before_start_closes_with_4400(installation: Installation, shop: Shop) -> None:
    async with _call(installation, shop.token) as socket:
        await socket.send(bytes(640))
        code, reason = await _closed(socket)
        assert code == 4400
        assert "start" in reason


async def test_a_ticket_opens_one_call(installation: Installation, shop: Shop) -> None:
    answer = await installation.http.post("/voice/tickets", json={"agent_id": str(shop.agent_id)}, headers=shop.headers)
    protocol = Subprotocol(f"ticket.{answer.json()['ticket']}")
    async with connect(installation.socket_url, subprotocols=[protocol], proxy=None) as socket:
        assert socket.subprotocol == protocol
        await socket.send(_start(shop.agent_id))
        ready = await _next(socket, "ready")
        assert ready["audio"] == {"encoding": "pcm_s16le", "sample_rate": 16000}
        await socket.send(json.dumps({"type": "stop"}))
        assert (await _next(socket, "ended"))["reason"]
        assert (await _closed(socket))[0] == 1000
    async with connect(installation.socket_url, subprotocols=[protocol], proxy=None) as socket:
        assert (await _closed(socket))[0] == 4401


async def test_malformed_messages_get_an_error_and_the_call_goes_on(installation: Installation, shop: Shop) -> None:
    bad: list[str | bytes] = [
        "{",
        "[]",
        '{"type": "dance"}',
        '{"type": "text", "text": ""}',
        '{"type": "text", "text": "hi", "colour": "red"}',
        '{"type": "dtmf", "digit": "12"}',
        '{"type": "audio", "data": "!!"}',
        _start(shop.agent_id),
        b"",
        bytes(641),
        bytes(32002),
    ]
    async with _call(installation, shop.token) as socket:
        await socket.send("not json")
        assert (await _next(socket, "error"))["seq"] == 0
        await socket.send(_start(shop.agent_id))
        assert (await _next(socket, "ready"))["seq"] == 1
        for message in bad:
            await socket.send(message)
            error = await _next(socket, "error")
            assert error["code"] == "invalid_input", message
            assert error["message"]
            assert error["fatal"] is False
        await socket.send(json.dumps({"type": "text", "text": "What are your opening hours?"}))
        assert (await _next(socket, "transcript"))["text"] == "What are your opening hours?"
        assert (await _next(socket, "reply"))["text"]
        await socket.send(json.dumps({"type": "stop"}))
        await _next(socket, "ended")


async def test_where_the_time_of_a_turn_went_is_stored(installation: Installation, shop: Shop) -> None:
    async with _call(installation, shop.token) as socket:
        await socket.send(_start(shop.agent_id))
        conversation = UUID((await _next(socket, "ready"))["conversation_id"])
        await socket.send(json.dumps({"type": "text", "text": "Hello there"}))
        metrics = await _next(socket, "turn_metrics")
        await socket.send(json.dumps({"type": "stop"}))
        await _next(socket, "ended")
    async with asyncio.timeout(10):
        while not (stored := await _stored_metrics(installation, shop, conversation, metrics["turn"])):
            pass
    assert stored["turn"] == metrics["turn"]
    assert stored["understanding_ms"] == pytest.approx(metrics["understanding_ms"], abs=0.1)


async def _stored_metrics(
    installation: Installation, shop: Shop, conversation: UUID, turn: int
) -> Mapping[str, Any] | None:
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        messages = await list_messages(session, conversation)
    return next((one.metrics for one in messages if one.turn == turn and one.speaker == "agent"), None)


async def test_audio_comes_back_as_it_is_sent(installation: Installation, shop: Shop) -> None:
    async with _call(installation, shop.token) as socket:
        await socket.send(_start(shop.agent_id, encoding="mulaw", sample_rate=8000))
        ready = await _next(socket, "ready")
        assert ready["audio"] == {"encoding": "mulaw", "sample_rate": 8000}
        greeting = await _next(socket, "audio")
        assert base64.b64decode(greeting["data"])
        await socket.send(b"\xff" * 160)
        await socket.send(json.dumps({"type": "text", "text": "Hello there"}))
        async with asyncio.timeout(20):
            while not isinstance(await socket.recv(), bytes):
                pass
        await socket.send(json.dumps({"type": "stop"}))
        await _next(socket, "ended")


async def test_an_enormous_frame_ends_that_call_and_no_other(installation: Installation, shop: Shop) -> None:
    async with _call(installation, shop.token) as good, _call(installation, shop.token) as bad:
        await good.send(_start(shop.agent_id))
        await _next(good, "ready")
        await bad.send(_start(shop.agent_id))
        await _next(bad, "ready")
        with suppress(ConnectionClosed):
            await bad.send(bytes(80 << 20))
        code, _ = await _closed(bad)
        assert code in (1006, 1009)
        await good.send(json.dumps({"type": "text", "text": "Are you still there?"}))
        assert (await _next(good, "reply"))["text"]
        await good.send(json.dumps({"type": "stop"}))
        await _next(good, "ended")
    assert (await installation.http.get("/health/ready")).status_code == 200


async def test_a_caller_beyond_the_last_line_is_told_so(installation: Installation, shop: Shop) -> None:
    async with (
        _call(installation, shop.token) as first,
        _call(installation, shop.token) as second,
        _call(installation, shop.token) as third,
    ):
        for socket in (first, second):
            await socket.send(_start(shop.agent_id))
            await _next(socket, "ready")
        await third.send(_start(shop.agent_id))
        code, reason = await _closed(third)
        assert code == 1013
        assert "busy" in reason
        for socket in (first, second):
            await socket.send(json.dumps({"type": "stop"}))
            await _next(socket, "ended")
