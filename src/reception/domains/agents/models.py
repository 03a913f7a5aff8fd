"""The agents table."""

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonObject, Model


class AgentRow(Model):
    __tablename__ = "agents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(32))
    settings: Mapped[JsonObject]
    version: Mapped[int]
