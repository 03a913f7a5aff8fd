"""Agents in scenario files: settings, and definitions as the API takes them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reception.core.errors import Unprocessable
from reception.domains.agents.rules import check_definition
from reception.domains.tenants.service import TenantSpec
from reception.ports.business import AgentKind, AgentSettings, BusinessKind
from reception.ports.definition import AgentDefinition
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.reading import Fields, Wrong, choice_of, plain_of, raised, record_of, text_of
from reception.runtime.evaluation.scenario import AgentSetUp

_AGENT_ALIASES = {
    "persona": "persona_name", "handoff": "handoff_phone", "transfer_to": "handoff_phone", "words": "vocabulary",
}  # fmt: skip


def agent_kind(kind: BusinessKind) -> AgentKind:
    return AgentKind.REAL_ESTATE if kind is BusinessKind.REAL_ESTATE else AgentKind.RECEPTIONIST


def agent_of(node: Node, spec: TenantSpec, today: date) -> AgentSetUp:
    """An agent's name, kind and settings; the settings in place or under `settings`."""
    settings = tuple(each.name for each in fields(AgentSettings))
    found = Fields(node, "an agent", ("name", "kind", "settings", "definition", *settings), raised, _AGENT_ALIASES)
    given: dict[str, Any] = {name: found.node_of(name) for name in settings if name in found}
    inner = found.node_of("settings")
    if inner is not None and isinstance(inner.content, dict):
        given = {**inner.content, **given}
    kinds = [kind.value for kind in AgentKind]
    default = agent_kind(spec.kind).value
    kind = AgentKind(found.take("kind", lambda value: choice_of(value, kinds, "kind of agent"), default))
    definition = found.take("definition", partial(_definition, kind=kind), AgentDefinition())
    return AgentSetUp(
        name=found.take("name", text_of, spec.name),
        kind=kind,
        settings=record_of(AgentSettings, Node(given, node.line, node.field), today, aliases=_AGENT_ALIASES),
        definition=definition,
    )


_DEFINITION: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)


def _definition(node: Node, kind: AgentKind) -> AgentDefinition:
    """An agent's prompt, intents, flows, tools and transfer targets, as the API takes them."""
    try:
        definition = _DEFINITION.validate_python(plain_of(node))
        check_definition(definition, kind)
    except ValidationError as error:
        first = error.errors()[0]
        raise Wrong(_inner(node, first["loc"]), f"{first['msg']}{_at(first['loc'])}") from None
    except Unprocessable as error:
        path = error.problems[0].pointer.removeprefix("/definition").strip("/").split("/")
        raise Wrong(_inner(node, path), error.problems[0].detail + _at(path)) from None
    return definition


def _at(path: Sequence[str | int]) -> str:
    return f" (at {'.'.join(map(str, path))})" if path else ""


def _inner(node: Node, path: Sequence[str | int]) -> Node:
    """The node at `path`, or the nearest above it that is there."""
    for step in path:
        if isinstance(node.content, dict) and str(step) in node.content:
            node = node.content[str(step)]
        elif isinstance(node.content, list) and str(step).isdigit() and int(step) < len(node.content):
            node = node.content[int(step)]
    return node
