"""The description of the API is complete: every operation tells all it takes and answers, with an example of each."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from reception.api.description import Application
from reception.api.examples import WHOLE
from reception.api.routers import routers

Document = dict[str, Any]
_ALWAYS = {"429", "500", "503"}


@pytest.fixture(scope="module")
def document() -> Document:
    app = Application(title="Reception", version="1")
    for router in routers(demo_mode=True):
        app.include_router(router)
    return app.openapi()


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _responses(document: Document, operation: Document) -> Iterator[tuple[str, Document]]:
    for status, response in operation["responses"].items():
        named = response.get("$ref", "").rpartition("/")[2]
        yield status, document["components"]["responses"][named] if named else response


def test_every_operation_has_a_summary_and_tells_its_errors(document: Document) -> None:
    for name, operation in _operations(document):
        assert operation["summary"], name
        told = set(operation["responses"])
        assert told >= _ALWAYS, name
        assert not operation.get("parameters") or "422" in told, name
        assert "requestBody" not in operation or told >= {"400", "413", "422"}, name
        assert "security" not in operation or told >= {"401", "403"}, name
        for status, response in _responses(document, operation):
            assert int(status) < 400 or "application/problem+json" in response["content"] or status == "503", name


def test_every_request_and_answer_has_a_valid_example(document: Document) -> None:
    seen = 0
    shared: set[str] = set()
    for name, operation in _operations(document):
        bodies = [("request", operation.get("requestBody", {})), *_responses(document, operation)]
        for status, body in bodies:
            assert body.get("content") or status in ("204", "request"), (name, status)
            for kind, media in body.get("content", {}).items():
                seen += 1
                told = str(media)
                if told in shared:
                    continue
                shared.add(told)
                schema = {**media["schema"], "components": document["components"]}
                wrong = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(media["example"])]
                assert not wrong, (name, status, kind, wrong)
    assert seen > 1000


def test_whole_examples_are_of_schemas_that_there_are(document: Document) -> None:
    assert WHOLE.keys() <= document["components"]["schemas"].keys()
    for reference in ("HTTPValidationError", "ValidationError"):
        assert reference not in str(document)
