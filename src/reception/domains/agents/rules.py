"""What the parts of an agent's definition must agree on: every name that is used is there, and fits its use."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from reception.core.errors import FieldProblem, Unprocessable
from reception.core.patterns import pattern_problem
from reception.core.templates import is_well_formed, names_in
from reception.ports.business import AgentKind
from reception.ports.definition import (
    BUILTINS,
    AgentDefinition,
    Ending,
    EndStep,
    FlowDefinition,
    IntentDefinition,
    SlotDefinition,
    SlotType,
    ToolDefinition,
    TransferTarget,
)

_AT = "/definition"
_BOUNDED = frozenset({SlotType.NUMBER, SlotType.AMOUNT, SlotType.DATE, SlotType.TEXT})
_STEP_FIELDS = {
    Ending.CREATE_LEAD: ("kind", "summary"),
    Ending.CALL_TOOL: ("tool",),
    Ending.HAND_OVER: ("target",),
    Ending.SAY: ("text",),
}
_NEEDED = {Ending.CREATE_LEAD: "kind", Ending.CALL_TOOL: "tool", Ending.SAY: "text"}
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")


def check_definition(definition: AgentDefinition, kind: AgentKind) -> None:
    """Refuse a definition whose parts do not fit together.

    Raises:
        Unprocessable: with a JSON pointer for each problem.
    """
    problems = tuple(FieldProblem(_AT + pointer, detail) for pointer, detail in _problems(definition, kind))
    if problems:
        first = problems[0]
        raise Unprocessable(f"{first.pointer}: {first.detail}", problems=problems)


_Problems = Iterator[tuple[str, str]]


def _problems(definition: AgentDefinition, kind: AgentKind) -> _Problems:
    if kind is not AgentKind.CUSTOM and definition.builtins != AgentDefinition().builtins:
        yield "/builtins", f"is for agents of kind custom; a {kind.value} agent has all the flows of its kind"
    yield from _twice("/builtins", definition.builtins)
    yield from _twice("/intents", [intent.name for intent in definition.intents], "name")
    yield from _twice("/flows", [flow.name for flow in definition.flows], "name")
    yield from _twice("/tools", [tool.name for tool in definition.tools], "name")
    yield from _twice("/transfer_targets", [target.name.casefold() for target in definition.transfer_targets], "name")
    for index, flow in enumerate(definition.flows):
        yield from _flow(f"/flows/{index}", flow, definition)
    for index, intent in enumerate(definition.intents):
        yield from _intent(f"/intents/{index}", intent, definition, kind)
    for index, tool in enumerate(definition.tools):
        yield from _tool(f"/tools/{index}", tool)
    for index, target in enumerate(definition.transfer_targets):
        yield from _target(f"/transfer_targets/{index}", target)


def _twice(pointer: str, names: Iterable[str], field: str = "") -> _Problems:
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield f"{pointer}/{index}" + (f"/{field}" if field else ""), "is there already: names must differ"


def _flow(pointer: str, flow: FlowDefinition, definition: AgentDefinition) -> _Problems:
    if flow.name in BUILTINS:
        yield f"{pointer}/name", "is the name of a built-in flow"
    yield from _twice(f"{pointer}/slots", [slot.name for slot in flow.slots], "name")
    for index, slot in enumerate(flow.slots):
        yield from _slot(f"{pointer}/slots/{index}", slot)
    slots = [slot.name for slot in flow.slots]
    yield from _template(f"{pointer}/confirmation", flow.confirmation, slots)
    called = [tool for step in flow.at_end if (tool := definition.tool(step.tool)) is not None]
    results = [result.name for tool in called for result in tool.results]
    for name in sorted(set(results) & set(slots)):
        yield f"{pointer}/slots/{slots.index(name)}/name", f"is also a result of a tool that {flow.name} calls"
    for index, step in enumerate(flow.at_end):
        yield from _step(f"{pointer}/at_end/{index}", step, definition)
        known = [*slots, *results] if step.do is Ending.SAY else slots
        yield from _template(f"{pointer}/at_end/{index}/text", step.text, known)
        yield from _template(f"{pointer}/at_end/{index}/summary", step.summary, known)
    if sum(step.do is Ending.HAND_OVER for step in flow.at_end) > 1:
        yield f"{pointer}/at_end", "may hand over once"


def _slot(pointer: str, slot: SlotDefinition) -> _Problems:
    if slot.type is SlotType.CHOICE and len(slot.choices) < 2:
        yield f"{pointer}/choices", "must have at least two choices"
    if slot.type is not SlotType.CHOICE and slot.choices:
        yield f"{pointer}/choices", f"is for slots of type choice, not {slot.type.value}"
    words = [word.casefold() for choice in slot.choices for word in (choice.value, *choice.synonyms)]
    for word in sorted(word for word, count in Counter(words).items() if count > 1):
        yield f"{pointer}/choices", f"says {word!r} twice: callers could not tell the choices apart"
    for name in ("minimum", "maximum"):
        if getattr(slot, name) is not None and slot.type not in _BOUNDED:
            yield f"{pointer}/{name}", f"is not for slots of type {slot.type.value}"
    if slot.minimum is not None and slot.maximum is not None and slot.minimum > slot.maximum:
        yield f"{pointer}/maximum", "must not be less than minimum"
    if slot.pattern:
        if slot.type is not SlotType.TEXT:
            yield f"{pointer}/pattern", f"is for slots of type text, not {slot.type.value}"
        if detail := pattern_problem(slot.pattern):
            yield f"{pointer}/pattern", f"is not a regular expression: {detail}"


def _step(pointer: str, step: EndStep, definition: AgentDefinition) -> _Problems:
    allowed = _STEP_FIELDS[step.do]
    for name in ("kind", "summary", "tool", "target", "text"):
        if getattr(step, name) and name not in allowed:
            yield f"{pointer}/{name}", f"is not for {step.do.value}"
    needed = _NEEDED.get(step.do)
    if needed and not getattr(step, needed):
        yield f"{pointer}/{needed}", f"is needed to {step.do.value.replace('_', ' ')}"
    if step.kind and not step.kind.replace("_", "").isalnum():
        yield f"{pointer}/kind", "must be letters, digits and underscores"
    if step.tool and definition.tool(step.tool) is None:
        yield f"{pointer}/tool", _missing("tool", step.tool, [tool.name for tool in definition.tools])
    yield from _target_named(f"{pointer}/target", step.target, definition)


def _intent(pointer: str, intent: IntentDefinition, definition: AgentDefinition, kind: AgentKind) -> _Problems:
    does = [name for name in ("flow", "say", "target") if getattr(intent, name)]
    if len(does) != 1:
        yield pointer, "must have exactly one of flow, say and target"
    own = [flow.name for flow in definition.flows]
    builtins = definition.builtins if kind is AgentKind.CUSTOM else BUILTINS
    offered = (*own, *dict.fromkeys((*builtins, "message", "handoff")))
    if intent.flow and intent.flow not in offered:
        yield f"{pointer}/flow", _missing("flow", intent.flow, offered)
    yield from _template(f"{pointer}/say", intent.say, ())
    yield from _target_named(f"{pointer}/target", intent.target, definition)
    yield from _twice(f"{pointer}/examples", [example.casefold() for example in intent.examples])


def _tool(pointer: str, tool: ToolDefinition) -> _Problems:
    yield from _twice(f"{pointer}/results", [result.name for result in tool.results], "name")
    detail = _url_problem(tool.url)
    if detail:
        yield f"{pointer}/url", detail


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if not host or any(character.isspace() for character in url):
        return "must be a URL with a host, like https://example.com/hook"
    if parts.username or parts.password or parts.fragment:
        return "must have neither a user nor a fragment"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        named_local = host == "localhost" or host.endswith(_LOCAL_NAMES)
        loopback = host == "localhost"
    else:
        named_local, loopback = not address.is_global, address.is_loopback
    if loopback and parts.scheme in {"http", "https"}:
        return ""
    if named_local:
        return "must be an address on the public internet"
    return "" if parts.scheme == "https" else "must begin with https://"


def is_loopback(url: str) -> bool:
    """Whether a URL that was accepted is for this very machine, which only development allows."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _target(pointer: str, target: TransferTarget) -> _Problems:
    if target.available == "schedule" and target.schedule is None:
        yield f"{pointer}/schedule", "is needed where available is schedule"
    if target.available != "schedule" and target.schedule is not None:
        yield f"{pointer}/schedule", "is only for available schedule"


def _target_named(pointer: str, name: str, definition: AgentDefinition) -> _Problems:
    names = [target.name for target in definition.transfer_targets]
    if name and name not in names:
        yield pointer, _missing("transfer target", name, names)


def _template(pointer: str, template: str, known: Sequence[str]) -> _Problems:
    if not is_well_formed(template):
        yield pointer, "has braces that do not make a {name}"
        return
    for name in names_in(template):
        if name not in known:
            yield pointer, _missing("value", name, known)


def _missing(what: str, name: str, known: Sequence[str]) -> str:
    there = ", ".join(known)
    return f"there is no {what} {name[:40]!r}; " + (f"there is {there}" if known else "there is none")
