"""The form of `POST /knowledge/upload`: files that lie on disk until they are taken in, and what is said of them."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.knowledge import service as knowledge
from reception.domains.knowledge.intake import PIECE_BYTES
from reception.ports.knowledge import DocumentKind

_MOST_FILES: Final = 50
DESCRIBED: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": 50},
                        "kind": {"type": "string", "enum": [kind.value for kind in DocumentKind], "default": "general"},
                        "agent_id": {"type": "string", "format": "uuid", "description": "For this agent alone"},
                        "title": {"type": "string", "maxLength": 200, "description": "For one file; else its name"},
                    },
                }
            }
        },
    }
}
"""For the description of the API, as FastAPI does not read the form."""


@dataclass(frozen=True, slots=True)
class UploadForm:
    """`title` is for one file; where it is empty, a file's name is its title."""

    files: tuple[UploadFile, ...]
    kind: DocumentKind
    agent_id: UUID | None
    title: str

    async def digest(self) -> str:
        """Implements `api.idempotency.Streamed`: every file is read once, and rewound."""
        told = [[self.kind.value, str(self.agent_id), self.title]]
        for file in self.files:
            content = hashlib.sha256()
            await file.seek(0)
            while piece := await file.read(PIECE_BYTES):
                content.update(piece)
            await file.seek(0)
            told.append([file.filename or "", content.hexdigest()])
        return json.dumps(told)


async def _read(request: Request) -> AsyncIterator[UploadForm]:
    async with request.form(max_files=_MOST_FILES, max_fields=8, max_part_size=1 << 16) as form:
        yield _checked(form)


Uploading = Annotated[UploadForm, Depends(_read, scope="function")]
"""Name it after whoever may upload: the body is read when its turn comes."""


def _checked(form: FormData) -> UploadForm:
    """The files, kind, agent and title of an upload.

    Raises:
        Unprocessable: one of them is missing or wrong.
    """
    files = tuple(value for _, value in form.multi_items() if isinstance(value, UploadFile))
    if not files:
        raise Unprocessable("/files: send at least one file", problems=(FieldProblem("/files", "is missing"),))
    told = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    unknown = sorted(set(told) - {"kind", "agent_id", "title"})
    if unknown:
        raise Unprocessable(
            f"/{unknown[0]}: is not known here",
            problems=tuple(FieldProblem(f"/{name}", "is unknown") for name in unknown),
        )
    if told.get("title") and len(files) > 1:
        raise Unprocessable("/title: is for one file", problems=(FieldProblem("/title", "is for one file"),))
    try:
        agent_id = UUID(told["agent_id"]) if told.get("agent_id") else None
    except ValueError:
        raise Unprocessable(
            "/agent_id: must be an id", problems=(FieldProblem("/agent_id", "must be an id"),)
        ) from None
    kind = knowledge.kind_of(told.get("kind") or DocumentKind.GENERAL)
    return UploadForm(files, kind, agent_id, told.get("title", ""))
