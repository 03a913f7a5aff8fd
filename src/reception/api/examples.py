"""An example of everything that the API takes or gives, made from its schema: plainly fictional, and valid.

A schema's own `examples` go first, then what a field of that name usually holds, then the smallest that is allowed.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_ID = "0197f3c2-6d1e-7c3a-9b5f-2f4e8d6a1c01"
_WEEK: Final = [[{"opens": "11:30:00", "closes": "22:00:00"}]] * 7
_FORMATS: Final = {
    "uuid": _ID,
    "date": "2027-03-12",
    "time": "19:30:00",
    "date-time": "2027-03-12T19:30:00-05:00",
    "binary": "(bytes)",
    "password": "0123456789abcdef0123456789abcdef",
}
_USUAL: Final[Mapping[str, Any]] = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.signature",
    "address": "1 Main Street, Springfield",
    "amount": "42.00",
    "assignee": "Ann Example",
    "caller_phone": "+12125550123",
    "carrier_call_id": "CA0123456789abcdef0123456789abcdef",
    "channel": "voice",
    "client": "Mozilla/5.0",
    "country": "US",
    "currency": "USD",
    "current_password": "seven green kettles",
    "document": "House rules",
    "email": "ann@example.com",
    "end_reason": "goodbye",
    "file": "menu.pdf",
    "format": "pdf",
    "greeting": "Harbor Table, how can I help?",
    "handoff_phone": "+12125550100",
    "heading": "Parking",
    "heard": "Is there parking?",
    "heard_by_caller": "Guests park free of charge in the yard.",
    "intent": "question",
    "kind": "message",
    "key": "0123456789abcdef0123456789abcdef",
    "language": "en-US",
    "last_seating": "21:00:00",
    "locale": "en-US",
    "mermaid": "flowchart TD\n  understand --> reply",
    "message": "Do you have a table for two tonight at eight?",
    "name": "Ann Example",
    "new_password": "eight blue kettles",
    "next_cursor": "WyIwMTk3ZjNjMi02ZDFlLTdjM2EtOWI1Zi0yZjRlOGQ2YTFjMDEiXQ",
    "note": "Opening hours of the summer",
    "notes": "A table by the window, please",
    "part": "stt",
    "password": "seven green kettles",
    "persona_name": "Ada",
    "phone": "+12125550123",
    "place": "Terrace",
    "prefix": "rk_4f9a2c",
    "provider": "embedded",
    "providers": {"stt": "embedded"},
    "question": "Is there a pool?",
    "recipient": "Mr Reed",
    "reference": "7KQ2M",
    "refresh_token": "rt_example",
    "region": "US",
    "reply": "Guests park free of charge in the yard.",
    "resources": ["Table 4"],
    "role": "staff",
    "said": "Guests park free of charge in the yard.",
    "sample_question": "Is there parking?",
    "scope": "reservations:read",
    "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "slot_id": "an id of GET /availability",
    "slug": "harbor-table",
    "source": "upload",
    "source_name": "menu.pdf",
    "state": "ready",
    "summary": "Would like to be called back about a party of twenty.",
    "text": "Guests park free of charge in the yard.",
    "ticket": "ticket_example",
    "timezone": "America/New_York",
    "title": "House rules",
    "token": "pt_example",
    "understood": ["AskKnowledge"],
    "url": f"/conversations/{_ID}/recordings/1",
    "vendor": "deepgram",
    "version": "0.1.0",
    "voice": "heart",
    "weekly": _WEEK,
    "wordings": ["Is there a pool?"],
}
_GUEST: Final = {"name": "Maria Ramos", "phone": "+12125550142"}
WHOLE: Final[Mapping[str, Any]] = {
    "AgentDefinition": {
        "prompt": "Harbor Table is a seafood restaurant by the old harbor.",
        "persona": "Warm and brief",
        "builtins": ["message", "handoff"],
        "intents": [],
        "flows": [],
        "tools": [],
        "transfer_targets": [],
    },
    "AgentChange": {"settings": {"greeting": "Harbor Table, how can I help?", "patience": 1.2}},
    "ChatMessage": {"agent_id": _ID, "message": "Do you have a table for two tonight at eight?"},
    "MessageChange": {"status": "read"},
    "NewAgent": {"name": "Ada", "settings": {"greeting": "Harbor Table, how can I help?"}},
    "NewDocument": {"title": "House rules", "text": "# Parking\nGuests park free of charge in the yard."},
    "NewEntry": {"day": "2027-03-12", "at": "19:30:00", "party_size": 4, "guest": _GUEST},
    "NewResource": {"kind": "table", "name": "Table 4", "place": "Terrace", "capacity": 4},
    "NewTenant": {
        "slug": "harbor-table",
        "name": "Harbor Table",
        "kind": "restaurant",
        "timezone": "America/New_York",
        "region": "US",
        "hours": {"weekly": _WEEK},
        "rules": {"largest_party": 8},
    },
    "NewUser": {"email": "ann@example.com", "role": "staff", "name": "Ann Example"},
    "ResourceChange": {"capacity": 6},
    "TenantChange": {"phone": "+12125550100", "rules": {"largest_party": 10}},
    "UserChange": {"role": "manager"},
}
"""Examples of whole schemas, where fields hang together or are many."""


class Examples:
    """Makes examples of the schemas of one API. `schemas` are its components by name."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, name: str = "", *, request: bool = False) -> Any:
        """A value that `schema` allows, of the field `name`. Of a `request`, fields that are null by default are left
        out."""
        while "$ref" in schema:
            title = schema["$ref"].rsplit("/", 1)[1]
            if title in WHOLE:
                return WHOLE[title]
            schema = self._schemas[title]
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if name in _USUAL and self._allows(schema, _USUAL[name]):
            return _USUAL[name]
        if "enum" in schema:
            return schema["enum"][0]
        if request and schema.get("default") is not None:
            return schema["default"]
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], name, request=request)
        return self._by_type(schema, name, request=request)

    def _by_type(self, schema: Schema, name: str, *, request: bool) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema, request=request)
            case "array":
                few = max(schema.get("minItems", 0), 0 if request else 1)
                return [self.of(schema.get("items", {}), name.removesuffix("s"), request=request)] * few
            case "integer" | "number":
                least = schema.get("minimum", schema.get("exclusiveMinimum", 1))
                return max(least, min(2, schema.get("maximum", 2)))
            case "boolean":
                return schema.get("default", True)
            case "string":
                return _FORMATS.get(schema.get("format", ""), "" if not schema.get("minLength") else "example")
            case _:
                return {}

    def _object(self, schema: Schema, *, request: bool) -> dict[str, Any]:
        required = schema.get("required", ())
        made: dict[str, Any] = {}
        for name, field in schema.get("properties", {}).items():
            if request and name not in required and field.get("default", 0) is None and name not in _USUAL:
                continue
            made[name] = self.of(field, name, request=request)
        return {name: value for name, value in made.items() if value is not None or name in required or not request}

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _allows(self, schema: Schema, value: Any) -> bool:
        """Whether the kind of value is right; that it is right in all is for the tests to prove."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            return any(self._allows(one, value) for one in schema["anyOf"])
        kinds: Mapping[str, type] = {"string": str, "array": list, "object": dict, "null": type(None)}
        kind = kinds.get(schema.get("type", ""))
        if kind is None or not isinstance(value, kind):
            return False
        if value not in schema.get("enum", (value,)):
            return False
        if "pattern" in schema and not re.search(schema["pattern"], str(value)):
            return False
        return schema.get("format") is None and "properties" not in schema
