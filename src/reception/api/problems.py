"""Every error as `application/problem+json` (RFC 9457), with a JSON pointer (RFC 6901) for each bad field."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from starlette.exceptions import HTTPException

from reception.api.edge import request_id_of, security_headers
from reception.api.schemas import Response
from reception.core.errors import (
    AlreadyEnded,
    AppError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from reception.core.telemetry import REQUEST_FAILED

_log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"
_MOST_FIELDS = 100
_LONGEST_POINTER = 500
_LONGEST_DETAIL = 2000
_METHOD_NOT_ALLOWED = ("method_not_allowed", "This path does not take that method")
TITLES: Final[Mapping[int, tuple[str, str]]] = {
    405: _METHOD_NOT_ALLOWED,
    **{
        kind.status: (kind.code, kind.title)
        for kind in (
            AppError,
            InvalidInput,
            Unauthenticated,
            Forbidden,
            NotFound,
            Conflict,
            PreconditionFailed,
            TooLarge,
            Unprocessable,
            RateLimited,
            ProviderError,
            Unavailable,
            ProviderTimeout,
        )
    },
}
"""The code and title of what has no more of its own to tell, by status."""


class BadField(Response):
    """`pointer` is a JSON pointer into the body; for the rest of a request, `in` and `parameter` name the field."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    pointer: str | None = None
    place: Literal["query", "path", "header", "cookie"] | None = Field(default=None, alias="in")
    parameter: str | None = None
    detail: str


class Problem(Response):
    """What every error looks like (RFC 9457). `code` is for programs; `retryable`: the same request may succeed later;
    `errors` are there where fields are wrong. `transfer_to` is the phone number that a telephone call is to be put
    through to, which has ended with that."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str
    errors: tuple[BadField, ...] | None = None
    transfer_to: str | None = None


def problem_response(
    request: Request,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    fields: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    retryable: bool = False,
    transfer_to: str = "",
) -> JSONResponse:
    problem = Problem(
        type=f"urn:reception:problem:{code}",
        title=title,
        status=status,
        detail=_cut(detail, _LONGEST_DETAIL),
        code=code,
        retryable=retryable,
        request_id=request_id_of(request.scope),
        errors=tuple(BadField.model_validate(_sayable(field)) for field in fields[:_MOST_FIELDS]) or None,
        transfer_to=transfer_to or None,
    )
    body = problem.model_dump(mode="json", by_alias=True, exclude_none=True)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=PROBLEM_JSON)


def _sayable(field: Mapping[str, str]) -> dict[str, str]:
    return {name: _cut(told, _LONGEST_POINTER) for name, told in field.items()}


def _cut(text: str, longest: int) -> str:
    """What of `text` can be told: a request may name its fields as it likes, with what is no character, too."""
    told = text.encode("utf-8", "backslashreplace").decode()
    return told if len(told) <= longest else told[: longest - 1] + "…"


def install_problems(app: FastAPI) -> None:
    """Render every error of `app` as a problem."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unhandled)


async def _app_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status >= 500:
        _log.error(REQUEST_FAILED, code=error.code, status=error.status)
    return problem_response(
        request,
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        fields=[{"pointer": field.pointer, "detail": field.detail} for field in error.problems],
        headers=headers,
        retryable=error.retryable,
        transfer_to=error.transfer_to if isinstance(error, AlreadyEnded) else "",
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, title = TITLES.get(error.status_code, ("http_error", "The request failed"))
    detail = {404: "There is nothing at this path.", 405: f"{request.method} is not allowed here."}.get(
        error.status_code, error.detail
    )
    return problem_response(
        request, status=error.status_code, code=code, title=title, detail=detail, headers=error.headers
    )


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    malformed = next((problem for problem in problems if problem["type"] == "json_invalid"), None)
    if malformed is not None:
        position = malformed["loc"][-1]
        return problem_response(
            request,
            status=400,
            code="invalid_input",
            title="The request cannot be understood",
            detail=f"The body is not valid JSON (at character {position}).",
        )
    return problem_response(
        request,
        status=422,
        code="unprocessable",
        title="A field is not valid",
        detail=f"{len(problems)} field(s) are not valid; see `errors`.",
        fields=[_field(problem) for problem in problems],
    )


async def _unhandled(request: Request, error: Exception) -> JSONResponse:
    _log.error(REQUEST_FAILED, code=AppError.code, request_id=request_id_of(request.scope), kind=type(error).__name__)
    return problem_response(
        request,
        status=500,
        code=AppError.code,
        title=AppError.title,
        detail="The fault is ours. Quote the request id when you report it.",
        # This handler runs outside the middleware that adds them elsewhere.
        headers={**security_headers(request.scope), "X-Request-Id": request_id_of(request.scope)},
    )


def _field(problem: Mapping[str, Any]) -> dict[str, str]:
    where, *path = problem["loc"]
    detail = str(problem["msg"]).removeprefix("Value error, ")
    if where == "body":
        return {"pointer": "".join(f"/{_escape(str(part))}" for part in path), "detail": detail}
    return {"in": str(where), "parameter": ".".join(str(part) for part in path), "detail": detail}


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
