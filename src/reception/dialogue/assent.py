"""What a yes beside other words is worth, where it would book, move, cancel or hand on."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    Goodbye,
    Later,
    NotUnderstood,
    RejectedField,
    RejectedSlot,
    RequestHuman,
    SetField,
    SetSlot,
    SlotName,
    SmallTalk,
    StartFlow,
    TimeOfDay,
)
from reception.dialogue.flows.answers import YES_OR_NO
from reception.dialogue.flows.booking import QUERY_SLOTS
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.understanding.answers import leading_yes, says_yes
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.ports.booking import Reservation

_WAITS = re.compile(
    r"\b(?:hold|hang) on\b|\bbear with me\b|\b(?:one|a|just a) (?:second|sec|moment|minute)\b(?! (?:table|room))|"
    r"\blet (?:me|us) (?:just )?(?:check|think|see|ask|look|talk|speak)\b|"
    r"\b(?:i|we) (?:will |would |need to |have to |should |must |want to )+(?:just )?(?:check|think|ask) "
    r"(?:with|about|my|first|it)\b"
)
_DOUBTS = re.compile(
    r"\b(?:i am|we are) not (?:so |quite |really |too |entirely )*(?:sure|certain)\b|\bnot sure\b(?! why)|"
    r"^(?:\w+ )?(?:yes (?:and|or|but) no|no (?:and|or|but) yes)$|"
    r"\bi do not know\b|\b(?:changed|changing) my mind\b|\bon second thoughts?\b"
)
_OBJECTS = re.compile(
    r"\b(?:that|it|this|something|one thing|the \w+) (?:is|was|sounds|looks) (?:\w+ )?(?:wrong|incorrect|not "
    r"right|not correct)\b|"
    r"^(?:\w+ ){1,4}(?:except|apart from|other than|all but)\b|\bbut not\b|(?<!what )\b(?:i|we) meant\b|"
    r"\bthe other one\b|\bdo not (?:book|cancel|change|move|do|send|confirm)\b"
)
_NOTHING_MORE = re.compile(
    r"\b(?:no (?:special |other |more |further )*(?:requests?|allergies|changes?|questions?|preferences?)|nothing "
    r"(?:else|special|more|to change)|no (?:problem|worries|need)|no thank you|no thanks)\b"
)
_OF_TERMS = re.compile(
    r"\b(?:how much|costs?|pric\w+|fees?|charge[ds]?|deposits?|pre-?pay\w*|pay\w*|refund\w*|cancel\w*|total|rates?|"
    r"altogether|expensive|penalt\w+|no[- ]show|terms|conditions|credit card)\b",
    re.IGNORECASE,
)
"""Asks on what terms the booking is: what must be known before it is agreed to."""
_NO = re.compile(r"\b(?:no|nope|nah|not|never|wrong)\b")
_ONE_MORE = re.compile(
    r"\b(?:also|as well|too)\b.*\b(?:book|reserve|table|room|booking|reservation|appointment)\b|"
    r"\b(?:another|a second|one more) (?:table|room|booking|reservation|appointment)\b"
)
_TAKES_UP = re.compile(
    r"\b(?:book|reserve|keep|take) (?:it|that|them|the (?:table|room|appointment|viewing))\b(?! (?:off|back|away|to))|"
    r"\b(?:i|we) (?:do|still|still do) want (?:it|that|the \w+)\b|\bgo ahead\b|"
    r"\bafter all\b|\bchanged my mind\b|\bundo\b|\bun-?cancel\b|\breinstate\b|\brestore\b|"
    r"\b(?:put|bring|get) (?:it|that|my \w+) back\b|\bwant (?:it|that|my \w+) back\b|"
    r"\b(?:did not|never) (?:mean|want)(?: you)? to (?:cancel|do that)\b|\bmistake\b"
)
"""Said right after giving it up, or having it cancelled: it is to be booked all the same."""
_MOVES_BACK = re.compile(
    r"\bundo\b|\b(?:move|change|put|switch|swap|set) (?:it|that|them|the \w+) back\b|"
    r"\bback to (?:what|how|the way) it was\b|"
    r"\b(?:leave|keep) (?:it|that) (?:as|how|the way) it was\b|\b(?:i|we) changed (?:my|our) minds?\b"
)
_AFTERWARDS = re.compile(
    r"^(?:yes |please |okay )*(?:and|then|plus|also) (?:also )?(?:a|an|the|my|another|one) .*"
    r"\b(?:after (?:that|this|it)|afterwards|as well|too)$"
)
"""One thing after the other: a wish of its own, not another value for the first."""
_BESIDES = re.compile(r"\b(?:and|also|plus|then|afterwards|as well|too)\b")
_JOINTS = re.compile(
    r"^(?:[\W_]*\b(?:yes|yeah|yep|yup|sure|please|correct|perfect|okay|ok|great|that['’]s right|book it|go ahead|"
    r"and|then|also)\b)+[\W_]*",
    re.IGNORECASE,
)
_OF_A_BOOKING = frozenset({Flow.CANCEL_RESERVATION, Flow.CHANGE_RESERVATION})
_COMMITS = frozenset(
    {
        Question.READ_BACK,
        Question.CONFIRM_CHANGE,
        Question.CONFIRM_CANCEL,
        Question.CONFIRM_LEAD,
        Question.CONFIRM_WAITLIST,
        Question.CONFIRM_LEAVE_WAITLIST,
        Question.TAKE_OFFER,
    }
)
COMMITTING = _COMMITS | {Question.CUSTOM_CONFIRM, Question.WHICH_RESERVATION}
"""Questions whose yes does what cannot be taken for undone, or says which booking it is to be done to."""
_VALUES = (SetSlot, CorrectSlot, RejectedSlot, SetField, RejectedField, ChooseOption, CancelFlow, StartFlow, Later)


def weighed(state: DialogueState, commands: Sequence[Command], text: str, *, heard: bool = True) -> tuple[Command, ...]:
    """`commands` without a yes that is none: a polite word before a question, one that is taken back in the same
    breath, a hesitation, one to a question that was not `heard`. What is wanted besides a clear yes is put off until
    the yes is done."""
    meant = _meant(state, tuple(commands), text)
    return meant if heard else _too_early(state, meant)


def _too_early(state: DialogueState, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Without an answer to the pending question, where it would do something: it has not been heard."""
    void: tuple[type, ...] = (Confirm, Deny) if state.question is Question.TAKE_OFFER else (Confirm,)
    answers = any(isinstance(command, void) or _agrees(command) for command in commands)
    if state.question not in COMMITTING or not answers:
        return commands
    rest = tuple(one for one in commands if not isinstance(one, (*void, SmallTalk, Goodbye)))
    return rest or (SmallTalk("early"),)


