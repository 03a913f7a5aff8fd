"""Tables of conversations, their messages, and the effects that ran."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, String, Text
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
    taken_up: Mapped[int] = mapped_column(server_default=FetchedValue())
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
