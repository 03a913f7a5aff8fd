"""The table of sealed keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import Model


class ProviderKeyRow(Model):
    __tablename__ = "provider_keys"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    vendor: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