def _meant(state: DialogueState, commands: tuple[Command, ...], text: str) -> tuple[Command, ...]:
    if state.given_up is not None and state.flow is None and _is_taken_up(commands, words_of(tokenize(text))):
        return (StartFlow(Flow.NEW_RESERVATION),)
    if state.flow is None and _is_moved_back(state, commands, words_of(tokenize(text))):
        return _as_it_was(state.moved_from)
    if state.question not in YES_OR_NO:
        return commands
    words = words_of(tokenize(text))
    if _asks_besides(state, commands, words):
        return (Confirm(), Later(_JOINTS.sub("", text).strip() or text))
    if state.question is Question.READ_BACK and _AFTERWARDS.search(words) and any(map(_is_of_a_query, commands)):
        return (Later(_JOINTS.sub("", text).strip() or text),)
    if not any(map(_agrees, commands)):
        return commands
    says_more = any(isinstance(command, _VALUES) for command in commands)
    if _WAITS.search(words) and not says_more:
        return _hesitating(commands)
    if _OBJECTS.search(words) and not says_more:
        return (*_without_answers(commands), Deny())
    if _DOUBTS.search(words):
        return _without_answers(commands) or (NotUnderstood("unclear"),)
    if any(isinstance(command, Deny) for command in commands):
        return _both(commands, words)
    asked = [command.question for command in commands if isinstance(command, AskKnowledge)]
    if state.question in _COMMITS and any(map(_OF_TERMS.search, asked)):
        return _without_answers(commands)
    asks = bool(asked)
    return _without_answers(commands) if asks and not says_yes(words) else commands


