"""Creating requests that may be sent again: the header `Idempotency-Key`."""

import inspect
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from fastapi import Header, Request
from fastapi import Response as Answer
from pydantic import BaseModel

from reception.api.access import InTenant
from reception.api.schemas import Response
from reception.api.services import Services

_Told = TypeVar("_Told", bound=Response)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Made up by you: sent again within a day, the same request is answered alike and done once",
    ),
]
REPLAYED = "Idempotency-Replayed"


def done_once(create: Callable[..., Awaitable[_Told]]) -> Callable[..., Awaitable[_Told | Answer]]:
    """A route's function that takes an `Idempotency-Key`, made of one that has `body`, `services`, `where` and
    `answer`. Who asks and what they may do has been seen to before."""
    plain = inspect.signature(create)

    @wraps(create)
    async def create_once(*, http_request: Request, idempotency_key: str | None = None, **given: Any) -> _Told | Answer:
        if idempotency_key is None:
            return await create(**given)
        services, where, answer, body = given["services"], given["where"], given["answer"], given["body"]
        assert isinstance(services, Services)
        assert isinstance(where, InTenant)
        assert isinstance(answer, Answer)
        assert isinstance(body, BaseModel)
        operation = f"{http_request.method} {http_request.url.path}"

        async def told() -> str:
            view = await create(**given)
            status = answer.status_code or http_request.scope["route"].status_code or 200
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            return json.dumps([status, headers, view.model_dump_json(by_alias=True)])

        key = f"{where.bearer.subject}\n{operation}\n{idempotency_key}"
        kept, before = await services.repeats.once(where.tenant_id, key, body.model_dump_json(), told)
        status, headers, view = json.loads(kept)
        if before:
            headers[REPLAYED] = "true"
        return Answer(view, status, headers, media_type="application/json")

    wanted = {"http_request": Request, "idempotency_key": IdempotencyKey}
    more = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=kind,
            default=None if name == "idempotency_key" else inspect.Parameter.empty,
        )
        for name, kind in wanted.items()
    ]
    create_once.__signature__ = plain.replace(parameters=[*plain.parameters.values(), *more])  # type: ignore[attr-defined]
    return create_once
