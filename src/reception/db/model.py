"""What every table's model is declared on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from reception.ports.dialogue import Json


class Model(DeclarativeBase):
    """Times are aware UTC, keys uuid7 made by the application, JSON is jsonb."""

    metadata = MetaData()
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Json]: JSONB(),
        list[Json]: JSONB(),
    }
