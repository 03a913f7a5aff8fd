"""The leads table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonObject, Model


class LeadRow(Model):
    __tablename__ = "leads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(32))
    summary: Mapped[str] = mapped_column(String(2000))
    details: Mapped[JsonObject]
    stage: Mapped[str] = mapped_column(String(16), server_default=FetchedValue())
    recipient: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    assignee: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    notes: Mapped[str] = mapped_column(String(4000), server_default=FetchedValue())
    read_at: Mapped[datetime | None]
    times: Mapped[int] = mapped_column(server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
