"""An agent drawn as a Mermaid flowchart: the turn graph as it runs, and under its flow node the agent's flows."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from reception.dialogue.commands import Flow, SlotName
from reception.dialogue.graph import build_turn_graph
from reception.dialogue.kinds.kind import BUILTIN_FLOWS
from reception.dialogue.kinds.registry import builtins_of, spoken_name
from reception.ports.business import Agent
from reception.ports.definition import EndStep, FlowDefinition, IntentDefinition

_CONTACT = (SlotName.NAME, SlotName.PHONE)
SLOTS: Mapping[Flow, tuple[SlotName, ...]] = {
    Flow.NEW_RESERVATION: (
        SlotName.PARTY_SIZE, SlotName.DATE, SlotName.TIME, SlotName.NIGHTS, SlotName.PLACE, *_CONTACT, SlotName.NOTES,
    ),
    Flow.CHANGE_RESERVATION: (
        SlotName.REFERENCE, *_CONTACT, SlotName.DATE, SlotName.TIME, SlotName.PARTY_SIZE, SlotName.NIGHTS,
    ),
    Flow.CANCEL_RESERVATION: (SlotName.REFERENCE, *_CONTACT, SlotName.DATE),
    Flow.FIND_RESERVATION: (SlotName.REFERENCE, *_CONTACT, SlotName.DATE),
    Flow.CONFIRM_AGAIN: (SlotName.REFERENCE, *_CONTACT, SlotName.DATE),
    Flow.RUNNING_LATE: (SlotName.REFERENCE, *_CONTACT, SlotName.DATE, SlotName.MINUTES),
    Flow.WAITLIST: (SlotName.PARTY_SIZE, SlotName.DATE, SlotName.TIME, SlotName.NIGHTS, *_CONTACT),
    Flow.LEAVE_WAITLIST: (*_CONTACT, SlotName.DATE),
    Flow.LEAVE_MESSAGE: (SlotName.MESSAGE, *_CONTACT),
    Flow.LEAD: (SlotName.MESSAGE, *_CONTACT),
}  # fmt: skip
"""What each of the product's flows may ask for, in the order in which it does."""


def agent_diagram(agent: Agent) -> str:
    """Mermaid source; every label is quoted, so that nothing an owner wrote is read as syntax."""
    lines = ["flowchart TD", *_turn()]
    for index, name in enumerate(builtins_of(agent)):
        for flow in BUILTIN_FLOWS[name]:
            lines += _built_in(f"b{index}_{flow.value}", flow)
    for index, own in enumerate(agent.definition.flows):
        lines += _own(f"f{index}", own)
    for index, intent in enumerate(agent.definition.intents):
        lines += _intent(f"i{index}", intent, agent)
    for index, target in enumerate(agent.definition.transfer_targets):
        hours = {"always": "always", "business_hours": "in business hours", "schedule": "by schedule"}
        lines += [f'  turn_handoff -->|"{_quoted(hours[target.available])}"| t{index}(["{_quoted(target.name)}"])']
    return "\n".join(lines) + "\n"


def _turn() -> Iterator[str]:
    """The turn graph that the dialogue runs, as it is compiled."""
    drawn = build_turn_graph().get_graph()
    for name in drawn.nodes:
        shape = f'(["{name.strip("_")}"])' if name.startswith("__") else f'["{name}"]'
        yield f"  {_id(name)}{shape}"
    for edge in drawn.edges:
        yield f"  {_id(edge.source)} {'-.->' if edge.conditional else '-->'} {_id(edge.target)}"


def _id(name: str) -> str:
    return f"turn_{name.strip('_')}"


def _built_in(key: str, flow: Flow) -> Iterator[str]:
    yield f'  subgraph {key}["{_quoted(spoken_name(flow.value))}"]'
    slots = SLOTS.get(flow, ())
    for slot in slots:
        yield f'    {key}_{slot.value}["{_quoted(spoken_name(slot.value))}"]'
    for before, after in pairwise(slots):
        yield f"    {key}_{before.value} --> {key}_{after.value}"
    yield "  end"
    yield f"  turn_flow --> {key}"


def _own(key: str, flow: FlowDefinition) -> Iterator[str]:
    yield f'  subgraph {key}["{_quoted(spoken_name(flow.name))}"]'
    names = []
    for index, slot in enumerate(flow.slots):
        optional = "" if slot.required else ", optional"
        names.append(f"{key}_s{index}")
        yield f'    {names[-1]}["{_quoted(spoken_name(slot.name))}<br/>{slot.type.value}{optional}"]'
    if flow.confirmation:
        names.append(f"{key}_confirm")
        yield f'    {names[-1]}{{"confirm"}}'
    for index, step in enumerate(flow.at_end):
        names.append(f"{key}_e{index}")
        yield f'    {names[-1]}[["{_quoted(_step(step))}"]]'
    for before, after in pairwise(names):
        yield f"    {before} --> {after}"
    yield "  end"
    yield f"  turn_flow --> {key}"


def _step(step: EndStep) -> str:
    about = step.kind or step.tool or step.target
    return spoken_name(step.do.value) + (f": {spoken_name(about)}" if about else "")


def _intent(key: str, intent: IntentDefinition, agent: Agent) -> Iterator[str]:
    yield f'  {key}>"{_quoted(spoken_name(intent.name))}"]'
    yield f"  turn_understand -.-> {key}"
    own = [flow.name for flow in agent.definition.flows]
    if intent.flow in own:
        yield f"  {key} -.-> f{own.index(intent.flow)}"
    elif intent.say:
        yield f"  {key} -.-> turn_small_talk"
    elif intent.target or intent.flow == "handoff":
        yield f"  {key} -.-> turn_handoff"
    else:
        yield f"  {key} -.-> turn_flow"


def _quoted(text: str) -> str:
    """Text within a quoted label: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters."""
    return "".join(f"#{ord(c)};" if c in '"#;<>&`{}[]()|\\' else c for c in text).replace("\n", " ")
