"""What a backup says of itself: of which version and schema it is, and how much of what is in it."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reception.core.errors import InvalidInput

FORMAT = 1
MOST_BYTES = 256 << 20
"""A manifest beyond this is none of ours."""
_NAME = r"[a-z_][a-z0-9_]{0,62}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RECORDING = re.compile(rf"{_UUID}/\d{{4}}-\d{{2}}/{_UUID}(?:-\d{{1,3}})?\.wav")

Name = Annotated[str, Field(pattern=rf"^{_NAME}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TablePart(_Part):
    """`tables/<name>.copy`: the text of `COPY`, `bytes` of it, with the columns in this order."""

    name: Name
    columns: tuple[Name, ...] = Field(min_length=1)
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: Sha256

    @property
    def member(self) -> str:
        return f"tables/{self.name}.copy"


class SequencePart(_Part):
    name: Name
    value: int
    called: bool


class RecordingPart(_Part):
    """`recordings/<path>`, where the path is <tenant>/<year>-<month>/<conversation>.wav."""

    path: str
    bytes: int = Field(ge=0)
    sha256: Sha256

    @property
    def member(self) -> str:
        return f"recordings/{self.path}"


class Manifest(_Part):
    """`encryption_key` names the key, by a hash of it, under which tenants' secrets were sealed; they still are."""

    format: Literal[1]
    product: Literal["reception"]
    version: str
    made_at: datetime
    revision: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]
    postgres: int
    encryption_key: str | None
    tables: tuple[TablePart, ...]
    sequences: tuple[SequencePart, ...]
    recordings: tuple[RecordingPart, ...] | None
    """None where they were left out."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def read_manifest(text: bytes) -> Manifest:
    """Raises `InvalidInput` when it is not a backup's, or one of a format that this version does not read."""
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        found = re.search(rb'"format":\s*(\d{1,6})', text[:4096])
        if found and int(found[1]) > FORMAT:
            raise InvalidInput(f"The backup is of format {int(found[1])}: a newer Reception made it") from None
        where = "/".join(str(step) for step in error.errors()[0]["loc"])
        raise InvalidInput(f"The file is no backup of Reception: its manifest is wrong at {where[:80]}") from None
    strange = next((one.path for one in manifest.recordings or () if not _RECORDING.fullmatch(one.path)), None)
    if strange is not None:
        raise InvalidInput("The file is no backup of Reception: a recording in it has a strange path")
    return manifest
