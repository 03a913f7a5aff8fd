"""The tables of agents and of their published versions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonObject, Model


class AgentRow(Model):
    """What is published, and beside it the draft of what will be, if there is one."""

    __tablename__ = "agents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(32))
    settings: Mapped[JsonObject]
    definition: Mapped[JsonObject]
    version: Mapped[int]
    revision: Mapped[int] = mapped_column(server_default=FetchedValue())
    draft: Mapped[JsonObject | None]
    tool_secret_no: Mapped[int] = mapped_column(server_default=FetchedValue())
    tool_secret_before_until: Mapped[datetime | None]


class AgentVersionRow(Model):
    __tablename__ = "agent_versions"

    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    settings: Mapped[JsonObject]
    definition: Mapped[JsonObject]
    note: Mapped[str] = mapped_column(String(200))
    restores: Mapped[int | None]
    published_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
