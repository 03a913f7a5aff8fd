"""The bike shop of docs/AGENTS.md, opened over HTTP, and a customer who writes to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reception.domains.leads.service import Lead, list_leads
from tests.integration.api.installation import Installation, Shop
from tests.support.tool_server import ToolServer, answer, tool_server

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "bike_shop.json"
TICKET = {"ticket": {"number": "R-4711", "days": 3}}


@dataclass
class BikeShop:
    """`path` is the agent's; `tool` the server that its ticket tool calls."""

    installation: Installation
    shop: Shop
    agent_id: str
    tool: ToolServer
    conversation: str | None = None
    last: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        return f"/agents/{self.agent_id}"

    async def say(self, message: str) -> str:
        body = {"agent_id": self.agent_id, "message": message}
        if self.conversation is not None:
            body["conversation_id"] = self.conversation
        answered = await self.installation.http.post("/chat/message", json=body, headers=self.shop.headers)
        assert answered.status_code == 200, answered.text
        reply: dict[str, Any] = answered.json()
        self.last, self.conversation = reply, reply["conversation_id"]
        return str(reply["reply"])

    async def up_to_the_confirmation(self) -> str:
        """A repair told of, answer by answer."""
        for message in (
            "Hi, my bike is broken",
            "It's a mountain bike",
            "The front brake makes a terrible noise",
            "Eighty five dollars",
            "It's A B four seven one one",
            "Tomorrow",
            "Alice Miller",
        ):
            await self.say(message)
        return await self.say("212 555 0142")

    async def leads(self) -> list[Lead]:
        async with self.installation.services.database.tenant_session(self.shop.tenant_id) as session:
            return await list_leads(session)


@asynccontextmanager
async def open_bike_shop(installation: Installation, shop: Shop, **tool: Any) -> AsyncIterator[BikeShop]:
    async with tool_server() as server:
        server.respond = lambda _: answer(TICKET)
        body = json.loads(EXAMPLE.read_text(encoding="utf-8"))
        body["definition"]["tools"][0].update({"url": server.url, **tool})
        created = await installation.http.post("/agents", json=body, headers=shop.headers)
        assert created.status_code == 201, created.text
        agent_id = created.json()["id"]
        secret = await installation.http.get(f"/agents/{agent_id}/tool-secret", headers=shop.headers)
        server.secret = secret.json()["secret"]
        yield BikeShop(installation, shop, agent_id, server)
