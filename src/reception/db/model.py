"""What every table's model is declared on."""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

JsonObject: TypeAlias = dict[str, Any]
JsonArray: TypeAlias = list[Any]


class Model(DeclarativeBase):
    """Times are aware UTC, keys uuid7 made by the application, JSON is jsonb."""

    metadata = MetaData()
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }
