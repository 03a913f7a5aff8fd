"""The agents table."""

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import Model
from reception.ports.dialogue import Json


class AgentRow(Model):
    __tablename__ = "agents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(32))
    settings: Mapped[dict[str, Json]]
    version: Mapped[int]
