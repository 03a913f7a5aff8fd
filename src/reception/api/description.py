"""The description of the API (OpenAPI 3.1): what FastAPI tells, with every answer that an operation can give and an
example of each request and response."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI

from reception.api.examples import Examples
from reception.api.idempotency import REPLAYED
from reception.api.problems import PROBLEM_JSON, TITLES, Problem

Document = dict[str, Any]

_NAMES: Final = {
    400: "BadRequest", 401: "Unauthenticated", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
    412: "PreconditionFailed", 413: "TooLarge", 422: "Unprocessable", 429: "RateLimited", 500: "InternalError",
    502: "ProviderError", 503: "Unavailable", 504: "ProviderTimeout",
}  # fmt: skip
_DETAILS: Final = {
    400: "The body is not valid JSON (at character 12).",
    401: "Send `Authorization: Bearer <token>`: an access token of POST /auth/login, or an API key.",
    403: "This token lacks the scope agents:write.",
    404: "There is no such agent.",
    409: "The present state does not allow this.",
    412: 'It has changed since: its ETag is "8" now. Read it again.',
    413: "A body may hold at most 1048576 bytes.",
    422: "1 field(s) are not valid; see `errors`.",
    429: "Too many requests: wait 2 seconds.",
    500: "The fault is ours. Quote the request id when you report it.",
    502: "The provider did not accept the request.",
    503: "The database does not answer",
    504: "The provider did not answer in time",
}
_TEXTS: Final = {
    "text/csv": "starts_at,turns\r\n2027-03-12T00:00:00-05:00,12\r\n",
    "text/vnd.mermaid": "flowchart TD\n  understand --> reply",
    "text/plain": "reception_calls_live 2.0\n",
}
_REQUEST_ID: Final = {"schema": {"type": "string"}, "description": "Quote it when you report a fault"}
_ETAG: Final = {
    "schema": {"type": "string"},
    "description": "For `If-Match`, so that a change is made to what was read",
}
_RETRY_AFTER: Final = {"schema": {"type": "integer"}, "description": "Seconds to wait"}
_REPLAYED: Final = {
    "schema": {"type": "string", "const": "true"},
    "description": "There when it had been done before, under the same `Idempotency-Key`",
}
_FREELY_CALLED: Final = frozenset({"/auth/login", "/auth/refresh", "/auth/password/choose"})
_WITH_MODELS: Final = ("/chat", "/knowledge")


class Application(FastAPI):
    """A FastAPI application that describes itself in full."""

    def openapi(self) -> Document:
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def completed(document: Document) -> Document:
    """`document` with its errors, headers and examples."""
    schemas = document["components"]["schemas"]
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    document["components"]["responses"] = {name: _problem(status) for status, name in _NAMES.items()}
    document["components"]["headers"] = {"RequestId": _REQUEST_ID, "ETag": _ETAG, "RetryAfter": _RETRY_AFTER}
    document["components"]["headers"]["Replayed"] = _REPLAYED
    examples = Examples(schemas)
    tagged = {path for path, methods in document["paths"].items() if "patch" in methods}
    for path, method, operation in _operations(document):
        _tell_errors(path, method, operation)
        _tell_headers(path, method, operation, tagged)
        _give_examples(operation, examples)
    return document


def _operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _problem(status: int) -> dict[str, Any]:
    code, title = TITLES[status]
    body: dict[str, Any] = {
        "type": f"urn:reception:problem:{code}",
        "title": title,
        "status": status,
        "detail": _DETAILS[status],
        "code": code,
        "retryable": status in (429, 503, 504),
        "request_id": "0197f3c2-6d1e-7c3a-9b5f-2f4e8d6a1c01",
    }
    if status == 422:
        body["errors"] = [{"pointer": "/name", "detail": "String should have at least 1 character"}]
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if status == 429:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": body}}
    return {"description": title, "headers": headers, "content": content}


def _tell_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    told = operation["responses"]
    for status in sorted(_errors(path, method, operation)):
        if str(status) not in told or status in (422, 429):
            told[str(status)] = {"$ref": f"#/components/responses/{_NAMES[status]}"}


def _errors(path: str, method: str, operation: Mapping[str, Any]) -> set[int]:
    secured, with_body = "security" in operation, "requestBody" in operation
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    found = {429, 500, 503}
    if secured:
        found |= {400, 401, 403}
    if path in _FREELY_CALLED:
        found.add(401)
    if with_body:
        found |= {400, 413, 422}
    if names:
        found.add(422)
    if secured or with_body or "{" in path:
        found.add(404)
    if method != "get" and secured:
        found.add(409)
    if "if-match" in names:
        found.add(412)
    if path.startswith(_WITH_MODELS):
        found |= {502, 504}
    return found


def _tell_headers(path: str, method: str, operation: dict[str, Any], tagged: set[str]) -> None:
    for status, response in operation["responses"].items():
        if "$ref" in response or not status.startswith("2"):
            continue
        headers = response.setdefault("headers", {})
        headers["X-Request-Id"] = {"$ref": "#/components/headers/RequestId"}
        if path in tagged and method in ("get", "patch"):
            headers["ETag"] = {"$ref": "#/components/headers/ETag"}
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ())):
            headers[REPLAYED] = {"$ref": "#/components/headers/Replayed"}


def _give_examples(operation: dict[str, Any], examples: Examples) -> None:
    bodies = [(operation.get("requestBody", {}), True)]
    bodies += [(response, False) for response in operation["responses"].values()]
    for body, of_request in bodies:
        for kind, media in body.get("content", {}).items():
            if "example" not in media and "examples" not in media:
                media["example"] = _TEXTS.get(kind) or examples.of(media["schema"], request=of_request)
