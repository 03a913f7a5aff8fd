"""A model's proposals held against the caller's words, by the parsers that read them without a model.

A model says which words mean what. What the words are worth (a date, a time, a number, a yes) is read from them here,
and a proposal whose words the caller did not say, or in which the parser finds nothing, is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetSlot,
    SlotName,
    SlotValue,
    SmallTalk,
    StartFlow,
)
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.language import cues
from reception.dialogue.language.own import BEGIN, NOTHING_OWN, SET_FIELD, Own, begin, value_of
from reception.dialogue.language.schema import FLOWS, SMALL_TALK, Proposal
from reception.dialogue.understanding.answers import is_yes, leading_yes
from reception.dialogue.understanding.choices import choose
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, quote, tokenize, words_of
from reception.dialogue.understanding.slots import gather
from reception.ports.expectation import Expectation, Expects

_ASKED = {
    SlotName.PARTY_SIZE: Expects.PARTY_SIZE, SlotName.DATE: Expects.DATE, SlotName.TIME: Expects.TIME,
    SlotName.NIGHTS: Expects.NIGHTS, SlotName.NAME: Expects.NAME, SlotName.PHONE: Expects.PHONE,
    SlotName.EMAIL: Expects.EMAIL,
}  # fmt: skip
_AS_SAID = frozenset({SlotName.NOTES, SlotName.MESSAGE})
_LONGEST_QUESTION = 300
_LONGEST_REPLY = 300


@dataclass(frozen=True, slots=True)
class _Quoted:
    """Words of the caller: the tokens `start` up to `end` of the whole utterance, and as they stand in its text."""

    start: int
    end: int
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Utterance:
    text: str
    tokens: tuple[Token, ...]
    context: UnderstandingContext
    own: Own = NOTHING_OWN

    def find(self, said: str) -> _Quoted | None:
        """Where the caller said `said`; None where they did not, or nothing."""
        wanted = [token.word for token in tokenize(said)]
        words = [token.word for token in self.tokens]
        for start in range(len(words) - len(wanted) + 1) if wanted else ():
            end = start + len(wanted)
            if words[start:end] == wanted:
                return _Quoted(start, end, quote(self.text, self.tokens, start, end), " ".join(wanted))
        return None


def recheck(
    text: str, proposals: Sequence[Proposal], context: UnderstandingContext, own: Own = NOTHING_OWN
) -> list[Command]:
    """The commands that the caller's words bear out, in the order proposed."""
    utterance = Utterance(text, tokenize(text), context, own)
    found: list[Command] = []
    for proposal in proposals:
        command = _CHECKS[proposal.command](proposal, utterance)
        if command is not None and command not in found:
            found.append(command)
    return found


def _start_flow(proposal: Proposal, utterance: Utterance) -> Command | None:
    if proposal.target not in FLOWS or utterance.find(proposal.words) is None:
        return None
    flow = Flow(proposal.target)
    cue = cues.FLOWS.get(flow)
    if cue is not None and not cue.search(words_of(utterance.tokens)):
        return None
    return StartFlow(flow) if flow is not utterance.context.flow else None


def _begin(proposal: Proposal, utterance: Utterance) -> Command | None:
    said = utterance.find(proposal.words)
    intent = next((one for one in utterance.own.intents if one.name == proposal.target), None)
    return begin(intent, said.text) if said is not None and intent is not None else None


def _set_field(proposal: Proposal, utterance: Utterance) -> Command | None:
    said, slot = utterance.find(proposal.words), utterance.own.field(proposal.target)
    if said is None or slot is None:
        return None
    value = value_of(slot, said.text)
    return _slot_value(value, said, utterance) if isinstance(value, SlotName) else value


def _set_slot(proposal: Proposal, utterance: Utterance) -> Command | None:
    said = utterance.find(proposal.words)
    if said is None or proposal.target not in set(SlotName):
        return None
    return _slot_value(SlotName(proposal.target), said, utterance)


def _slot_value(slot: SlotName, said: _Quoted, utterance: Utterance) -> Command | None:
    context = utterance.context
    if slot in _AS_SAID:
        return SetSlot(slot, said.text, said.text)
    read = _read(slot, said, utterance)
    if read is None:
        return None
    if read.reason or read.value is None:
        return RejectedSlot(slot, read.reason, said.text)
    value: SlotValue = read.value
    known = context.slots.get(slot)
    corrects = context.flow is not None and known is not None and known != value
    return CorrectSlot(slot, value, said.text) if corrects else SetSlot(slot, value, said.text)


def _read(slot: SlotName, said: _Quoted, utterance: Utterance) -> Found | None:
    """What the parsers read for `slot` where the caller said it; their neighbours help ("at 7 ... in the evening")."""
    asked = _asking(utterance.context, slot)
    around = gather(utterance.text, utterance.tokens, asked, booking=True)
    there = [one for one in around if one.slot is slot and one.start < said.end and said.start < one.end]
    if not there:
        tokens = tokenize(said.text)
        there = [one for one in gather(said.text, tokens, asked, booking=True) if one.slot is slot]
    return there[-1] if there else None


def _asking(context: UnderstandingContext, slot: SlotName) -> UnderstandingContext:
    return replace(context, expectation=Expectation(_ASKED.get(slot, Expects.ANYTHING)), offered=())


def _choose_option(proposal: Proposal, utterance: Utterance) -> Command | None:
    said = utterance.find(proposal.words)
    if said is None:
        return None
    tokens = tokenize(said.text)
    option = choose(words_of(tokens), gather(said.text, tokens, utterance.context, booking=True), utterance.context)
    return None if option is None else ChooseOption(option)


def _confirm(proposal: Proposal, utterance: Utterance) -> Command | None:
    """A yes can book: only one that is a yes by itself counts."""
    said = utterance.find(proposal.words)
    return Confirm() if said is not None and (is_yes(said.words) or leading_yes(said.words)) else None


def _goodbye(proposal: Proposal, utterance: Utterance) -> Command | None:
    """In the middle of something, only rules may end a call."""
    return _said_so(Goodbye())(proposal, utterance) if utterance.context.flow is None else None


def _ask(proposal: Proposal, utterance: Utterance) -> Command | None:
    said = utterance.find(proposal.words)
    question = proposal.text.strip() or (said.text if said else "")
    return AskKnowledge(question[:_LONGEST_QUESTION].strip(" ,.?!")) if said is not None and question else None


def _small_talk(proposal: Proposal, utterance: Utterance) -> Command | None:
    kind = proposal.target if proposal.target in SMALL_TALK else "chat"
    return SmallTalk(kind, proposal.text[:_LONGEST_REPLY].strip() if kind == "chat" else "")


def _said_so(command: Command) -> Callable[[Proposal, Utterance], Command | None]:
    """`command` where the words were said, and have a cue of what it does."""

    def check(proposal: Proposal, utterance: Utterance) -> Command | None:
        said = utterance.find(proposal.words)
        return command if said is not None and cues.COMMANDS[proposal.command].search(said.words) else None

    return check


_CHECKS: Mapping[str, Callable[[Proposal, Utterance], Command | None]] = {
    "start_flow": _start_flow,
    "set_slot": _set_slot,
    BEGIN: _begin,
    SET_FIELD: _set_field,
    "choose_option": _choose_option,
    "confirm": _confirm,
    "deny": _said_so(Deny()),
    "cancel_flow": _said_so(CancelFlow()),
    "ask_knowledge": _ask,
    "request_human": _said_so(RequestHuman()),
    "repeat": _said_so(Repeat()),
    "small_talk": _small_talk,
    "goodbye": _goodbye,
}
