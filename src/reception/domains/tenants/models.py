"""The tenants table."""

from uuid import UUID

from sqlalchemy import FetchedValue, String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonObject, Model


class Tenant(Model):
    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(32))
    timezone: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(2))
    locale: Mapped[str] = mapped_column(String(35))
    phone: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(300))
    hours: Mapped[JsonObject]
    rules: Mapped[JsonObject]
    transcript_retention_days: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=FetchedValue())
    knowledge_version: Mapped[int] = mapped_column(server_default=FetchedValue())
