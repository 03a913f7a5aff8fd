"""The table of requests that may be sent again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import Model


class IdempotentRequestRow(Model):
    """`answer` is NULL while the request is being answered, and where it was cut off; `tenant_id` where it was sent to
    the installation rather than in a tenant. A session sees those of its tenant, or those of none."""

    __tablename__ = "idempotent_requests"

    tenant_id: Mapped[UUID | None]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    asked_hash: Mapped[bytes] = mapped_column(LargeBinary)
    begun_at: Mapped[datetime]
    sealed_under: Mapped[str | None] = mapped_column(String(16))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
