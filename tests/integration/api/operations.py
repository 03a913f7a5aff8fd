"""Every operation that the description of the API names, and a request of it that is well formed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reception.runtime.principal import Scope

Document = Mapping[str, Any]

WITHOUT_PERMISSION = {
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),  # has a token of its own
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/password/choose"),
    ("GET", "/demo/agents"),
    ("GET", "/demo/agents/{agent_id}/passages/{chunk_id}"),
    ("POST", "/demo/token"),
}
"""The operations that nobody needs to be known for."""
_SAMPLES = {
    "timezone": "Europe/Lisbon",
    "hours": {"weekly": [[]] * 7},
    "slug": "one-more",
    "region": "PT",
    "email": "somebody@example.com",
    "weekly": [[]] * 7,
    "phone": "+12125550123",
    "confirm": "No Such Business",
    "role": "staff",
}
"""What the schema alone does not tell of a valid value."""
_FORMATS = {"date": "2027-03-01", "time": "19:30:00", "date-time": "2027-03-01T19:30:00Z"}


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    description: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def permission(self) -> Scope | None:
        """What it declares to need."""
        if (self.method, self.path) in WITHOUT_PERMISSION:
            return None
        [requirement] = self.description["security"]
        [[permission]] = requirement.values()
        return Scope(permission)

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def address(self, ids: Mapping[str, object]) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: str(ids[name[1]]), self.path)

    def query(self, document: Document, ids: Mapping[str, object]) -> dict[str, Any]:
        """What must be sent, and every id that may be."""
        found: dict[str, Any] = {}
        for parameter in self.description.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "query" and name in ids:
                found[name] = str(ids[name])
            elif parameter["in"] == "query" and parameter.get("required"):
                found[name] = sample(document, parameter["schema"], name)
        return found | ({"at": "19:30"} if self.path == "/availability" else {})

    def takes(self, document: Document, ids: Mapping[str, object]) -> bool:
        """Whether one of `ids` is sent with it."""
        body = self.body(document, ids)
        named = {*self.path_parameters, *self.query(document, ids), *body.get("json", ()), *body.get("data", ())}
        return not named.isdisjoint(ids)

    def body(self, document: Document, ids: Mapping[str, object]) -> dict[str, Any]:
        """Arguments of httpx: a body that holds what it must, and every id that it may."""
        if "requestBody" not in self.description:
            return {}
        [(kind, content)] = self.description["requestBody"]["content"].items()
        schema = resolved(document, content["schema"])
        named = {name: str(ids[name]) for name in schema.get("properties", {}) if name in ids}
        if kind == "multipart/form-data":
            return {"data": named, "files": {"files": ("notes.txt", b"Guests park behind the house.", "text/plain")}}
        made = sample(document, schema, "")
        if self.path == "/knowledge/ingest":
            made |= {"title": "Notes", "text": "Guests park behind the house."}
        return {"json": made | named}


def operations(document: Document) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, description in methods.items():
            yield Operation(method.upper(), path, description)


def resolved(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def sample(document: Document, schema: Mapping[str, Any], name: str) -> Any:
    """The smallest valid value of a schema."""
    if name in _SAMPLES:
        return _SAMPLES[name]
    schema = resolved(document, schema)
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return sample(document, schema["anyOf"][0], name)
    match schema.get("type", "object"):
        case "object":
            properties = schema.get("properties", {})
            return {wanted: sample(document, properties[wanted], wanted) for wanted in schema.get("required", ())}
        case "array":
            return [sample(document, schema["items"], name)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return _FORMATS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
