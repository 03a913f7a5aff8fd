"""From words to commands by rules alone: clauses, values, intents, and how they bear on each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetSlot,
    SlotName,
    SmallTalk,
    StartFlow,
)
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding import rules
from reception.dialogue.understanding.choices import choose
from reception.dialogue.understanding.clauses import Clause, split
from reception.dialogue.understanding.corrections import (
    as_departure,
    read_bare_correction,
    read_minutes_only,
    read_push,
    read_step,
    settle,
)
from reception.dialogue.understanding.enquiries import is_beside_enquiry, read_enquiry
from reception.dialogue.understanding.existing import speaks_of_booking
from reception.dialogue.understanding.implied import BOOKING_WORDS, begins_booking, implied_start
from reception.dialogue.understanding.intents import Reading, read_clause
from reception.dialogue.understanding.language import is_other_language, is_wish_in_other_language
from reception.dialogue.understanding.name_answers import read_name_answer
from reception.dialogue.understanding.open_values import read_declined, with_half_of_day, with_time_left_open
from reception.dialogue.understanding.parsers.found import EITHER, Found
from reception.dialogue.understanding.parsers.heard import as_asked
from reception.dialogue.understanding.parsers.no_names import NO_NAME, program_text
from reception.dialogue.understanding.parsers.normalize import Token, quote, tokenize, words_of
from reception.dialogue.understanding.putting_off import what_waits
from reception.dialogue.understanding.reduction import reduced
from reception.dialogue.understanding.replaced import with_replacement
from reception.dialogue.understanding.rules import FLOWS, Intent
from reception.dialogue.understanding.signs import read_sign
from reception.dialogue.understanding.slots import gather
from reception.dialogue.understanding.special_wishes import NOTES
from reception.dialogue.understanding.stay_spans import with_stay_steps
from reception.dialogue.understanding.wishes import LEADING_JOINTS, read_free_text, read_notes
from reception.ports.business import Bookable
from reception.ports.expectation import Expects

_SLOT_ASKED = {
    Expects.PARTY_SIZE: SlotName.PARTY_SIZE, Expects.DATE: SlotName.DATE, Expects.TIME: SlotName.TIME,
    Expects.NIGHTS: SlotName.NIGHTS, Expects.NAME: SlotName.NAME, Expects.PHONE: SlotName.PHONE,
    Expects.EMAIL: SlotName.EMAIL,
}  # fmt: skip
_SMALL_TALK = {
    Intent.LISTEN: "listen", Intent.WAIT: "wait",
    Intent.HOW_ARE_YOU: "how_are_you", Intent.ARE_YOU_HUMAN: "are_you_human",
    Intent.GREETING: "greeting", Intent.THANKS: "thanks", Intent.ACKNOWLEDGE: "acknowledge",
}  # fmt: skip
_REASON = re.compile(r"(?<=\w)[,\s]+(?:because|as my|since my|cause) .*$", re.IGNORECASE)
"""Why something is asked, which is no part of the question."""


@dataclass(slots=True)
class Utterance:
    """One utterance on its way to commands."""

    text: str
    tokens: tuple[Token, ...]
    context: UnderstandingContext
    clauses: list[Clause] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    first_said: dict[SlotName, int] = field(default_factory=dict)

    def values_in(self, clause: Clause) -> list[Found]:
        return [one for one in self.found if clause.start <= one.start < clause.end]

    def intents(self) -> list[Intent]:
        return [intent for reading in self.readings for intent in reading.intents]


def read(text: str, context: UnderstandingContext) -> list[Command]:
    """The commands in `text`; `[NotUnderstood("unclear")]` when the rules find none."""
    expects = context.expectation.expects
    tokens = as_asked(tokenize(text), expects)
    if not tokens and expects is Expects.YES_NO and (sign := read_sign(text)) is not None:
        return [sign]
    if not tokens:
        return [Repeat()] if "?" in text and any(map(str.isalpha, text)) else [NotUnderstood("empty")]
    words = [token.word for token in tokens]
    if expects not in {Expects.NAME, Expects.EMAIL} and is_other_language(words):
        return [NotUnderstood("other_language")]
    if expects is Expects.NAME and is_wish_in_other_language(words):
        return [NotUnderstood("other_language")]
    program = program_text(text, expected=expects is Expects.NAME)
    if program is not None:
        before = read(text[:program], context) if program else []
        kept = [one for one in before if not isinstance(one, NotUnderstood | Repeat)]
        return [*kept, RejectedSlot(SlotName.NAME, NO_NAME, text[program : program + 40])]
    answered = read_name_answer(text, tokens, context) if expects is Expects.NAME else None
    if answered is not None:
        return answered
    declined = read_declined(words_of(tokens), context)
    if declined is not None:
        return declined
    utterance = Utterance(text, tokens, context)
    if expects is Expects.FREE_TEXT:
        dictated = read_free_text(text, tokens, context)
        if dictated is not None:
            return dictated
    _read_clauses(utterance)
    put_off = what_waits(text, tokens, utterance.clauses, utterance.readings, utterance.found, context)
    if put_off is not None:
        return [*read(put_off.now, context), *map(Later, put_off.later)]
    _analyse(utterance)
    commands = _commands(utterance)
    if commands:
        return commands
    return [NotUnderstood("unclear")]


def _read_clauses(utterance: Utterance) -> None:
    tokens, context = utterance.tokens, utterance.context
    booking = context.flow is not None or BOOKING_WORDS.search(words_of(tokens)) is not None
    utterance.clauses = split(tokens)
    utterance.found = gather(utterance.text, tokens, context, booking=booking)
    for one in utterance.found:
        utterance.first_said.setdefault(one.slot, one.start)
    utterance.readings = [read_clause(clause, utterance.values_in(clause), context) for clause in utterance.clauses]


def _analyse(utterance: Utterance) -> None:
    """What of the values stands, by what the clauses want."""
    tokens, context = utterance.tokens, utterance.context
    asked = [
        clause for clause, reading in zip(utterance.clauses, utterance.readings, strict=True) if not reading.values
    ]
    utterance.found = [
        one for one in utterance.found if not any(clause.start <= one.start < clause.end for clause in asked)
    ]
    stays = context.business.rules.bookable is Bookable.ROOM
    flow = Flow.CHANGE_RESERVATION if Intent.CHANGE in utterance.intents() else context.flow
    utterance.found = settle(tokens, utterance.found, stays=stays, flow=flow)
    if stays and (context.flow is not None or context.booked):
        utterance.found = [as_departure(tokens, one, context.slots) for one in utterance.found]
    if not asked:
        _add_relative_values(utterance)


def _add_relative_values(utterance: Utterance) -> None:
    tokens, context = utterance.tokens, utterance.context
    slot_asked = _SLOT_ASKED.get(context.expectation.expects)
    utterance.found = with_time_left_open(tokens, utterance.found, context)
    changes = Intent.CHANGE in utterance.intents() or _speaks_of_existing(utterance, utterance.intents())
    begins = context.flow is None and begins_booking(utterance.found, utterance.intents())
    if context.flow is None and not (context.booked or changes or begins):
        return
    stays = context.business.rules.bookable is Bookable.ROOM
    ends = with_stay_steps(tokens, utterance.found, context.slots) if stays and not begins else []
    if ends:
        utterance.found = ends
        return
    step = None if begins else read_step(tokens, context.slots)
    if step is None and changes and SlotName.TIME not in context.slots:
        step = read_push(tokens)
    if step is not None and (not step.reason or changes or context.flow is Flow.CHANGE_RESERVATION):
        replaced = {step.slot, SlotName.NIGHTS} | ({SlotName.PARTY_SIZE} if step.slot is SlotName.NIGHTS else set())
        others = [one for one in utterance.found if one.slot not in replaced]
        utterance.found = [*others, step] if step.reason else [step]
        return
    known = {**context.slots, **{one.slot: one.value for one in utterance.found if one.value is not None}}
    if context.flow is None and not context.booked and not begins:
        return
    minutes = None if any(one.slot is SlotName.TIME for one in utterance.found) else read_minutes_only(tokens, known)
    if minutes is not None:
        utterance.found = sorted([*utterance.found, minutes], key=lambda one: one.start)
    swapped = with_replacement(tokens, utterance.found, context.slots)
    if swapped:
        utterance.found = swapped
        return
    claimed = frozenset(at for one in utterance.found for at in range(one.start, one.end))
    bare = read_bare_correction(tokens, claimed, known, asked=slot_asked)
    if bare is not None and not any(one.slot is bare.slot and one.end > bare.start for one in utterance.found):
        others = [one for one in utterance.found if one.slot is not bare.slot]
        utterance.found = sorted([*others, bare], key=lambda one: one.start)
    utterance.found = with_half_of_day(tokens, utterance.found, context)


def _commands(utterance: Utterance) -> list[Command]:
    """Intents and values in spoken order, without those that others make superfluous."""
    context = utterance.context
    placed: list[tuple[int, Command]] = []
    intents = utterance.intents()
    option = _chosen(utterance)
    for index, (clause, reading) in enumerate(zip(utterance.clauses, utterance.readings, strict=True)):
        for intent in reading.intents:
            placed.extend((clause.start, command) for command in _of_intent(utterance, index, intent))
    if Intent.ABUSE in intents:
        utterance.found = [one for one in utterance.found if one.slot is not SlotName.NAME]
    if Intent.FIND in intents:
        utterance.found = [one for one in utterance.found if one.reason != EITHER]
    denied_at = _denied_at(utterance)
    if option is not None:
        placed.append((0, ChooseOption(option)))
    else:
        placed.extend((one.start, _of_value(utterance, one, denied_at)) for one in utterance.found)
    placed.extend(_notes(utterance))
    if _speaks_of_existing(utterance, intents):
        placed = [entry for entry in placed if not isinstance(entry[1], AskKnowledge)]
        placed.append((0, StartFlow(Flow.CHANGE_RESERVATION)))
    placed.extend(read_enquiry(utterance.text, utterance.tokens, context, intents))
    if Intent.LEAD in intents:
        placed = [entry for entry in placed if not is_beside_enquiry(entry[1], utterance.tokens, context)]
    if {Intent.FIND, Intent.WAITLIST} & set(intents):
        placed = [entry for entry in placed if not isinstance(entry[1], AskKnowledge)]
    if {Intent.CHANGE, Intent.CANCEL} & set(intents):
        placed = [entry for entry in placed if entry[1] != StartFlow(Flow.NEW_RESERVATION)]
    placed.sort(key=lambda entry: (entry[0], isinstance(entry[1], SetSlot | CorrectSlot | RejectedSlot)))
    commands = _unique([command for _, command in placed])
    commands = implied_start(utterance.tokens, context, commands)
    return reduced(commands, context, {token.word for token in utterance.tokens})


def _speaks_of_existing(utterance: Utterance, intents: Sequence[Intent]) -> bool:
    """ "I have a reservation tomorrow", said to begin with and without a question: there is something to change."""
    wants = set(intents) & {*FLOWS, Intent.HUMAN}
    if utterance.context.flow is not None or wants:
        return False
    asked = [
        clause.words
        for clause, reading in zip(utterance.clauses, utterance.readings, strict=True)
        if Intent.QUESTION in reading.intents
    ]
    return speaks_of_booking([clause.words for clause in utterance.clauses], asked)


def _of_intent(utterance: Utterance, index: int, intent: Intent) -> list[Command]:
    context = utterance.context
    if intent in FLOWS:
        return _started(utterance, index, FLOWS[intent])
    if intent in _SMALL_TALK:
        return [SmallTalk(_SMALL_TALK[intent])]
    if intent is Intent.QUESTION:
        return [AskKnowledge(_question(utterance, index))]
    if (
        intent is Intent.GOODBYE
        and context.flow is not None
        and not rules.STRONG_GOODBYE.search(utterance.clauses[index].words)
    ):
        if Intent.DENY in utterance.intents() or context.expectation.expects in {Expects.FREE_TEXT, Expects.YES_NO}:
            return [Deny()]
        return [Goodbye()]
    simple: dict[Intent, Command] = {
        Intent.HUMAN: RequestHuman(), Intent.REPEAT: Repeat(), Intent.GOODBYE: Goodbye(), Intent.CONFIRM: Confirm(),
        Intent.DENY: Deny(), Intent.ABUSE: NotUnderstood("abusive"), Intent.CANCEL_FLOW: CancelFlow(),
    }  # fmt: skip
    return [simple[intent]]


def _started(utterance: Utterance, index: int, flow: Flow) -> list[Command]:
    words = utterance.clauses[index].words
    running = utterance.context.flow
    if flow is Flow.CANCEL_RESERVATION and running not in {None, Flow.CANCEL_RESERVATION, Flow.CHANGE_RESERVATION}:
        spoken_of = re.search(r"\b(?:my|our|existing|a|reservation|booking|viewing|appointment)\b", words)
        if spoken_of is None:
            return [CancelFlow()]
    return [StartFlow(flow)]


def _question(utterance: Utterance, index: int) -> str:
    """The question in the caller's words, with the clauses before it that belong to it."""
    clauses, readings = utterance.clauses, utterance.readings
    start = clauses[index].start
    before = index - 1
    while (
        before >= 0
        and clauses[before].sentence == clauses[index].sentence
        and not readings[before].intents
        and not utterance.values_in(clauses[before])
        and not NOTES.search(clauses[before].words)
    ):
        start = clauses[before].start
        before -= 1
    end = clauses[index].end
    after = index + 1
    while (
        after < len(clauses)
        and clauses[after].sentence == clauses[index].sentence
        and not readings[after].intents
        and not utterance.values_in(clauses[after])
    ):
        end = clauses[after].end
        after += 1
    said = quote(utterance.text, utterance.tokens, start, end)
    said = _REASON.sub("", said)
    return LEADING_JOINTS.sub("", said).strip(" ,.?!") or said


