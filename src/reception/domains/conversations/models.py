"""Tables of conversations: their messages, the effects that ran, what else happened, and the facts of each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonArray, JsonObject, Model


class ConversationRow(Model):
    __tablename__ = "conversations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    agent_version: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(16))
    caller_phone: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(200), server_default=FetchedValue())
    last_turn: Mapped[int] = mapped_column(server_default=FetchedValue())
    state: Mapped[JsonObject] = mapped_column(server_default=FetchedValue())
    recording_days: Mapped[int | None]
    taken_up: Mapped[int] = mapped_column(server_default=FetchedValue())
    carrier_call_id: Mapped[str | None] = mapped_column(String(64))
    turn_holder: Mapped[UUID | None]
    turn_held_until: Mapped[datetime | None]


class MessageRow(Model):
    __tablename__ = "messages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    turn: Mapped[int]
    speaker: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    commands: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    citations: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    sentences: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    unanswered: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    heard: Mapped[str | None] = mapped_column(Text)
    interrupted: Mapped[bool] = mapped_column(server_default=FetchedValue())
    metrics: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class EffectRun(Model):
    __tablename__ = "effect_runs"

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    outcome: Mapped[JsonObject]


class EventRow(Model):
    """Something that happened in a turn beside what was said: `switch` of a provider, or a `fault`."""

    __tablename__ = "conversation_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    turn: Mapped[int]
    kind: Mapped[str] = mapped_column(String(24))
    data: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class FactsRow(Model):
    """Written by `refresh_conversation_facts` in the database alone."""

    __tablename__ = "conversation_facts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    duration_s: Mapped[float]
    ended: Mapped[bool]
    end_reason: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(16))
    handed_over: Mapped[bool]
    has_reservation: Mapped[bool]
    has_lead: Mapped[bool]
    turns: Mapped[int]
    intents: Mapped[list[str]] = mapped_column(ARRAY(Text))
    questions: Mapped[int]
    unanswered: Mapped[int]
    interruptions: Mapped[int]
    switches: Mapped[int]
    faults: Mapped[int]
    cache_hits: Mapped[int]
    cache_misses: Mapped[int]
