"""Creating requests that may be sent again: the header `Idempotency-Key`."""

import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, Any, Protocol, TypeVar, runtime_checkable

from fastapi import Header, Request
from fastapi import Response as Answer
from pydantic import BaseModel

from reception.api.access import InTenant
from reception.api.schemas import Response
from reception.api.services import Services
from reception.runtime.principal import Principal

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


@runtime_checkable
class Streamed(Protocol):
    """A body that is not held in memory."""

    async def digest(self) -> str:
        """The same for the same content, however it was sent."""
        ...


def done_once(
    create: Callable[..., Awaitable[_Told]], *, good_for: timedelta | None = None
) -> Callable[..., Awaitable[_Told | Answer]]:
    """A route's function that takes an `Idempotency-Key`, made of one that has `services`, `answer`, `where` and
    `body`, unless its path says all. Who asks and what they may do has been seen to before.

    `where` is an `InTenant`, or the `Principal` of a request that acts in no tenant yet. What is answered is worth
    nothing after `good_for`: then a repetition is refused rather than answered alike.
    """
    plain = inspect.signature(create)

    @wraps(create)
    async def create_once(*, http_request: Request, idempotency_key: str | None = None, **given: Any) -> _Told | Answer:
        if idempotency_key is None:
            return await create(**given)
        services, where, answer = given["services"], given["where"], given["answer"]
        assert isinstance(services, Services)
        assert isinstance(where, InTenant | Principal)
        assert isinstance(answer, Answer)
        bearer, tenant_id = (where.bearer, where.tenant_id) if isinstance(where, InTenant) else (where, None)
        operation = f"{http_request.method} {http_request.url.path}"

        async def told() -> str:
            view = await create(**given)
            status = answer.status_code or http_request.scope["route"].status_code or 200
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            return json.dumps([status, headers, view.model_dump_json(by_alias=True)])

        key = f"{bearer.subject}\n{operation}\n{idempotency_key}"
        asked = await _asked(given.get("body"))
        kept, before = await services.repeats.once(tenant_id, key, asked, told, good_for=good_for)
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


async def _asked(body: object) -> str:
    """All of a request that its path does not say."""
    if isinstance(body, Streamed):
        return await body.digest()
    if isinstance(body, BaseModel):
        return body.model_dump_json()
    assert body is None
    return ""
