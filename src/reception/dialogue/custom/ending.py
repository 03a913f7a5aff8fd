"""The end of an agent's own flow: its effects, and what is said once they are done."""

from collections.abc import Mapping
from dataclasses import replace

from reception.core.templates import filled_in, names_in
from reception.dialogue.custom.progress import CustomProgress
from reception.dialogue.custom.transfer import reach
from reception.dialogue.custom.wording import own_flow, spoken_values, summary_of
from reception.dialogue.replies import split_sentences
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.definition import Ending, FlowDefinition, SlotType
from reception.ports.dialogue import Act, Json, ReplyPart, Say, Transfer
from reception.ports.tools import CallTool, CreateLead, Done, Effect, Outcome

_LONGEST_SUMMARY = 1900
_DEFAULT_FAILED = "I'm sorry, our system does not answer just now."
_STORED_ANYWAY = "I have noted everything, and a colleague will get back to you."
_NOTHING_DONE = "I'm sorry, I can't get that done just now."


def end(state: DialogueState, flow: FlowDefinition, scene: TurnScene) -> Step:
    """The flow's effects; leads before tools, so that a tool that fails loses nothing."""
    progress = state.custom or CustomProgress(flow.name)
    effects = _effects(flow, progress, state, scene)
    ending = replace(state, custom=replace(progress, left=len(effects)))
    if effects:
        return Step(ending, effects=effects, answered=True)
    closed = _close(ending, flow, scene)
    return Step(closed.state, closed.parts, answered=True, asks=closed.asks)


def settle_custom(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Take one outcome in; after the last one, tell of them all."""
    progress, flow = state.custom, own_flow(state, scene)
    assert progress is not None
    assert flow is not None
    parts: tuple[ReplyPart, ...] = ()
    if isinstance(effect, CreateLead) and isinstance(outcome, Done):
        progress = replace(progress, stored=True)
        parts = (Act("handoff.requested" if effect.kind == "handoff" else "lead.created", _lead_data(effect, outcome)),)
    elif isinstance(effect, CallTool) and isinstance(outcome, Done):
        progress = replace(progress, results={**progress.results, **outcome.results})
        parts = (Act("tool.called", {"tool": effect.tool.name, "flow": effect.flow, "results": dict(outcome.results)}),)
    elif isinstance(effect, CallTool):
        progress = replace(progress, failed=progress.failed or effect.tool.name)
    progress = replace(progress, left=progress.left - 1)
    state = replace(state, custom=progress)
    if progress.left > 0:
        return Settled(state, parts)
    closed = _close(state, flow, scene)
    return replace(closed, parts=(*parts, *closed.parts))


def is_ending(state: DialogueState, effect: Effect) -> bool:
    """Whether `effect` belongs to the end of an agent's own flow."""
    return state.custom is not None and state.custom.left > 0 and isinstance(effect, CreateLead | CallTool)


def _effects(
    flow: FlowDefinition, progress: CustomProgress, state: DialogueState, scene: TurnScene
) -> tuple[Effect, ...]:
    leads: list[Effect] = []
    tools: list[Effect] = []
    values: dict[str, Json] = {slot.name: progress.values.get(slot.name) for slot in flow.slots}
    for step in flow.at_end:
        tool = scene.agent.definition.tool(step.tool)
        if step.do is Ending.CREATE_LEAD:
            summary = filled_in(step.summary, spoken_values(flow, progress, scene))
            leads.append(_lead(step.kind, summary or summary_of(flow, progress, scene), flow, progress, state))
        elif step.do is Ending.HAND_OVER:
            wish = f"Asked for a person. {summary_of(flow, progress, scene)}"
            leads.append(_lead("handoff", wish, flow, progress, state))
        elif step.do is Ending.CALL_TOOL and tool is not None:
            tools.append(CallTool(tool, flow.name, values))
    return (*leads, *tools)


def _lead(kind: str, summary: str, flow: FlowDefinition, progress: CustomProgress, state: DialogueState) -> CreateLead:
    details: dict[str, Json] = {"flow": flow.name, **progress.values}
    phone = _contact(flow, progress, SlotType.PHONE) or state.details.phone or state.caller_phone
    name = _contact(flow, progress, SlotType.NAME) or state.details.name
    return CreateLead(kind, name, phone, summary[:_LONGEST_SUMMARY], details)


def _contact(flow: FlowDefinition, progress: CustomProgress, kind: SlotType) -> str:
    found = (
        str(progress.values[slot.name]) for slot in flow.slots if slot.type is kind and slot.name in progress.values
    )
    return next(found, "")


def _close(state: DialogueState, flow: FlowDefinition, scene: TurnScene) -> Settled:
    progress = state.custom or CustomProgress(flow.name)
    said = _told(flow, progress, scene)
    if progress.failed:
        return _failed(state, progress, scene)
    leads = any(step.do in {Ending.CREATE_LEAD, Ending.HAND_OVER} for step in flow.at_end)
    if leads and not progress.stored:
        offered = replace(_left(state, keep_message=True), question=Question.OFFER_MESSAGE)
        return Settled(offered, (Say(_NOTHING_DONE),))
    over = next((step for step in flow.at_end if step.do is Ending.HAND_OVER), None)
    if over is not None:
        return _handed_over(state, scene, over.target, said)
    return Settled(_left(state), said or (Say("Thank you, that's noted."),))


def _told(flow: FlowDefinition, progress: CustomProgress, scene: TurnScene) -> tuple[Say, ...]:
    """What the owner has said at the end, but for what names a result that did not come."""
    values = spoken_values(flow, progress, scene)
    texts = [
        filled_in(step.text, values)
        for step in flow.at_end
        if step.do is Ending.SAY and all(name in values for name in names_in(step.text))
    ]
    return tuple(Say(sentence) for text in texts for sentence in split_sentences(text))


def _failed(state: DialogueState, progress: CustomProgress, scene: TurnScene) -> Settled:
    tool = scene.agent.definition.tool(progress.failed)
    parts = tuple(map(Say, split_sentences((tool.failed if tool is not None else "") or _DEFAULT_FAILED)))
    if progress.stored:
        return Settled(_left(state), (*parts, Say(_STORED_ANYWAY)))
    return Settled(replace(_left(state, keep_message=True), question=Question.OFFER_MESSAGE), parts)


def _handed_over(state: DialogueState, scene: TurnScene, target: str, said: tuple[Say, ...]) -> Settled:
    there = reach(scene, target)
    if there.phone and scene.channel == "voice":
        gone = replace(_left(state), ended=True)
        whom = there.name or "a colleague"
        return Settled(
            gone, (*said, Say(f"I'll put you through to {whom}."), Transfer(there.phone, "handoff")), asks=False
        )
    later = there.closed or "A colleague will call you back."
    return Settled(_left(state), (*said, *map(Say, split_sentences(later))))


def _left(state: DialogueState, *, keep_message: bool = False) -> DialogueState:
    left = state.without_flow()
    return replace(left, details=replace(left.details, message=state.details.message)) if keep_message else left


def _lead_data(lead: CreateLead, outcome: Done) -> Mapping[str, Json]:
    return {
        "lead_id": str(outcome.lead_id),
        "kind": lead.kind,
        "name": lead.name,
        "phone": lead.phone,
        "summary": lead.summary,
    }
