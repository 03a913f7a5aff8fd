"""Turns a stored conversation into a scenario: what was said, and what became of it in the database."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml

from reception.core.errors import NotFound
from reception.db.database import Database
from reception.db.snapshot import tenant_rows
from reception.domains.agents.service import get_agent
from reception.domains.conversations import service as conversations
from reception.domains.reservations.resources import list_resources
from reception.domains.tenants.service import get_business
from reception.ports.business import Bookable, Business
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.evaluation.ends import Ends, ends_of
from reception.runtime.evaluation.exporting import business_mapping
from reception.runtime.evaluation.fiction import Cast

_ENDINGS = ("caller_hung_up", "goodbye", "silence", "not_understood", "transfer")
_NUMBER_ASKED = ("phone number", "digit by digit", "other digits", "and the rest")
_MOST_EXISTING = 200
_HEADER = """\
# Recorded from a conversation{fiction}.
# Read it through before you keep it: texts that callers chose themselves may still say who they are.
"""
_BEFORE_UNKNOWN = "# What a booking was before it was changed is not known, so that `existing` needs a look.\n"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the database has of the conversation and around it. The bookings that it did something to are as they were
    when it ended."""

    business: Business
    conversation: Mapping[str, Any]
    messages: Sequence[conversations.Message]
    reservations: Sequence[Mapping[str, Any]]
    leads: Sequence[Mapping[str, Any]]
    effects: Sequence[Mapping[str, Any]]
    ends: Ends

    @property
    def own(self) -> list[Mapping[str, Any]]:
        """The bookings that the conversation made."""
        return [row for row in self.reservations if row["conversation_id"] == self.conversation["id"]]

    @property
    def touched(self) -> list[Mapping[str, Any]]:
        """The bookings of before that it changed or cancelled."""
        named = " ".join(str(row["outcome"].get("effect", "")) for row in self.effects)
        return [row for row in self.reservations if row not in self.own and str(row["id"]) in named]

    def found(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A booking as the conversation found it; as it left it, where that is not known."""
        return self.ends.before.get(str(row["id"]), row)

    @property
    def known_leads(self) -> list[Mapping[str, Any]]:
        """The leads that there were already, and that it came back to."""
        started = datetime.fromisoformat(self.conversation["started_at"])
        return [row for row in self.leads if datetime.fromisoformat(row["created_at"]) < started]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business.timezone)


async def record(database: Database, tenant_id: UUID, conversation_id: UUID, *, real: bool = False) -> str:
    """The YAML of a scenario that says the same to the same business at the same time. Persons are replaced by
    fictional ones unless `real`.

    Raises:
        NotFound: the tenant has no such conversation, or its agent is gone.
    """
    kept = await _read(database, tenant_id, conversation_id)
    cast = None if real else Cast(kept.business.region, _names(kept), _phones(kept))
    scenario = {
        "name": f"A conversation of {kept.conversation['started_at'][:10]}",
        "tags": ["recorded"],
        "business": await _business(database, tenant_id, kept),
        **_circumstances(kept, cast),
        "turns": _turns(kept, cast),
        "expect": _expected(kept, cast),
    }
    header = _HEADER.format(fiction="" if real else ", its persons replaced by fictional ones") + kept.ends.told
    if any(str(row["id"]) not in kept.ends.before for row in kept.touched):
        header += _BEFORE_UNKNOWN
    filled = {name: value for name, value in scenario.items() if value not in ({}, [], "")}
    return header + yaml.safe_dump(filled, sort_keys=False, allow_unicode=True, width=118)


async def _read(database: Database, tenant_id: UUID, conversation_id: UUID) -> _Kept:
    own = str(conversation_id)
    async with database.tenant_session(tenant_id) as session:
        business = await get_business(session)
        rows = await tenant_rows(session, "conversations", id=own)
        if not rows:
            raise NotFound("There is no such conversation")
        effects = await tenant_rows(session, "effect_runs", conversation_id=own)
        ends = ends_of(await tenant_rows(session, "reservations"), effects, rows[0])
        return _Kept(
            business,
            rows[0],
            await conversations.list_messages(session, conversation_id),
            ends.reservations,
            _leads_of(await tenant_rows(session, "leads"), own, effects),
            effects,
            ends,
        )


def _leads_of(
    rows: Sequence[Mapping[str, Any]], conversation_id: str, effects: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The leads that a conversation stored or came back to: a later one of the same caller may have them by now."""
    stored = {(effect["outcome"].get("value") or {}).get("lead_id") for effect in effects}
    return [row for row in rows if row["conversation_id"] == conversation_id or str(row["id"]) in stored]


def _names(kept: _Kept) -> list[str]:
    rows = (*kept.own, *kept.touched, *kept.ends.before.values())
    details = kept.conversation["state"].get("details") or {}
    said = [
        command.removeprefix(f"{kind}(name, ").removesuffix(")")
        for message in kept.messages
        for command in message.commands
        for kind in ("SetSlot", "CorrectSlot")
        if command.startswith(f"{kind}(name, ")
    ]
    found = (*(row["guest_name"] for row in rows), *(row["name"] for row in kept.leads), details.get("name", ""), *said)
    return list(dict.fromkeys(name for name in found if name))


def _phones(kept: _Kept) -> list[str]:
    rows = (*kept.own, *kept.touched, *kept.ends.before.values())
    details = kept.conversation["state"].get("details") or {}
    found = (
        kept.conversation["caller_phone"],
        *(row["guest_phone"] for row in rows),
        *(row["phone"] for row in kept.leads),
        details.get("phone", ""),
    )
    return list(dict.fromkeys(phone for phone in found if phone))


async def _business(database: Database, tenant_id: UUID, kept: _Kept) -> Any:
    """The name of a demo business, or the whole business."""
    for demo in demo_businesses(date(2027, 1, 1)):
        if demo.tenant_id == tenant_id:
            return demo.spec.slug
    agent_id = kept.conversation["agent_id"]
    if agent_id is None:
        raise NotFound("The agent of this conversation has been deleted")
    async with database.tenant_session(tenant_id) as session:
        agent = await get_agent(session, UUID(agent_id))
        resources = await list_resources(session)
        titles = {row["id"]: row["title"] for row in await tenant_rows(session, "knowledge_documents")}
        chunks = await tenant_rows(session, "knowledge_chunks", without="embedding")
    documents: dict[str, str] = {}
    for chunk in sorted(chunks, key=lambda row: (row["document_id"], row["position"])):
        title = titles.get(chunk["document_id"], "Document")
        heading = f"## {chunk['heading'].split(' > ')[-1]}\n" if chunk["heading"] else ""
        documents[title] = f"{documents.get(title, '')}{heading}{chunk['text']}\n\n"
    return business_mapping(kept.business, resources, agent, documents)


def _circumstances(kept: _Kept, cast: Cast | None) -> dict[str, Any]:
    started = datetime.fromisoformat(kept.conversation["started_at"]).astimezone(kept.zone)
    caller = kept.conversation["caller_phone"]
    bookings = [_existing(kept.found(row), kept, cast) for row in kept.touched] + _others(kept)
    leads = [{**_lead(row, cast), "summary": "Came before."} for row in kept.known_leads]
    existing = {"reservations": bookings[:_MOST_EXISTING], "leads": leads[:_MOST_EXISTING]}
    return {
        "clock": started.strftime("%Y-%m-%d %H:%M"),
        "caller": cast.phone(caller) if cast and caller else caller,
        "channel": kept.conversation["channel"],
        "existing": {name: rows for name, rows in existing.items() if rows},
    }


def _existing(row: Mapping[str, Any], kept: _Kept, cast: Cast | None) -> dict[str, Any]:
    return {**_when(row, kept), "party": row["party_size"], **_guest(row, cast)}


def _others(kept: _Kept) -> list[dict[str, Any]]:
    """Other guests of the days in question, without their names: what was free depends on them."""
    ours = [*kept.own, *kept.touched]
    days = {_local(row["starts_at"], kept).date() for row in (*ours, *kept.ends.before.values())}
    others = Counter(
        tuple({**_when(row, kept), "party": row["party_size"]}.items())
        for row in kept.reservations
        if row not in ours and row["status"] == "confirmed" and _local(row["starts_at"], kept).date() in days
    )
    return [{**dict(fields), **({"count": count} if count > 1 else {})} for fields, count in others.items()]


def _local(moment: str, kept: _Kept) -> datetime:
    return datetime.fromisoformat(moment).astimezone(kept.zone)


def _when(row: Mapping[str, Any], kept: _Kept) -> dict[str, Any]:
    starts, ends = _local(row["starts_at"], kept), _local(row["ends_at"], kept)
    when: dict[str, Any] = {"date": starts.date().isoformat()}
    if kept.business.rules.bookable is Bookable.ROOM:
        when["nights"] = (ends.date() - starts.date()).days
    else:
        when["time"] = starts.strftime("%H:%M")
    return when | {name: row[name] for name in ("place", "service") if row.get(name)}


def _guest(row: Mapping[str, Any], cast: Cast | None) -> dict[str, Any]:
    name, phone = row["guest_name"], row["guest_phone"]
    return {"name": cast.name(name), "phone": cast.phone(phone)} if cast else {"name": name, "phone": phone}


def _turns(kept: _Kept, cast: Cast | None) -> list[Any]:
    turns: list[Any] = []
    asked = ""
    for message in kept.messages:
        if message.speaker == "agent":
            asked = message.text.lower()
        elif message.text:
            expected = any(words in asked for words in _NUMBER_ASKED)
            said = cast.text(message.text, number_expected=expected) if cast else message.text
            turns.append(_with_references(said, kept, cast))
    return turns


def _with_references(said: str, kept: _Kept, cast: Cast | None) -> str:
    """`said` with the references of bookings named by whose they are: what is booked anew has another reference."""
    for row in kept.touched:
        name = kept.found(row)["guest_name"]
        spelled = r"[\s,.-]*".join(map(re.escape, row["reference"]))
        said = re.sub(
            rf"\b{spelled}\b", f"{{reference: {cast.name(name) if cast else name}}}", said, flags=re.IGNORECASE
        )
    return said


def _lead(row: Mapping[str, Any], cast: Cast | None) -> dict[str, Any]:
    name, phone = (cast.name(row["name"]), cast.phone(row["phone"])) if cast else (row["name"], row["phone"])
    lead = {"kind": row["kind"], "name": name, "phone": phone}
    return {**lead, "recipient": row["recipient"]} if row["recipient"] else lead


def _expected(kept: _Kept, cast: Cast | None) -> dict[str, Any]:
    rows = [
        {"status": row["status"], **_existing(row, kept, cast)}
        for row in (*kept.own, *kept.touched)
        if row["status"] not in ("held", "expired")
    ]
    nothing = "unchanged" if kept.touched or _others(kept) else "none"
    leads = [{name: value or "empty" for name, value in _lead(row, cast).items()} for row in kept.leads]
    expected: dict[str, Any] = {"reservations": rows or nothing, "leads": leads or "none"}
    if kept.conversation["end_reason"] in _ENDINGS:
        expected["ended"] = kept.conversation["end_reason"]
    return expected
