"""A definition whose parts do not fit together is refused when it is saved, with a pointer to each of the places."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reception.core.errors import Unprocessable
from reception.domains.agents.rules import check_definition
from reception.ports.business import AgentKind
from reception.ports.definition import AgentDefinition

_ADAPTER: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)
NAME = {"name": "name", "type": "name", "prompt": "Who are you?"}
SAY = {"do": "say", "text": "Thank you, {name}."}
FLOW = {"name": "repair", "slots": [NAME], "at_end": [SAY]}
TOOL = {"name": "tickets", "url": "https://example.com/hook"}
TARGET = {"name": "workshop", "phone": "+14155550177"}


def _pointers(kind: AgentKind = AgentKind.CUSTOM, **definition: Any) -> list[str]:
    try:
        check_definition(_ADAPTER.validate_python(definition), kind)
    except Unprocessable as refused:
        return [problem.pointer.removeprefix("/definition") for problem in refused.problems]
    return []


def _slot(**changes: Any) -> list[str]:
    slot = {"name": "slot", "type": "text", "prompt": "What?", **changes}
    return _pointers(flows=[{**FLOW, "slots": [NAME, slot]}])


def test_a_sound_definition_passes() -> None:
    tool = {**TOOL, "results": [{"name": "ticket", "pointer": "/ticket/id"}]}
    ends = [
        {"do": "create_lead", "kind": "repair", "summary": "For {name}"},
        {"do": "call_tool", "tool": "tickets"},
        {"do": "hand_over", "target": "workshop"},
        {"do": "say", "text": "Your ticket is {ticket}, {name}."},
    ]
    flow = {**FLOW, "at_end": ends}
    intents = [
        {"name": "repair", "examples": ["my bike is broken"], "flow": "repair"},
        {"name": "message", "examples": ["take a message"], "flow": "message"},
        {"name": "workshop", "examples": ["the workshop please"], "target": "workshop"},
        {"name": "thanks", "examples": ["you are the best"], "say": "That is kind of you."},
    ]
    assert _pointers(flows=[flow], tools=[tool], intents=intents, transfer_targets=[TARGET]) == []


@pytest.mark.parametrize(
    ("definition", "pointers"),
    [
        ({"flows": [FLOW, FLOW]}, ["/flows/1/name"]),
        ({"flows": [{**FLOW, "name": "message"}]}, ["/flows/0/name"]),
        ({"flows": [{**FLOW, "slots": [NAME, NAME]}]}, ["/flows/0/slots/1/name"]),
        ({"flows": [{**FLOW, "confirmation": "Is it {bike}?"}]}, ["/flows/0/confirmation"]),
        ({"flows": [{**FLOW, "confirmation": "Is it {name?"}]}, ["/flows/0/confirmation"]),
        ({"flows": [{**FLOW, "at_end": [{"do": "call_tool", "tool": "x"}]}]}, ["/flows/0/at_end/0/tool"]),
        ({"flows": [{**FLOW, "at_end": [{"do": "call_tool"}]}]}, ["/flows/0/at_end/0/tool"]),
        ({"flows": [{**FLOW, "at_end": [{**SAY, "kind": "x"}]}]}, ["/flows/0/at_end/0/kind"]),
        ({"flows": [{**FLOW, "at_end": [{"do": "hand_over", "target": "x"}]}]}, ["/flows/0/at_end/0/target"]),
        ({"intents": [{"name": "a", "examples": ["hello there"]}]}, ["/intents/0"]),
        ({"intents": [{"name": "a", "examples": ["hello there"], "flow": "nothing"}]}, ["/intents/0/flow"]),
        ({"intents": [{"name": "a", "examples": ["book it"], "flow": "reservation"}]}, ["/intents/0/flow"]),
        ({"intents": [{"name": "a", "examples": ["Hi there", "hi there"], "say": "Hi."}]}, ["/intents/0/examples/1"]),
        ({"transfer_targets": [{**TARGET, "available": "schedule"}]}, ["/transfer_targets/0/schedule"]),
        ({"transfer_targets": [TARGET, {**TARGET, "name": "Workshop"}]}, ["/transfer_targets/1/name"]),
        ({"tools": [TOOL, {**TOOL, "url": "http://example.com/hook"}]}, ["/tools/1/name", "/tools/1/url"]),
    ],
)
def test_what_does_not_fit_is_pointed_at(definition: dict[str, Any], pointers: list[str]) -> None:
    assert _pointers(**definition) == pointers


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "choice"}, "choices"),
        ({"type": "choice", "choices": [{"value": "a"}, {"value": "b", "synonyms": ["A"]}]}, "choices"),
        ({"choices": [{"value": "a"}, {"value": "b"}]}, "choices"),
        ({"type": "number", "minimum": 5, "maximum": 1}, "maximum"),
        ({"type": "phone", "minimum": 5}, "minimum"),
        ({"type": "number", "pattern": "[0-9]"}, "pattern"),
        ({"pattern": "([a-z"}, "pattern"),
    ],
)
def test_validators_must_suit_the_type_of_the_slot(changes: dict[str, Any], field: str) -> None:
    assert _slot(**changes) == [f"/flows/0/slots/1/{field}"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x",
        "https://user:secret@example.com/x",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/hook",
        "https://192.168.1.4:8443/hook",
        "https://printer.local/hook",
        "https://db.internal/hook",
        "https:///nothing",
        "https://example.com:99999/",
        "https://exa mple.com/",
    ],
)
def test_tools_are_on_the_public_internet(url: str) -> None:
    assert _pointers(tools=[{**TOOL, "url": url}]) == ["/tools/0/url"]


def test_tools_of_this_machine_pass_here_and_are_for_development() -> None:
    assert _pointers(tools=[{**TOOL, "url": "http://127.0.0.1:9000/hook"}]) == []


def test_only_custom_agents_choose_their_built_in_flows() -> None:
    assert _pointers(AgentKind.RECEPTIONIST, builtins=["message"]) == ["/builtins"]
    assert _pointers(AgentKind.CUSTOM, builtins=["reservation"]) == []
    booking = [{"name": "a", "examples": ["book it"], "flow": "reservation"}]
    assert _pointers(AgentKind.RECEPTIONIST, intents=booking) == []


@pytest.mark.parametrize(
    "definition",
    [
        {"prompt": "x" * 8001},
        {"nonsense": 1},
        {"prompt": "bell \x07"},
        {"flows": [{**FLOW, "slots": [{**NAME, "name": "Bad Name"}]}]},
        {"flows": [{**FLOW, "slots": []}]},
        {"flows": [{**FLOW, "extra": 1}]},
        {"tools": [{**TOOL, "timeout_s": 600}]},
        {"tools": [{**TOOL, "results": [{"name": "a", "pointer": "ticket"}]}]},
        {"transfer_targets": [{**TARGET, "phone": "call me"}]},
        {"builtins": ["everything"]},
        {"intents": [{"name": "a", "examples": [], "say": "x"}]},
    ],
)
def test_sizes_and_fields_are_bounded(definition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _ADAPTER.validate_python(definition)
