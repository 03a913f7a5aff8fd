"""Tools as HTTP webhooks, signed as in Standard Webhooks (https://www.standardwebhooks.com).

The name is resolved once, and the connection goes to the very address that was found to be public, under the name's own
certificate. Redirects are not followed, no proxy is asked, and no more is read than the answer may be long.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from reception.core.clock import Clock
from reception.core.errors import ProviderError, ProviderTimeout
from reception.core.signing import tool_secret
from reception.ports.dialogue import Json
from reception.ports.webhooks import ToolCall
from reception.providers.addresses import Resolve, public_address, resolve

LONGEST_ANSWER_BYTES = 64 * 1024
EVENT_TYPE = "tool.called"
_MOST_CONNECTIONS = 64


class ToolWebhooks:
    """Implements `ports.webhooks.ToolCaller`.

    Args:
        key: the installation's, from which each agent's secret is made.
        allow_loopback: plain HTTP to this machine is allowed, for development.
        tls: whose certificates are trusted; the usual authorities' unless given.
    """

    def __init__(
        self,
        key: str,
        clock: Clock,
        *,
        allow_loopback: bool,
        resolver: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._key = key
        self._clock = clock
        self._allow_loopback = allow_loopback
        self._resolver = resolver
        # A connection that is kept would serve every name at its address, whichever its certificate was checked for.
        limits = httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(verify=tls or True, trust_env=False, follow_redirects=False, limits=limits)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def call(self, call: ToolCall) -> Mapping[str, Json]:
        name = f"tool {call.tool.name}"
        try:
            async with asyncio.timeout(call.tool.timeout_s):
                return await self._posted(name, call)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ProviderTimeout(name, f"No answer within {call.tool.timeout_s:g} s.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderError(name, f"The connection failed: {type(error).__name__}.", retryable=True) from error

    async def _posted(self, name: str, call: ToolCall) -> Mapping[str, Json]:
        url = urlsplit(call.tool.url)
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        address = await public_address(name, host, port, allow_loopback=self._allow_loopback, resolver=self._resolver)
        if url.scheme != "https" and not address.is_loopback:
            raise ProviderError(name, "The address is not https.")
        shown = f"[{address}]" if address.version == 6 else str(address)
        at = httpx.URL(call.tool.url).copy_with(host=shown, port=port)
        body, headers = self._signed(call)
        async with self._client.stream(
            "POST",
            at,
            content=body,
            headers={**headers, "Host": url.netloc},
            timeout=call.tool.timeout_s,
            extensions={"sni_hostname": host},
        ) as answer:
            if not answer.is_success:
                raise ProviderError(name, f"It answered with status {answer.status_code}.")
            return _object(name, await _read(name, answer))

    def _signed(self, call: ToolCall) -> tuple[bytes, dict[str, str]]:
        now = self._clock.now()
        body = json.dumps(
            {"type": EVENT_TYPE, "timestamp": now.isoformat(), "data": call.data}, ensure_ascii=False, default=str
        )
        secrets = [tool_secret(self._key, call.tenant_id, call.agent_id, number) for number in call.secrets]
        signature = " ".join(Webhook(secret).sign(call.call_id, now, body) for secret in secrets)
        return body.encode(), {
            "Content-Type": "application/json",
            "User-Agent": "Reception-Webhook/1",
            "webhook-id": call.call_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }


async def _read(name: str, answer: httpx.Response) -> bytes:
    read = bytearray()
    async for chunk in answer.aiter_bytes():
        read += chunk
        if len(read) > LONGEST_ANSWER_BYTES:
            raise ProviderError(name, f"It answered with more than {LONGEST_ANSWER_BYTES} bytes.")
    return bytes(read)


def _object(name: str, body: bytes) -> Mapping[str, Json]:
    """An empty answer is an empty object."""
    if not body.strip():
        return {}
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProviderError(name, "It did not answer with JSON.") from error
    if not isinstance(value, dict):
        raise ProviderError(name, "It did not answer with a JSON object.")
    return value