def _chosen(utterance: Utterance) -> int | None:
    intents = utterance.intents()
    if Intent.QUESTION in intents or Intent.CANCEL in intents or Intent.CHANGE in intents:
        return None
    context = utterance.context
    words = " ".join(
        clause.words
        for clause, reading in zip(utterance.clauses, utterance.readings, strict=True)
        if reading.values and Intent.DENY not in reading.intents
    )
    option = choose(words, utterance.found, context)
    if option is not None:
        return option
    single = len(context.offered) == 1 and context.expectation.expects is Expects.CHOICE
    return 0 if single and Intent.CONFIRM in intents and not utterance.found else None


def _denied_at(utterance: Utterance) -> int:
    """Where the caller first says no; past the end when nowhere."""
    for clause, reading in zip(utterance.clauses, utterance.readings, strict=True):
        if Intent.DENY in reading.intents:
            return clause.start
    return len(utterance.tokens)


def _of_value(utterance: Utterance, one: Found, denied_at: int) -> Command:
    """A no before the first mention takes back what was known; one between two mentions only the earlier of them."""
    context = utterance.context
    denied = denied_at <= utterance.first_said.get(one.slot, one.start)
    raw = one.raw or quote(utterance.text, utterance.tokens, one.start, one.end)
    if one.reason or one.value is None:
        return RejectedSlot(one.slot, one.reason, raw)
    known = context.slots.get(one.slot)
    if known is None and denied_at > 0 and _SLOT_ASKED.get(context.expectation.expects) is one.slot:
        denied = False
    corrects = context.flow is not None and (denied or (known is not None and known != one.value))
    if corrects and denied and known is None and _SLOT_ASKED.get(context.expectation.expects) is not one.slot:
        corrects = context.expectation.expects is not Expects.FREE_TEXT
    return CorrectSlot(one.slot, one.value, raw) if corrects else SetSlot(one.slot, one.value, raw)


def _notes(utterance: Utterance) -> list[tuple[int, Command]]:
    context = utterance.context
    intents = utterance.intents()
    booking = {Intent.NEW, Intent.CHANGE} & set(intents) or _speaks_of_existing(utterance, intents)
    going_on = context.flow in {Flow.NEW_RESERVATION, Flow.CHANGE_RESERVATION}
    begins = any(one.slot in {SlotName.PARTY_SIZE, SlotName.NIGHTS, SlotName.SERVICE} for one in utterance.found)
    if not (going_on or booking or begins or context.booked) or context.expectation.expects is Expects.EMAIL:
        return []
    named = [one.start for one in utterance.found if one.slot is SlotName.NAME]
    told = [
        clause
        for clause, reading in zip(utterance.clauses, utterance.readings, strict=True)
        if reading.values and not any(clause.start <= at < clause.end for at in named)
    ]
    return read_notes(utterance.text, utterance.tokens, told, context.business.places)


def _unique(commands: Sequence[Command]) -> list[Command]:
    return list(dict.fromkeys(commands))
