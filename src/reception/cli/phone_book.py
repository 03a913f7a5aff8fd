"""Finds an agent on a running server by id, name or demo slug, and a token to call it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from reception.core.errors import AppError, InvalidInput, NotFound, Unauthenticated, Unavailable

_AT_ONCE = 200
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that is needed to place a call. `url` is the server's, without a path; `tenant` may be empty."""

    url: str
    agent_id: str
    agent_name: str
    token: str
    tenant: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return credentials(self.token, self.tenant)


def credentials(token: str, tenant: str) -> dict[str, str]:
    """The headers of a bearer who acts in `tenant`, or in its own."""
    return {"Authorization": f"Bearer {token}"} | ({"X-Tenant-Id": tenant} if tenant else {})


def on_this_machine(url: str) -> bool:
    """Whether `url` names this machine, which no proxy stands in front of."""
    return (urlsplit(url).hostname or "") in LOOPBACK


async def look_up(url: str, agent: str, *, token: str = "", tenant: str = "") -> Line:
    """Find `agent` on the server at `url`; without a token, among its demo agents. `tenant` is the id of the one that
    a platform admin's token acts in.

    Raises:
        InvalidInput: `url` is not an http(s) address, or a tenant is named without a token.
        Unavailable: nothing answers there, or it is not a Reception server.
        NotFound: no such agent; the message lists those there are.
        Unauthenticated: the token is not accepted, or one is needed.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise InvalidInput(f"{url!r} is not an address: write http://host:port")
    if tenant and not token:
        raise InvalidInput("A tenant is named for a platform admin's token: give --token too.")
    url = url.rstrip("/")
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=not on_this_machine(url)) as client:
            entry = await find_agent(client, agent, token, tenant)
            agent_id = str(entry.get("agent_id") or entry.get("id") or "")
            bearer = token or await demo_token(client, agent_id)
            return Line(url, agent_id, str(entry.get("name") or agent), bearer, tenant)
    except httpx.HTTPError as error:
        reason = type(error).__name__
        raise Unavailable(f"No server answers at {url} ({reason}). Is `reception serve` running?") from error


async def find_agent(client: httpx.AsyncClient, wanted: str, token: str, tenant: str = "") -> Mapping[str, Any]:
    """The agent whose id, name or slug is `wanted`, whatever its case."""
    entries = await _agents(client, credentials(token, tenant)) if token else await _demo_agents(client)
    key = wanted.strip().casefold()
    for entry in entries:
        names = {str(entry.get(field, "")).casefold() for field in ("agent_id", "id", "name", "slug")}
        if key in names - {""}:
            return entry
    known = ", ".join(sorted(str(entry.get("slug") or entry.get("name")) for entry in entries)) or "none"
    if not key:
        raise InvalidInput(f"Whom to call? Give --agent. This server has: {known}.")
    raise NotFound(f"There is no agent {wanted!r}. This server has: {known}.")


async def _agents(client: httpx.AsyncClient, headers: Mapping[str, str]) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        page = read(
            await client.get("/agents", headers=headers, params={"limit": _AT_ONCE, "cursor": cursor}), "/agents"
        )
        entries += page["items"]
        cursor = page["next_cursor"] or ""
        if not cursor:
            return entries


async def _demo_agents(client: httpx.AsyncClient) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = read(await client.get("/demo/agents"), "/demo/agents")
    return entries


async def demo_token(client: httpx.AsyncClient, agent_id: str) -> str:
    body = read(await client.post("/demo/token", json={"agent_id": agent_id}), "/demo/token")
    return str(body["access_token"])


def read(response: httpx.Response, path: str) -> Any:
    """The JSON of a good answer; a bad one as the error that it says it is."""
    if response.is_success:
        return response.json()
    detail = response.reason_phrase
    if "json" in response.headers.get("content-type", ""):
        problem = response.json()
        detail = str(problem.get("detail") or problem.get("title") or detail)
    if response.status_code in {401, 403}:
        raise Unauthenticated(f"The server refused the token: {detail}")
    if response.status_code == 404:
        raise NotFound(f"{path}: {detail} (without the demo businesses, give --token)")
    error: AppError = Unavailable(f"{path} answered {response.status_code}: {detail}")
    raise error
