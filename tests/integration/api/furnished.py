"""A business with one of everything that has an id, and somebody who has signed in to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from reception.core.ids import uuid7
from reception.domains.access.service import Role
from reception.domains.access.tickets import use_ticket
from reception.domains.conversations import service as conversations
from reception.domains.leads.service import create_lead
from reception.ports.tools import CreateLead
from reception.runtime.recording.store import RecordingStore
from tests.integration.api.installation import Installation

PASSWORD = "seven green kettles"
GUEST = {"name": "Maria Ramos", "phone": "+12125550142"}


@dataclass(frozen=True, slots=True)
class Furnished:
    """`ids` by the names that the paths of the API have for them; `key` is an API key of everything that one can be
    for."""

    tenant_id: UUID
    name: str
    owner: Mapping[str, str]
    owner_email: str
    ids: Mapping[str, str]
    key: str


async def furnish(installation: Installation, http: httpx.AsyncClient) -> Furnished:
    shop = await installation.open_shop(tables=2)
    email = f"owner-{shop.tenant_id}@example.com"
    await installation.add_user(shop.tenant_id, email, PASSWORD, Role.OWNER)
    signed_in = await _sent(http, "POST", "/auth/login", {}, {"email": email, "password": PASSWORD})
    owner = {"Authorization": f"Bearer {signed_in['access_token']}"}

    async def post(path: str, body: dict[str, Any]) -> Any:
        return await _sent(http, "POST", path, owner, body)

    day = (installation.services.clock.now() + timedelta(days=3)).date().isoformat()
    reservation = await post("/reservations/walk-ins", {"party_size": 2, "name": "Ann"})
    entry = await post("/waitlist", {"day": day, "at": "19:30:00", "party_size": 4, "guest": GUEST})
    document = await post("/knowledge/ingest", {"title": "House", "text": "# Parking\nGuests park in the yard."})
    user = await post("/users", {"email": f"staff-{shop.tenant_id}@example.com", "role": "staff"})
    key = await post("/api-keys", {"name": "Page", "scopes": ["agents:read", "reservations:read", "chat"]})
    await _sent(http, "PUT", "/provider-keys/deepgram", owner, {"key": "0123456789abcdef0123456789abcdef"})
    found = (await http.get("/knowledge/search", params={"q": "Where to park?"}, headers=owner)).json()
    free = (await http.get("/availability", params={"day": day, "at": "19:30"}, headers=owner)).json()["exact"]
    [here] = (await http.get("/auth/sessions", headers=owner)).json()
    [table, *_] = (await http.get("/resources", headers=owner)).json()["items"]
    ids = {
        "tenant_id": str(shop.tenant_id),
        "agent_id": str(shop.agent_id),
        "version": "1",
        "slot_id": free["id"],
        "resource_id": table["id"],
        "reservation_id": reservation["id"],
        "entry_id": entry["id"],
        "document_id": document["id"],
        "chunk_id": found["passages"][0]["chunk_id"],
        "user_id": user["id"],
        "key_id": key["id"],
        "session_id": here["id"],
        **await _written(installation, shop.tenant_id, shop.agent_id),
    }
    return Furnished(shop.tenant_id, shop.name, owner, email, ids, key["key"])


async def _written(installation: Installation, tenant_id: UUID, agent_id: UUID) -> dict[str, str]:
    """What comes of calls."""
    conversation_id, question_id = uuid7(), uuid7()
    now = installation.services.clock.now()
    async with installation.services.database.tenant_session(tenant_id) as session:
        await conversations.start(
            session, tenant_id, agent_id, conversation_id=conversation_id, channel="chat", caller_phone=""
        )
        lead_id = await create_lead(
            session, tenant_id, conversation_id, CreateLead("message", "Ann", "+12125550101", "Please call", {})
        )
        named = {"id": question_id, "tenant_id": tenant_id}
        await session.execute(
            text(
                "INSERT INTO unanswered_questions (id, tenant_id, question, normalized, group_id)"
                " VALUES (:id, :tenant_id, 'Is there a pool?', 'is there a pool', :id)"
            ),
            named,
        )
        await session.execute(
            text("INSERT INTO unanswered_askings (id, tenant_id, question_id) VALUES (:id, :tenant_id, :id)"), named
        )
        await use_ticket(session, tenant_id, uuid7(), now + timedelta(minutes=1), now)
    store = RecordingStore(str(installation.data_dir / "recordings"))
    with TemporaryDirectory() as folder:
        sound = Path(folder) / "part.wav"
        sound.write_bytes(b"RIFF")
        store.keep(sound, tenant_id, conversation_id)
    return {
        "conversation_id": str(conversation_id),
        "question_id": str(question_id),
        "lead_id": str(lead_id),
        "message_id": str(lead_id),
    }


async def _sent(http: httpx.AsyncClient, method: str, path: str, headers: Mapping[str, str], body: Any) -> Any:
    answer = await http.request(method, path, json=body, headers=dict(headers))
    assert answer.is_success, (path, answer.text)
    return answer.json()
