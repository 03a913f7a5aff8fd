"""Every error as `application/problem+json` (RFC 9457), with a JSON pointer (RFC 6901) for each bad field."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from reception.api.edge import SECURITY_HEADERS, request_id_of
from reception.core.errors import AppError, RateLimited
from reception.core.telemetry import REQUEST_FAILED

_log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"
_CODES = {
    400: ("invalid_input", "The request cannot be understood"),
    401: ("unauthenticated", "Credentials are missing or not valid"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This path does not take that method"),
    413: ("too_large", "Too large"),
}


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
) -> JSONResponse:
    body: dict[str, Any] = {
        "type": f"urn:reception:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "retryable": retryable,
        "request_id": request_id_of(request.scope),
    }
    if fields:
        body["errors"] = [dict(field) for field in fields]
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=PROBLEM_JSON)


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
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, title = _CODES.get(error.status_code, ("http_error", "The request failed"))
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
        headers={**SECURITY_HEADERS, "X-Request-Id": request_id_of(request.scope)},
    )


def _field(problem: Mapping[str, Any]) -> dict[str, str]:
    where, *path = problem["loc"]
    detail = str(problem["msg"]).removeprefix("Value error, ")
    if where == "body":
        return {"pointer": "".join(f"/{_escape(str(part))}" for part in path), "detail": detail}
    return {"in": str(where), "parameter": ".".join(str(part) for part in path), "detail": detail}


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
