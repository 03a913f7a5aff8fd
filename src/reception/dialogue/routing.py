"""Sorts what was understood into the kinds of work that a turn does, in the order in which the reply tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Goodbye,
    Later,
    NotUnderstood,
    RejectedField,
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetField,
    SetSlot,
    SmallTalk,
    StartFlow,
    Tell,
)
from reception.dialogue.flows.answers import YES_OR_NO
from reception.dialogue.flows.free_text import FREE_TEXT
from reception.dialogue.state import DialogueState, Question

_MOST_QUESTIONS = 3
_FLOW_COMMANDS = (
    StartFlow,
    SetSlot,
    CorrectSlot,
    RejectedSlot,
    SetField,
    RejectedField,
    ChooseOption,
    Confirm,
    Deny,
    CancelFlow,
    Later,
)
_IDLE = frozenset({Question.HOW_HELP, Question.ANYTHING_ELSE, Question.OFFER_MESSAGE})
_WORTH_A_WORD = frozenset({"are_you_human", "how_are_you"})


@dataclass(frozen=True, slots=True)
class Work:
    """One visit to `node` of the turn graph, for `commands`."""

    node: str
    commands: tuple[Command, ...] = ()
    reason: str = ""


def plan_work(state: DialogueState, commands: Sequence[Command]) -> tuple[Work, ...]:
    """Questions are answered first, then the flow goes on, so that the flow's own question is said last. A person is
    fetched at once, whatever else was said."""
    for command in commands:
        if isinstance(command, RequestHuman):
            return (Work("handoff", (command,), "requested"),)
        if isinstance(command, NotUnderstood) and command.reason == "abusive":
            return (Work("handoff", (command,), "abusive"),)
    leaving = any(isinstance(command, Goodbye) for command in commands)
    if state.question in FREE_TEXT and state.flow is not None and not leaving and _is_content(commands):
        return (Work("flow", tuple(commands)),)
    matter = [command for command in commands if _concerns_flow(command, state)]
    if leaving and state.question in _IDLE:
        matter = [command for command in matter if not isinstance(command, Confirm | Deny | CancelFlow)]
    questions = [command for command in commands if isinstance(command, AskKnowledge)]
    work = [Work("cache", (question,)) for question in questions[:_MOST_QUESTIONS]]
    talk = [command for command in commands if _is_talk(command, alone=not (matter or questions or leaving))]
    if talk:
        work.insert(0, Work("small_talk", tuple(talk)))
    work += [Work("small_talk", (command,)) for command in commands if isinstance(command, Tell)]
    if matter:
        work.append(Work("flow", tuple(matter)))
    if leaving:
        work.append(Work("goodbye"))
    return tuple(work) or (Work("small_talk", (NotUnderstood(),)),)


def _is_content(commands: Sequence[Command]) -> bool:
    """Whether what was said may be the free text that was asked for."""
    if any(isinstance(command, AskKnowledge) for command in commands):
        return False
    return not any(
        isinstance(command, Repeat | NotUnderstood) and getattr(command, "reason", "empty") != "unclear"
        for command in commands
    ) and not (len(commands) == 1 and isinstance(commands[0], SmallTalk))


def _concerns_flow(command: Command, state: DialogueState) -> bool:
    if isinstance(command, SmallTalk):
        return command.kind == "acknowledge" and state.question in YES_OR_NO
    return isinstance(command, _FLOW_COMMANDS)


def _is_talk(command: Command, *, alone: bool) -> bool:
    if isinstance(command, SmallTalk):
        return alone or command.kind in _WORTH_A_WORD
    return alone and isinstance(command, Repeat | NotUnderstood)
