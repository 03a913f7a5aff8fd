"""The table of usage: a row for each provider of each turn."""

from datetime import date
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import Model


class UsageRow(Model):
    __tablename__ = "provider_usage"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    turn: Mapped[int]
    part: Mapped[str] = mapped_column(String(16))
    provider: Mapped[str] = mapped_column(String(160))
    requests: Mapped[int]
    units: Mapped[float]
    cost_usd: Mapped[float | None]
    day: Mapped[date]
