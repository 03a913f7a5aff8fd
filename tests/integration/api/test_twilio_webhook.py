"""examples/twilio_webhook.py puts what Twilio signed through to an agent, and nothing else; a call that is cut off goes
on, over a new stream, where it was."""

import asyncio
import base64
import hashlib
import hmac
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx
import pytest
import pytest_asyncio

from reception.domains.conversations.service import close, list_messages
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import call_from
from tests.support.console_blocks import ROOT
from tests.support.running_server import clean_environment
from tests.support.telephone import Telephone, answered

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC_URL, AUTH_TOKEN = "https://phone.example.com/voice", "of-twilio"
CALLER, COLLEAGUE = "+12125550142", "+12125550177"
NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the example listens, for the agent of `shop`."""

    url: str
    shop: Shop
    installation: Installation


@dataclass(slots=True)
class Carrier:
    """Twilio, with one call: asks what to do, and then goes through the answer."""

    webhook: Webhook
    caller: str = CALLER
    call_sid: str = field(default_factory=lambda: f"CA{next(NUMBERS)}")
    next_url: str = PUBLIC_URL
    verbs: list[str] = field(default_factory=list)
    waited_s: float = 0.0
    dialled: str = ""

    @property
    def form(self) -> dict[str, str]:
        return {"CallSid": self.call_sid, "From": self.caller, "To": "+12125550100"}

    async def ask(self) -> str:
        """Where the stream goes, if there is to be one. What comes behind it is asked next."""
        answer = await ask(self.webhook, self.next_url, self.form, signature(self.next_url, self.form))
        assert answer.status_code == 200, answer.text
        verbs = ET.fromstring(answer.text)
        self.verbs = [verb.tag for verb in verbs]
        self.dialled = verbs.findtext("./Dial", "")
        self.waited_s += sum(float(pause.attrib["length"]) for pause in verbs.findall("./Pause"))
        stream, redirect = verbs.find("./Connect/Stream"), verbs.find("./Redirect")
        if redirect is not None:
            assert redirect.attrib == {"method": "POST"}
            self.next_url = str(redirect.text)
        if stream is None:
            return ""
        assert [one.attrib for one in stream] == [{"name": "from", "value": self.caller}]
        return stream.attrib["url"]

    def connected(self, stream: str) -> AbstractAsyncContextManager[Telephone]:
        return answered(stream, self.call_sid, **{"from": self.caller})

    async def ask_until_given_up(self) -> None:
        """While no stream is ever accepted."""
        self.waited_s = 0.0
        while "Redirect" in self.verbs:
            await self.ask()

    async def is_hung_up(self) -> bool:
        await self.ask()
        return self.verbs == ["Hangup"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def webhook(installation: Installation) -> AsyncIterator[Webhook]:
    """With a key for calls alone."""
    shop = await installation.open_shop()
    person = {"settings": {"handoff_phone": COLLEAGUE}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=person, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    wanted = {"name": "Telephone", "scopes": ["call"]}
    admin = {**installation.admin, "X-Tenant-Id": str(shop.tenant_id)}
    made = await installation.http.post("/api-keys", json=wanted, headers=admin)
    assert made.status_code == 201, made.text
    async with _listening(installation.url, made.json()["key"], shop.agent_id) as url:
        yield Webhook(url, shop, installation)


@asynccontextmanager
async def _listening(reception_url: str, key: str, agent_id: UUID) -> AsyncIterator[str]:
    """Where the example listens that asks the Reception at `reception_url`."""
    settings = {
        "RECEPTION_URL": reception_url,
        "RECEPTION_KEY": key,
        "RECEPTION_AGENT": str(agent_id),
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
        yield f"http://{address[1]}"
    finally:
        process.kill()
        await process.wait()


def signature(url: str, form: dict[str, str]) -> str:
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)).decode()


async def ask(webhook: Webhook, url: str, form: dict[str, str], signed: str) -> httpx.Response:
    """What serves https in front of the webhook passes on the path and the query."""
    async with httpx.AsyncClient(trust_env=False, timeout=30.0) as client:
        target = webhook.url + url.removeprefix("https://phone.example.com")
        return await client.post(target, data=form, headers={"X-Twilio-Signature": signed})


async def _rows(webhook: Webhook, query: str, *values: object) -> list[tuple[object, ...]]:
    async with webhook.installation.services.database.tenant_session(webhook.shop.tenant_id) as session:
        found = await (await session.connection()).exec_driver_sql(query, values or None)
        return [tuple(row) for row in found]


async def _conversation(webhook: Webhook, carrier: Carrier, taken_up: int = 0) -> UUID:
    """The one conversation of the call, once it has been taken up so often."""
    query = "SELECT id, taken_up FROM conversations WHERE carrier_call_id = %s"
    async with asyncio.timeout(60):
        while not (rows := await _rows(webhook, query, carrier.call_sid)) or rows[0][1] != taken_up:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    ((found, _),) = rows
    assert isinstance(found, UUID)
    return found


async def _until_answered(webhook: Webhook, conversation: UUID, turn: int) -> str:
    """What the agent has answered to the caller's turn."""
    async with asyncio.timeout(60):
        while True:
            async with webhook.installation.services.database.tenant_session(webhook.shop.tenant_id) as session:
                for message in await list_messages(session, conversation, first=turn):
                    if message.speaker == "agent":
                        return message.text
            await asyncio.sleep(0.05)


