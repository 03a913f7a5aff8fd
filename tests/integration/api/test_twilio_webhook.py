"""examples/twilio_webhook.py puts what Twilio signed through to an agent, and nothing else."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.integration.api.installation import Installation, Shop
from tests.support.console_blocks import ROOT
from tests.support.running_server import clean_environment

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC_URL, AUTH_TOKEN = "https://phone.example.com/voice", "of-twilio"
CALL = {"CallSid": "CA1", "From": "+12125550142", "To": "+12125550100"}
START = {
    "event": "start",
    "streamSid": "MZ1",
    "start": {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000}},
}


@pytest_asyncio.fixture(loop_scope="session")
async def webhook(installation: Installation, shop: Shop) -> AsyncIterator[str]:
    """Where the example listens, for the shop's agent and with a key for calls alone."""
    wanted = {"name": "Telephone", "scopes": ["call"]}
    admin = {**installation.admin, "X-Tenant-Id": str(shop.tenant_id)}
    made = await installation.http.post("/api-keys", json=wanted, headers=admin)
    assert made.status_code == 201, made.text
    settings = {
        "RECEPTION_URL": installation.url,
        "RECEPTION_KEY": made.json()["key"],
        "RECEPTION_AGENT": str(shop.agent_id),
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "examples" / "twilio_webhook.py"), "--public-url", PUBLIC_URL, "--port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=clean_environment() | settings,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            printed = (await process.stdout.readline()).decode()
        address = re.fullmatch(r"Listening on (127\.0\.0\.1:\d+)\n", printed)
        assert address is not None, printed
        yield f"http://{address[1]}/voice"
    finally:
        process.kill()
        await process.wait()


def signature(form: dict[str, str]) -> str:
    text = PUBLIC_URL + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)).decode()


async def ask(webhook: str, form: dict[str, str], signed: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30.0) as client:
        return await client.post(webhook, data=form, headers={"X-Twilio-Signature": signed})


async def test_a_call_is_put_through_to_the_agent(webhook: str) -> None:
    answer = await ask(webhook, CALL, signature(CALL))
    assert answer.status_code == 200, answer.text
    stream = ET.fromstring(answer.text).find("./Connect/Stream")
    assert stream is not None
    assert [one.attrib for one in stream] == [{"name": "from", "value": "+12125550142"}]
    async with connect(stream.attrib["url"], proxy=None) as socket:
        await socket.send(json.dumps(START))
        async with asyncio.timeout(20):
            assert json.loads(await socket.recv())["event"] == "media"


async def test_what_twilio_did_not_sign_is_refused(webhook: str) -> None:
    answer = await ask(webhook, CALL | {"From": "+12125550199"}, signature(CALL))
    assert answer.status_code == 403
    assert "Stream" not in answer.text
