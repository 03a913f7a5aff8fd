"""What a business forgets: transcripts that are old enough, and people who ask for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.db.database import Database
from reception.domains.access.service import Role
from reception.domains.tenants.service import delete_tenant, get_business
from reception.jobs.retention import TranscriptRetention
from reception.runtime.people import erase_person, number_pattern
from reception.runtime.recording.store import RecordingStore
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.test_conversation_archive import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME, PHONE, EMAIL = "Zebedee Quillfeather", "+12125550187", "zebedee@example.com"
SPOKEN = "212 555 0187"
OTHER = "+12125550142"
HOLDS_PEOPLE = {
    "conversations", "messages", "effect_runs", "conversation_events", "leads", "reservations", "waitlist"
}  # fmt: skip
"""The tables that tell something of callers and guests."""
HOLDS_NOBODY = {
    "agents": "what the business lets its agents say and do",
    "agent_versions": "the same",
    "allocations": "what is taken, and when",
    "answer_cache": "answers to questions that hold nothing of who asked",
    "answer_cache_stats": "counts",
    "answer_speech": "the sound of such answers",
    "api_keys": "of programs",
    "conversation_facts": "counts",
    "conversation_hours": "counts",
    "idempotent_requests": "sealed answers, which are let go when anybody is erased",
    "knowledge_chunks": "the business's own documents",
    "knowledge_documents": "the same",
    "knowledge_uploads": "the same",
    "password_tokens": "of users",
    "provider_keys": "of vendors",
    "provider_usage": "what was used, by ids",
    "refresh_tokens": "of users",
    "resources": "tables, rooms, staff",
    "stage_spreads": "counts",
    "stage_times": "counts",
    "stale_conversation_hours": "hours",
    "unanswered_askings": "hashes",
    "unanswered_questions": "questions that hold nothing of who asked",
    "usage_hours": "counts",
    "used_tickets": "ids",
    "user_sessions": "of users",
    "users": "who works there",
}
_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped"
)


class Records(Office):
    """What a business has kept, and how old it is."""

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        async with self.installation.services.database.tenant_session(self.shop.tenant_id) as session:
            done = await session.execute(text(statement), values)
            return list(done.scalars().all()) if done.returns_rows else []  # type: ignore[attr-defined]

    async def post(self, path: str, body: Any = None, expect: int = 201) -> Any:
        answer = await self.installation.http.post(path, json=body, headers=self.headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def erase(self, phone: str = SPOKEN) -> Any:
        answer = await self.installation.http.delete("/people", params={"phone": phone}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def age(self, conversation: str, days: int) -> None:
        """Make a conversation, and what was said in it, older."""
        values = {"id": UUID(conversation), "by": timedelta(days=days)}
        await self.sql("UPDATE messages SET created_at = created_at - :by WHERE conversation_id = :id", **values)
        await self.sql(
            "UPDATE conversations SET started_at = started_at - :by, ended_at = ended_at - :by WHERE id = :id", **values
        )

    def record(self, conversation: str) -> Path:
        """A recording of a conversation."""
        store = RecordingStore(str(self.installation.data_dir / "recordings"))
        with TemporaryDirectory() as folder:
            sound = Path(folder) / "part.wav"
            sound.write_bytes(b"RIFF")
            return Path(store.keep(sound, self.shop.tenant_id, UUID(conversation)))

    async def leave_message(self, name: str, number: str) -> str:
        left = (await self.say("I'd like to leave a message."))["conversation_id"]
        for message in ("Please call me about the quince jam.", name, number, "Yes", "Yes"):
            await self.say(message, left)
            if (await self.get(f"/conversations/{left}"))["has_lead"]:
                return str(left)
        raise AssertionError("no message was taken")

    async def book(self, name: str = "Alice Miller", number: str = "212 555 0142") -> tuple[str, str]:
        reply = await self.say("Hello, I would like to book a table for two tomorrow at 7:30 pm.")
        conversation = str(reply["conversation_id"])
        for message in (f"My name is {name}.", f"My phone number is {number}.", "Yes, please.", "Yes."):
            if reply["actions"]:
                break
            reply = await self.say(message, conversation)
        return conversation, str(reply["actions"][0]["data"]["reservation_id"])

    async def mentions(self, *words: str) -> set[str]:
        """The tables in whose rows one of `words` occurs, whatever the column."""
        found = set()
        for table in await self.sql(_TABLES.text):
            rows = "|".join(await self.sql(f'SELECT CAST(t AS text) FROM "{table}" t')).lower()
            if any(word.lower() in rows for word in words):
                found.add(table)
        return found


async def test_old_transcripts_go_and_what_was_counted_stays(installation: Installation, shop: Shop) -> None:
    records, keeps = Records(installation, shop, Role.OWNER), Records(installation, await installation.open_shop())
    old, reservation = await records.book()
    message = await records.leave_message("Bob Sample", "212 555 0143")
    call, recent = str(await records.call(PHONE)), str(await records.call(PHONE))
    # A chat that nobody closes is as old as its last word.
    begun = (await records.say("Do you have a garden terrace?"))["conversation_id"]
    elsewhere = (await keeps.say("Do you have a garden terrace?"))["conversation_id"]
    counted = (await records.get("/analytics/calls"))["totals"]
    for conversation in (old, message, call, begun):
        await records.age(conversation, 40)
    await keeps.age(elsewhere, 40)
    await records.say("And is there a car park?", begun)
    sounds = [records.record(call), records.record(recent)]
    path = f"/tenants/{shop.tenant_id}"

    async def keep_for(days: int | None) -> int:
        body = {"transcript_retention_days": days}
        answer = await installation.http.patch(path, json=body, headers=records.headers)
        return answer.status_code

    retention = TranscriptRetention(
        installation.services.database, installation.services.recordings, installation.services.clock
    )
    await retention.run(shop.tenant_id)
    assert len(await records.found()) == 5, "without the setting everything is kept"
    assert [await keep_for(days) for days in (0, 4000, 41)] == [422, 422, 200]
    await retention.run(shop.tenant_id)
    assert len(await records.found()) == 5
    assert await keep_for(30) == 200
    assert (await records.get(path))["transcript_retention_days"] == 30
    await retention.schedule()
    async with asyncio.timeout(10):
        while set(await records.found()) != {recent, begun}:
            pass
    assert [sound.exists() for sound in sounds] == [False, True]
    assert await records.found(q="quince") == []
    gone = [UUID(one) for one in (old, message, call)]
    for table in ("messages", "effect_runs", "conversation_events"):
        left = await records.sql(f"SELECT 1 FROM {table} WHERE conversation_id = ANY(:gone)", gone=gone)
        assert left == [], table
    assert (await records.get("/analytics/calls"))["totals"] == counted | {
        "turns": counted["turns"] + 1,
        "turns_each": pytest.approx((counted["turns"] + 1) / 5, abs=1e-4),
    }
    assert (await records.get(f"/reservations/{reservation}"))["guest"]["name"] == "Alice Miller"
    [lead] = (await records.get("/leads"))["items"]
    assert (lead["name"], lead["conversation_id"]) == ("Bob Sample", None)
    assert await keep_for(None) == 200
    await records.age(recent, 40)
    await retention.run(shop.tenant_id)
    assert recent in await records.found()
    assert await keeps.found() == [elsewhere]


async def test_every_table_of_tenants_is_known_to_hold_people_or_nobody(installation: Installation, shop: Shop) -> None:
    tables = set(await Records(installation, shop).sql(_TABLES.text))
    unknown = tables - HOLDS_PEOPLE - HOLDS_NOBODY.keys()
    assert not unknown, f"say of {unknown} whether they hold callers or guests; what does is to be erased with them"
    assert tables >= HOLDS_PEOPLE


async def test_a_person_is_erased_wherever_they_are_known(installation: Installation, shop: Shop) -> None:
    records = Records(installation, shop)
    day = (installation.services.clock.now() + timedelta(days=3)).date().isoformat()
    guest = {"name": NAME, "phone": PHONE, "email": EMAIL, "notes": "Zebedee sits by the window"}
    _booked, past = await records.book(NAME, SPOKEN)
    await records.sql(
        "UPDATE reservations SET starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days'"
    )
    await records.leave_message(NAME, SPOKEN)
    call = str(await records.call(PHONE))
    sound = records.record(call)
    await records.sql(
        "INSERT INTO conversation_events (id, tenant_id, conversation_id, turn, kind, data)"
        " VALUES (gen_random_uuid(), :tenant, :id, 1, 'fault', '{\"code\": \"heard Zebedee\"}')",
        tenant=shop.tenant_id,
        id=UUID(call),
    )
    await records.post("/leads", {"kind": "viewing", "name": NAME, "phone": PHONE, "summary": "Rang twice"})
    slot = (await records.get("/availability", day=day, at="19:30"))["exact"]
    coming = await records.post("/reservations", {"slot_id": slot["id"], "guest": guest})
    waiting = await records.post("/waitlist", {"day": day, "at": "19:30:00", "party_size": 4, "guest": guest})
    await records.post("/reservations/walk-ins", {"party_size": 2, "name": "Alice Miller", "phone": OTHER}, 201)
    other = str(await records.call(OTHER))
    words = (NAME, "Zebedee", "2125550187", SPOKEN, EMAIL)
    assert await records.mentions(*words) == HOLDS_PEOPLE
    counted = (await records.get("/analytics/calls"))["totals"]

    staff = Records(installation, shop, Role.STAFF)
    refused = await installation.http.delete("/people", params={"phone": PHONE}, headers=staff.headers)
    assert refused.status_code == 403
    nobody = await installation.http.delete("/people", params={"phone": "nobody"}, headers=records.headers)
    assert nobody.status_code == 422
    assert not any((await Records(installation, await installation.open_shop()).erase()).values())

    erased = await records.erase()
    assert erased == {
        "conversations": 3,
        "leads": 1,
        "messages": 1,
        "reservations": 1,
        "waitlist_entries": 0,
        "reservations_kept": 1,
        "waitlist_entries_kept": 1,
    }
    assert not sound.exists()
    assert await records.found() == [other]
    assert (await records.get(f"/reservations/{past}"))["guest"]["name"] == "Erased"
    assert await records.mentions(*words) == {"reservations", "waitlist"}, "they are still to come"
    await records.post(f"/reservations/{coming['id']}/cancel", expect=200)
    await records.post(f"/waitlist/{waiting['id']}/leave", expect=200)
    again = await records.erase(PHONE)
    assert (again["reservations"], again["waitlist_entries"], again["reservations_kept"]) == (1, 1, 0)
    assert await records.mentions(*words) == set()
    assert not any((await records.erase()).values())
    assert await records.mentions("Alice Miller") == {"reservations"}
    assert (await records.get("/analytics/calls"))["totals"] == counted
    made = (await records.get("/analytics/reservations"))["totals"]
    assert (made["made"], made["by_agent"]) == (3, 1)


async def test_what_a_person_left_under_another_number_is_erased_with_them(
    installation: Installation, shop: Shop
) -> None:
    records = Records(installation, shop, Role.OWNER)
    day = (installation.services.clock.now() + timedelta(days=3)).date().isoformat()
    rang = await records.leave_message("Bob Sample", "212 555 0143")
    await records.sql("UPDATE conversations SET caller_phone = :phone WHERE id = :id", phone=PHONE, id=UUID(rang))
    # The message is the same one when more is said to it from elsewhere, which then stands behind it.
    await records.sql("UPDATE leads SET conversation_id = gen_random_uuid()")
    for details, summary in (
        ({"email": EMAIL, "employer": EMAIL.replace("zebedee", "office")}, "From themselves"),
        ({"said": ["ring (212) 555-0187"]}, "A number in details"),
        ({}, "Write to Zebedee@Example.com."),
    ):
        phone = PHONE if "email" in details else OTHER
        await records.post(
            "/leads", {"kind": "viewing", "name": summary, "phone": phone, "summary": summary, "details": details}
        )
    await records.post("/leads", {"kind": "message", "name": "Noted", "phone": OTHER, "summary": "Noted"})
    await records.sql("UPDATE leads SET notes = 'also 212-555-0187' WHERE name = 'Noted'")
    others = "office@example.com, bigzebedee@example.com, 212 555 01870"
    await records.post("/leads", {"kind": "viewing", "name": "Kept", "phone": OTHER, "summary": others})
    slot = (await records.get("/availability", day=day, at="19:30"))["exact"]
    for guest in (
        {"name": "Carol Sample", "phone": OTHER, "email": "office@example.com"},
        {"name": "Dora Sample", "phone": OTHER, "notes": "pays for 212 555 0187"},
    ):
        made = await records.post("/reservations", {"slot_id": slot["id"], "guest": guest})
        await records.post(f"/reservations/{made['id']}/cancel", expect=200)

    erased = await records.erase()
    assert (erased["conversations"], erased["leads"], erased["messages"], erased["reservations"]) == (1, 3, 2, 1)
    assert [lead["name"] for lead in (await records.get("/leads"))["items"]] == ["Kept"]
    assert await records.mentions("Bob Sample", "Dora Sample") == set()
    assert await records.mentions("Carol Sample") == {"reservations"}


async def test_what_goes_through_all_that_there_is_may_take_longer(installation: Installation) -> None:
    shop, services = await installation.open_shop(), installation.services
    limits: list[str] = []

    class Watched(Database):
        """Tells at the end of each transaction what its statements might have taken."""

        def __init__(self) -> None:
            pass

        @asynccontextmanager
        async def tenant_session(self, tenant_id: UUID) -> AsyncIterator[AsyncSession]:
            async with services.database.tenant_session(tenant_id) as session:
                yield session
                limits.append((await session.execute(text("SHOW statement_timeout"))).scalar_one())

    watched = Watched()
    await erase_person(watched, services.recordings, shop.tenant_id, PHONE, services.clock.now())
    for work in (get_business, delete_tenant):
        async with watched.tenant_session(shop.tenant_id) as session:
            await work(session)
    assert limits == ["10min", "30s", "10min"]


async def test_a_call_that_goes_on_is_not_erased(installation: Installation, shop: Shop) -> None:
    records = Records(installation, shop)
    call = await records.call(PHONE)
    await records.sql("UPDATE conversations SET ended_at = NULL WHERE id = :id", id=call)
    answer = await installation.http.delete("/people", params={"phone": PHONE}, headers=records.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert await records.found() == [str(call)]


@pytest.mark.parametrize(
    ("written", "phone", "meant"),
    [
        ("Call +12125550187 please", PHONE, True),
        ("(212) 555-0187", PHONE, True),
        ("1 212 555 0187", PHONE, True),
        ("99212555018799", PHONE, False),
        ("+49 30 1234567", "+49301234567", True),
        ("030/1234567", "+49301234567", True),
        ("0049 30 1234567", "+49301234567", True),
        ("30 12345678", "+49301234567", False),
    ],
)
async def test_a_number_is_known_however_it_is_written(
    installation: Installation, written: str, phone: str, meant: bool
) -> None:
    async with installation.services.database.unscoped_session() as session:
        values = {"written": written, "number": number_pattern(phone)}
        found = await session.execute(text("SELECT CAST(:written AS text) ~ CAST(:number AS text)"), values)
    assert found.scalar_one() is meant