async def test_a_call_is_put_through_and_goes_on_where_it_was_cut_off(webhook: Webhook) -> None:
    carrier = Carrier(webhook, caller="anonymous")
    async with carrier.connected(await carrier.ask()) as telephone:
        conversation = await _conversation(webhook, carrier)
        await telephone.lose()

    # What was said meanwhile is typed, over another wire that breaks as well.
    async with call_from(webhook.installation, webhook.shop, conversation_id=str(conversation)) as typing:
        await typing.type("I'd like a table for two tomorrow at 7 pm")
        await typing.until_said("name")
        await typing.type("Maria Santos")
        await typing.until_said("number")
        typing.lose()

    async with answered(await carrier.ask(), "CA-another") as telephone:
        async with asyncio.timeout(10):
            await telephone.socket.wait_closed()
        assert telephone.socket.close_code == 4400, "a ticket is for the call that it was made for"

    async with carrier.connected(await carrier.ask()) as telephone:
        # It says that they were cut off, and asks for the number again.
        await telephone.listen(2)
        await telephone.press("2125550143#")
        confirming = await _until_answered(webhook, conversation, 3)
        assert "Maria" in confirming
        assert "7" in confirming
        assert await _rows(webhook, "SELECT status FROM reservations") == [("held",)]
        await telephone.hang_up()
    assert await _conversation(webhook, carrier, taken_up=2) == conversation
    assert await carrier.is_hung_up()
    assert await _rows(webhook, "SELECT status FROM reservations") == []


async def test_a_caller_who_asks_for_a_person_is_put_through_on_the_line(webhook: Webhook) -> None:
    carrier, shop = Carrier(webhook), webhook.shop
    async with carrier.connected(await carrier.ask()) as telephone:
        await telephone.press("0#")
        async with asyncio.timeout(60):
            await telephone.socket.wait_closed()
    await carrier.ask()
    assert carrier.verbs == ["Dial"]
    assert carrier.dialled == COLLEAGUE

    other = await webhook.installation.open_shop()
    asked = {"agent_id": str(other.agent_id), "carrier_call_id": carrier.call_sid}
    told = await webhook.installation.http.post("/voice/tickets", json=asked, headers=other.headers)
    assert told.status_code == 200, "another business knows nothing of it"
    second = await webhook.installation.http.post("/agents", json={"name": "Bo"}, headers=shop.headers)
    asked["agent_id"] = second.json()["id"]
    told = await webhook.installation.http.post("/voice/tickets", json=asked, headers=shop.headers)
    assert (told.status_code, "transfer_to" in told.json()) == (404, False)


async def test_a_call_that_was_put_through_to_a_person_is_not_connected_again(webhook: Webhook) -> None:
    carrier, shop = Carrier(webhook), webhook.shop
    async with carrier.connected(await carrier.ask()) as telephone:
        conversation = await _conversation(webhook, carrier)
        async with webhook.installation.services.database.tenant_session(shop.tenant_id) as session:
            await close(session, conversation, "transfer", webhook.installation.services.clock.now())
        assert await carrier.is_hung_up()
        await telephone.hang_up()


async def test_a_call_that_was_cut_off_too_often_is_given_up(webhook: Webhook) -> None:
    carrier = Carrier(webhook)
    async with carrier.connected(await carrier.ask()) as telephone:
        conversation = await _conversation(webhook, carrier)
        await telephone.lose()
    for taken_up, verbs in ((2, ["Connect", "Redirect"]), (3, ["Say"])):
        await _rows(
            webhook, "UPDATE conversations SET taken_up = %s WHERE id = %s RETURNING id", taken_up, conversation
        )
        await carrier.ask()
        assert carrier.verbs == verbs


async def test_waiting_for_a_line_does_not_count_as_being_cut_off(webhook: Webhook) -> None:
    carrier = Carrier(webhook)
    stream = await carrier.ask()
    for _ in range(6):
        # Refused, as every line is busy.
        stream = await carrier.ask()
        assert carrier.verbs == ["Say", "Pause", "Connect", "Redirect"]
    async with carrier.connected(stream) as telephone:
        await _conversation(webhook, carrier)
        await telephone.lose()
    await carrier.ask()
    assert carrier.verbs == ["Connect", "Redirect"], "it is connected again, and at once"
    await carrier.ask_until_given_up()
    assert carrier.verbs == ["Say"]
    assert 45 <= carrier.waited_s <= 60


async def test_a_call_waits_while_something_else_answers_for_reception(webhook: Webhook) -> None:
    carrier = Carrier(webhook)
    await carrier.ask()

    async def not_found(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        writer.write(head + b"Connection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(not_found, "127.0.0.1", 0) as ingress:
        port = ingress.sockets[0].getsockname()[1]
        async with _listening(f"http://127.0.0.1:{port}", "key", webhook.shop.agent_id) as url:
            carrier.webhook = replace(webhook, url=url)
            await carrier.ask_until_given_up()
    assert carrier.verbs == ["Say"], "it is told to call again"
    assert 45 <= carrier.waited_s <= 60


async def test_what_twilio_did_not_sign_is_refused(webhook: Webhook) -> None:
    form = Carrier(webhook).form
    signed = signature(PUBLIC_URL, form)
    for url, sent in ((PUBLIC_URL, form | {"From": "+12125550199"}), (f"{PUBLIC_URL}?connected=0&rounds=1", form)):
        answer = await ask(webhook, url, sent, signed)
        assert answer.status_code == 403
        assert "Stream" not in answer.text
