"""Tools are called as Standard Webhooks says, over real connections, and nowhere but on the public internet."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reception.core.clock import SystemClock
from reception.core.errors import ProviderError, ProviderTimeout
from reception.core.signing import tool_secret
from reception.ports.definition import ToolDefinition
from reception.ports.webhooks import ToolCall
from reception.providers.addresses import IpAddress, is_public, resolve
from reception.providers.tool_webhooks import LONGEST_ANSWER_BYTES, ToolWebhooks
from tests.support.tool_server import ToolServer, answer, tool_server

KEY = "an installation's key of enough characters"
TENANT, AGENT = UUID(int=1), UUID(int=2)
HOST = "hooks.example.com"


def _call(url: str, **tool: float) -> ToolCall:
    definition = ToolDefinition("tickets", url, **tool)  # type: ignore[arg-type]
    return ToolCall(definition, TENANT, AGENT, "tool_1_1_0", {"arguments": {"name": "Ann ☂"}})


@asynccontextmanager
async def _webhooks(
    *addresses: str, loopback: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ToolWebhooks]:
    """Where every name has `addresses`."""

    async def resolver(host: str, port: int) -> Sequence[IpAddress]:
        return [ipaddress.ip_address(one) for one in addresses] if addresses else await resolve(host, port)

    webhooks = ToolWebhooks(KEY, SystemClock(), allow_loopback=loopback, resolver=resolver, tls=tls)
    try:
        yield webhooks
    finally:
        await webhooks.aclose()


@asynccontextmanager
async def _tool() -> AsyncIterator[ToolServer]:
    async with tool_server() as server:
        server.secret = tool_secret(KEY, TENANT, AGENT)
        yield server


async def test_a_call_is_signed_and_answered() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        tool.respond = lambda event: answer({"heard": event["data"]["arguments"]["name"]})
        assert await webhooks.call(_call(tool.url)) == {"heard": "Ann ☂"}
        assert (tool.ids, tool.unverified) == (["tool_1_1_0"], 0)
        tool.respond = lambda _: (204, {}, b"")
        assert await webhooks.call(_call(tool.url)) == {}


async def test_while_secrets_change_either_verifies_and_then_the_new_one_alone() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        await webhooks.call(replace(_call(tool.url), secrets=(1, 0)))
        tool.secret = tool_secret(KEY, TENANT, AGENT, 1)
        await webhooks.call(replace(_call(tool.url), secrets=(1, 0)))
        await webhooks.call(replace(_call(tool.url), secrets=(1,)))
        assert tool.unverified == 0
        tool.secret = tool_secret(KEY, TENANT, AGENT)
        with pytest.raises(ProviderError, match="401"):
            await webhooks.call(replace(_call(tool.url), secrets=(1,)))


async def test_agents_do_not_share_their_secret() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        with pytest.raises(ProviderError, match="401"):
            await webhooks.call(replace(_call(tool.url), agent_id=UUID(int=3)))
        assert tool.unverified == 1


async def test_no_more_is_read_than_an_answer_may_be_long() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        tool.respond = lambda _: answer({"x": "y" * LONGEST_ANSWER_BYTES})
        with pytest.raises(ProviderError, match="more than"):
            await webhooks.call(_call(tool.url))


async def test_a_tool_has_its_time_in_all() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        tool.open.clear()
        with pytest.raises(ProviderTimeout):
            await webhooks.call(_call(tool.url, timeout_s=0.5))


async def test_a_redirect_is_not_followed() -> None:
    async with _tool() as tool, _webhooks() as webhooks:
        tool.respond = lambda _: answer({}, 307, Location=tool.url)
        with pytest.raises(ProviderError, match="307"):
            await webhooks.call(_call(tool.url))
        assert len(tool.received) == 1


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.5", "::ffff:127.0.0.1", "64:ff9b::a00:5",
        "2002:a00:5::1", "::",
    ],
)  # fmt: skip
async def test_no_address_but_a_public_one_is_connected_to(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    async with _webhooks(address, loopback=False) as webhooks:
        with pytest.raises(ProviderError, match="not on the public internet"):
            await webhooks.call(_call(f"https://{HOST}/hook"))


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async with _webhooks("93.184.215.14", "10.0.0.5") as webhooks:
        with pytest.raises(ProviderError, match="not on the public internet"):
            await webhooks.call(_call(f"https://{HOST}/hook"))


async def test_this_machine_is_out_of_reach_where_it_is_not_allowed() -> None:
    async with _tool() as tool, _webhooks(loopback=False) as webhooks:
        with pytest.raises(ProviderError, match="not on the public internet"):
            await webhooks.call(_call(tool.url))
        assert tool.received == []


async def test_a_public_address_is_not_spoken_to_in_the_clear() -> None:
    assert is_public(ipaddress.ip_address("93.184.215.14"))
    async with _webhooks("93.184.215.14") as webhooks:
        with pytest.raises(ProviderError, match="not https"):
            await webhooks.call(_call("http://localhost/hook"))


async def test_the_certificate_must_be_the_names_own(tmp_path: Path) -> None:
    """The connection goes to an address, but it is the name whose certificate counts."""
    serving, trusting = _certificate_for(HOST, tmp_path)
    async with _tool() as tool, _webhooks("127.0.0.1", tls=trusting) as webhooks:
        server = await asyncio.start_server(tool.serve, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        assert await webhooks.call(_call(f"https://{HOST}:{port}/hook")) == {}
        with pytest.raises(ProviderError, match="connection failed"):
            await webhooks.call(_call(f"https://other.example.com:{port}/hook"))
        server.close()
        await server.wait_closed()
        assert len(tool.received) == 1


def _certificate_for(host: str, directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for `host`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(pem))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    return serving, ssl.create_default_context(cadata=certificate.public_bytes(pem).decode("ascii"))
