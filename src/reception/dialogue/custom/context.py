"""What understanding must know of an agent's own flows, and of the one in progress."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from reception.dialogue.commands import Flow
from reception.dialogue.kinds.registry import flows_of
from reception.dialogue.state import DialogueState, Question
from reception.ports.business import Agent
from reception.ports.definition import AgentDefinition, FlowDefinition, SlotDefinition


@dataclass(frozen=True, slots=True)
class CustomContext:
    """`allowed` are the product's flows that the agent has. `asked` is the slot in question where `stage` is `slot`;
    `open_slots` are those of `flow` that are not known yet."""

    agent_id: UUID
    version: int
    definition: AgentDefinition
    allowed: frozenset[Flow]
    stage: Literal["idle", "slot", "confirm", "built_in"] = "idle"
    flow: FlowDefinition | None = None
    asked: SlotDefinition | None = None
    open_slots: tuple[SlotDefinition, ...] = ()


def custom_context(agent: Agent, state: DialogueState) -> CustomContext:
    """For a turn that is taken from `state`."""
    definition = agent.definition
    base = CustomContext(agent.agent_id, agent.version, definition, flows_of(agent))
    progress = state.custom
    if state.flow is None:
        return base
    flow = definition.flow(progress.flow) if progress is not None and state.flow is Flow.CUSTOM else None
    if flow is None or progress is None:
        return CustomContext(base.agent_id, base.version, definition, base.allowed, "built_in")
    open_slots = tuple(slot for slot in flow.slots if slot.name not in progress.values)
    asked = next((slot for slot in flow.slots if slot.name == progress.asked), None)
    stage: Literal["slot", "confirm"] = "slot"
    if state.question in {Question.CUSTOM_CONFIRM, Question.WHAT_TO_CHANGE, Question.OFFER_MESSAGE} or asked is None:
        stage, asked = "confirm", None
    return CustomContext(base.agent_id, base.version, definition, base.allowed, stage, flow, asked, open_slots)
