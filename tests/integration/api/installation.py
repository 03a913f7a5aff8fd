"""A whole installation, served on a free port inside the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from reception.api.services import Services
from reception.app import Login, build
from reception.cli.listening import http_server, listen
from reception.core.ids import uuid7
from reception.domains.access.service import Role, create_user
from reception.domains.reservations.service import create_resource
from reception.ports.business import Bookable
from reception.runtime.principal import ROLE_SCOPES, Principal
from reception.settings import load_settings

ALWAYS_OPEN = {"weekly": [[{"opens": "00:00", "closes": "23:59"}]] * 7}


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant of a test's own, with an agent and one table."""

    tenant_id: UUID
    agent_id: UUID
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Installation:
    """`http` speaks to the server over a real socket; `admin` are the platform admin's headers."""

    url: str
    app: FastAPI
    http: httpx.AsyncClient
    login: Login
    admin: Mapping[str, str]
    data_dir: Path

    @property
    def services(self) -> Services:
        services = self.app.state.services
        assert isinstance(services, Services)
        return services

    @property
    def socket_url(self) -> str:
        return self.url.replace("http://", "ws://") + "/voice/stream"

    def token(self, tenant_id: UUID, role: Role = Role.OWNER, lifetime: timedelta = timedelta(minutes=5)) -> str:
        principal = Principal("test", tenant_id, ROLE_SCOPES[role], role=role)
        return self.services.tokens.issue(principal, lifetime).value

    async def open_shop(self, *, tables: int = 1) -> Shop:
        """A new restaurant that never closes, with an agent."""
        slug = f"shop-{uuid7().hex[-12:]}"
        created = await self.http.post("/tenants", json=new_tenant(slug), headers=dict(self.admin))
        assert created.status_code == 201, created.text
        tenant_id = UUID(created.json()["id"])
        token = self.token(tenant_id)
        agent = await self.http.post("/agents", json={"name": "Ada"}, headers={"Authorization": f"Bearer {token}"})
        assert agent.status_code == 201, agent.text
        async with self.services.database.tenant_session(tenant_id) as session:
            for number in range(tables):
                await create_resource(
                    session, tenant_id, kind=Bookable.TABLE, name=f"Table {number + 1}", place="", capacity=4
                )
        return Shop(tenant_id, UUID(agent.json()["id"]), created.json()["name"], token)

    async def add_user(self, tenant_id: UUID, email: str, password: str, role: Role) -> None:
        async with self.services.database.tenant_session(tenant_id) as session:
            await create_user(session, tenant_id=tenant_id, email=email, password=password, role=role)


def new_tenant(slug: str) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": f"The {slug}",
        "kind": "restaurant",
        "timezone": "America/New_York",
        "region": "US",
        "hours": ALWAYS_OPEN,
        "rules": {"last_seating_minutes": 0, "check_in": time(15).isoformat()},
    }


@asynccontextmanager
async def serve_installation(data_dir: Path, *, max_calls: int = 2, **more: str) -> AsyncIterator[Installation]:
    settings = load_settings(**{"data_dir": data_dir, "max_calls": max_calls, "requests_per_s": 0.0, **more})
    steps: list[str] = []
    async with build(settings, steps.append) as reception:
        with listen("127.0.0.1", 0) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            server = http_server(reception.app, max_frame_bytes=settings.max_frame_bytes)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
                    assert reception.demo_login is not None
                    yield Installation(
                        url,
                        reception.app,
                        http,
                        reception.demo_login,
                        await _log_in(http, reception.demo_login),
                        data_dir,
                    )
            finally:
                await reception.live.drain(1.0)
                server.should_exit = True
                await serving


async def _log_in(http: httpx.AsyncClient, login: Login) -> dict[str, str]:
    answer = await http.post("/auth/login", json={"email": login.email, "password": login.password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