def _is_moved_back(state: DialogueState, commands: Sequence[Command], words: str) -> bool:
    """Whether the booking that was just changed is to be as it was again."""
    was, now = state.moved_from, state.booked
    if was is None or now is None or was.reservation_id != now.reservation_id or not _MOVES_BACK.search(words):
        return False
    return not any(isinstance(one, _VALUES) and not isinstance(one, StartFlow | CancelFlow) for one in commands)


def _as_it_was(was: Reservation | None) -> tuple[Command, ...]:
    if was is None:
        return ()
    nights = (was.ends_at.date() - was.starts_at.date()).days
    wanted: list[Command] = [
        StartFlow(Flow.CHANGE_RESERVATION),
        SetSlot(SlotName.DATE, was.starts_at.date()),
        SetSlot(SlotName.TIME, TimeOfDay(was.starts_at.time())),
        SetSlot(SlotName.PARTY_SIZE, was.party_size),
    ]
    wanted += [SetSlot(SlotName.NIGHTS, nights)] if nights > 0 else []
    wanted += [SetSlot(SlotName.PLACE, was.place)] if was.place else []
    return tuple(wanted)


def _is_taken_up(commands: Sequence[Command], words: str) -> bool:
    """Whether what was just given up is to be booked after all, as it was."""
    other = any(isinstance(command, _VALUES) and not isinstance(command, StartFlow) for command in commands)
    return not other and _TAKES_UP.search(words) is not None and _OBJECTS.search(words) is None


def _agrees(command: Command) -> bool:
    return isinstance(command, Confirm) or command == SmallTalk("acknowledge")


def _is_of_a_query(command: Command) -> bool:
    return isinstance(command, SetSlot | CorrectSlot) and command.slot in QUERY_SLOTS


def _without_answers(commands: Sequence[Command]) -> tuple[Command, ...]:
    return tuple(command for command in commands if not (_agrees(command) or isinstance(command, Deny)))


def _hesitating(commands: Sequence[Command]) -> tuple[Command, ...]:
    rest = _without_answers(commands)
    return rest if any(isinstance(command, AskKnowledge) for command in rest) else (SmallTalk("wait"),)


def _both(commands: tuple[Command, ...], words: str) -> tuple[Command, ...]:
    """Yes and no in one breath: neither holds, unless the no is to something else. A correction stays."""
    if not _NO.search(_NOTHING_MORE.sub("", words)):
        return tuple(command for command in commands if not isinstance(command, Deny))
    return _without_answers(commands) or (NotUnderstood("unclear"),)


def _asks_besides(state: DialogueState, commands: Sequence[Command], words: str) -> bool:
    """Whether something else is wanted along with a clear yes to what is about to be done."""
    if state.question not in _COMMITS or not leading_yes(words) or not says_yes(words):
        return False
    if _OBJECTS.search(words) or _NO.search(words) or _WAITS.search(words):
        return False
    if state.flow is Flow.NEW_RESERVATION and _ONE_MORE.search(words) and any(map(_is_of_a_query, commands)):
        return True
    for command in commands:
        if isinstance(command, RequestHuman):
            return True
        if isinstance(command, StartFlow) and command.flow is not state.flow:
            return command.flow not in _OF_A_BOOKING or _BESIDES.search(words) is not None
    return False
