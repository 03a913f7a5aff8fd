"""What one clause wants: rules, in an order of precedence, with what its values and its context say of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.commands import Flow, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding import booking_rules, rules
from reception.dialogue.understanding.answers import is_merely_polite, is_no, is_yes, leading_no, leading_yes
from reception.dialogue.understanding.clauses import Clause
from reception.dialogue.understanding.corrections import MORE_PERSON
from reception.dialogue.understanding.existing import EXISTING
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.replaced import REPLACES
from reception.dialogue.understanding.rules import Intent
from reception.dialogue.understanding.special_wishes import NOTES, WISHED
from reception.ports.business import Bookable, BusinessKind
from reception.ports.expectation import Expects

_BOOKED = frozenset({SlotName.PARTY_SIZE, SlotName.DATE, SlotName.TIME, SlotName.NIGHTS})
_ANSWERABLE = frozenset({Expects.YES_NO, Expects.CHOICE})
_ENDS_AVAILABLE = re.compile(
    r"\b(?:tables?|rooms?|availability|space|free|available|left|viewings?|slots?|openings?|appointments?)$|"
    r"^when is it possible$"
)
_NEVER_SLOT_QUESTION = re.compile(
    r"\b(?:open|close|closed|serve|hours|cost|price|much|parking|charge|closing|opening)\b"
)
_SERVICE_WISH = re.compile(
    r"^(?:(?:hi|hello|hey|yes|so|and|also|please|okay|good|morning|afternoon) )*(?:i|we|my \w+) "
    r"(?:would|need|needs|want|wants|am|are|was|have to)\b|"
    r"\b(?:can|could|may) (?:i|we|you)\b(?: \w+){0,3} (?:get|have|book|come|make|schedule|fit|do|squeeze|see)\b|"
    r"\b(?:can|could|would|will) \w+ (?:please )?(?:do|cut|fit|see|give|take care of) (?:my|me|us|our|a|an|the)\b|"
    r"\b(?:book|schedule|arrange)\b"
)
"""What wishes for a service that is named, rather than asking about it."""
_OF_THEIRS = re.compile(
    r"\b(?:(?P<cancel>cancel)|move|change|reschedule|switch|push|bring forward|postpone) (?:my|our|the) \w"
)
"""Of an appointment that is called by what it is for."""
_ASKS_OF_CANCELLING = re.compile(
    r"\b(?:can|could|may|am|are) (?:i|we) (?:\w+ )?(?:cancel|able to cancel)(?: \w+)? (?:for free|free|later|any ?time|"
    r"if|up to|until|without|last minute|within|when|still|on the day|the day before|at no)\b|"
    r"\b(?:if|when) (?:i|we) (?:\w+ ){0,3}cancel|\b(?:until when|how (?:late|long|far|soon)|by when|how do)\b.*"
    r"\bcancel|"
    r"\bcancell?ation (?:fee|charge|policy|terms|costs?|period)\b|\b(?:charge|fee|cost)\b.*\bcancel"
)
"""Asks on what terms one may cancel, and cancels nothing."""
_LATE_CHECK = re.compile(r"\bcheck ?(?:out|in)?\b|\blate(?:r)? (?:table|booking|seating)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """The intents of one clause in spoken order; `values` says that its slot values count."""

    intents: tuple[Intent, ...]
    values: bool = True


def read_clause(clause: Clause, found: Sequence[Found], context: UnderstandingContext) -> Reading:
    """The intents of `clause`, which holds the values `found`."""
    words = clause.words
    whole = _whole_answer(words, found, context)
    if whole is not None:
        return Reading((whole,))
    lead, rest = _leading_answer(words, context)
    inner = _read_rest(rest, clause, found, context)
    return Reading((*lead, *inner.intents), inner.values)


def _whole_answer(words: str, found: Sequence[Found], context: UnderstandingContext) -> Intent | None:
    """The answer that is all of the clause, if it is nothing but one."""
    if any(one.slot in {SlotName.NAME, SlotName.DATE, SlotName.TIME, SlotName.PHONE} for one in found):
        return None
    asked = context.expectation.expects in _ANSWERABLE
    if (
        asked
        and context.flow is not None
        and re.fullmatch(r"(?:yes )?that is (?:it|all|everything|right)(?: thanks| thank you)?", words)
    ):
        return Intent.CONFIRM
    if rules.THANKS.match(words) and not (asked and is_yes(words)):
        return Intent.THANKS
    if not asked and is_merely_polite(words):
        return Intent.ACKNOWLEDGE
    if rules.GOODBYE.search(words) and not asked:
        return None
    cancels = re.search(r"\bcancel\b", words)
    if cancels and not (asked and context.flow is Flow.CANCEL_RESERVATION):
        return None
    if is_yes(words):
        return Intent.CONFIRM
    return Intent.DENY if is_no(words) else None


def _leading_answer(words: str, context: UnderstandingContext) -> tuple[tuple[Intent, ...], str]:
    parts = words.split()
    said_no = leading_no(words)
    if said_no:
        return (Intent.DENY,), " ".join(parts[said_no:])
    said_yes = leading_yes(words)
    if said_yes and (context.expectation.expects in _ANSWERABLE or parts[0] in {"yes", "yeah", "yep", "yup"}):
        return (Intent.CONFIRM,), " ".join(parts[said_yes:])
    return (), words


_ASKS_WHO = re.compile(
    r"(?:and |so |but )*who(?: else)? (?:is|are|was|will be|has|have|had) (?:\w+ )?"
    r"(?:viewing|seeing|booked|got|coming|staying|in|at|on)\b"
)
"""Of others, and nothing that is wanted: "who is viewing it tomorrow"."""
_NO_CLAUSE = frozenset(
    ["is", "are", "was", "were", "am", "do", "does", "did", "can", "could", "will", "would", "has", "have", "had"]
)
"""The end of a statement: "one of them is, the other eats fish"."""
_FIRST_RULES: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (Intent.LISTEN, rules.LISTEN),
    (Intent.ARE_YOU_HUMAN, rules.ARE_YOU_HUMAN),
    (Intent.HOW_ARE_YOU, rules.HOW_ARE_YOU),
    (Intent.REPEAT, rules.REPEAT),
)
_LATER_RULES: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (Intent.CANCEL_FLOW, rules.CANCEL_FLOW),
    (Intent.GREETING, rules.GREETING),
    (Intent.WAIT, rules.WAIT),
    (Intent.GOODBYE, rules.GOODBYE),
    (Intent.THANKS, rules.THANKS),
    (Intent.ACKNOWLEDGE, rules.ACKNOWLEDGE),
)


def _read_rest(words: str, clause: Clause, found: Sequence[Found], context: UnderstandingContext) -> Reading:
    if not words:
        return Reading(())
    if re.search(r"\b(?:are you|anyone|anybody|is anyone|is anybody) (?:still )?there\b$", words):
        return Reading((Intent.GREETING,), values=False)
    for intent, pattern in _FIRST_RULES:
        if pattern.search(words):
            return Reading((intent,), values=False)
    if rules.HUMAN.search(words) and not rules.NOT_HUMAN.search(words):
        return Reading((Intent.HUMAN,), values=False)
    if rules.ABUSE.search(words):
        return Reading((Intent.ABUSE,))
    for intent, pattern in _LATER_RULES:
        if pattern.search(words):
            return Reading((intent,), values=intent not in {Intent.GOODBYE, Intent.GREETING})
    flow = None if _ASKS_WHO.match(words) else _read_flow(words, clause, found, context)
    if flow is not None:
        return Reading((flow,))
    if words not in _NO_CLAUSE and is_question(words, clause, found, context):
        return Reading((Intent.QUESTION,), values=False)
    return Reading(())


def _read_flow(words: str, clause: Clause, found: Sequence[Found], context: UnderstandingContext) -> Intent | None:
    own = _read_own(words, context) or _of_their_service(words, found, context)
    if own is not None or _ASKS_OF_CANCELLING.search(words):
        return own
    asks = rules.QUESTION_START.match(words) is not None
    if (
        asks
        and re.match(r"(?:what|how|where|why|is there|do you|does|when|if)\b", words)
        and not _wants_booking(words, found, context)
    ):
        return None
    if _is_step(words, context):
        return None if context.flow in {Flow.NEW_RESERVATION, Flow.CHANGE_RESERVATION} else Intent.CHANGE
    if rules.CANCEL.search(words) and not re.search(
        r"\b(?:cancellation policy|not cancel|"
        r"free cancellation)\b",
        words,
    ):
        return Intent.CANCEL
    if context.flow is None and rules.NOT_COMING.search(words):
        return Intent.CANCEL
    if rules.CHANGE.search(words):
        if not _is_change_of_flow(words, found, context):
            return Intent.CHANGE
        if context.flow is Flow.CHANGE_RESERVATION:
            return None
    if rules.MESSAGE.search(words):
        return Intent.MESSAGE
    if _is_lead(words, context):
        return Intent.LEAD
    if EXISTING.search(words):
        return None
    return Intent.NEW if _wants_booking(words, found, context) else None


def _of_their_service(words: str, found: Sequence[Found], context: UnderstandingContext) -> Intent | None:
    """ "Move my haircut", "cancel my check-up"."""
    said = _OF_THEIRS.search(words) if any(one.slot is SlotName.SERVICE for one in found) else None
    if said is None or context.flow is Flow.NEW_RESERVATION:
        return None
    return Intent.CANCEL if said.group("cancel") else Intent.CHANGE


def _read_own(words: str, context: UnderstandingContext) -> Intent | None:
    """What is wanted of a reservation that there is, or of a place in line."""
    if booking_rules.LEAVES_LIST.search(words):
        return Intent.LEAVE_LIST
    dated = re.search(r"\b(?:for|on) (?:\w+day|tonight|tomorrow|the \d)", words) is not None
    if booking_rules.WAITLIST.search(words) and (
        dated or not re.match(r"(?:do|does|is|are|how|what) (?:you|there|your|the)\b", words)
    ):
        return Intent.WAITLIST
    if context.flow is Flow.NEW_RESERVATION and booking_rules.WAITLIST.search(words):
        return Intent.WAITLIST
    asks = re.match(r"(?:and |so |but )*(?:what (?:happens|if)|can i|is it|do you|how|when|if)\b", words) is not None
    if booking_rules.LATE.search(words) and not asks and not _LATE_CHECK.search(words):
        return (
            None
            if context.flow is Flow.NEW_RESERVATION and context.business.rules.bookable is Bookable.ROOM
            else Intent.LATE
        )
    if context.booked and booking_rules.LATER_STILL.search(words):
        return Intent.LATE
    making = context.flow in {Flow.NEW_RESERVATION, Flow.CHANGE_RESERVATION, Flow.WAITLIST}
    if making or rules.CANCEL.search(words) or rules.CHANGE.search(words):
        return None
    if booking_rules.CONFIRM_AGAIN.search(words):
        return Intent.CONFIRM_AGAIN
    return Intent.FIND if booking_rules.FIND.search(words) else None


def _is_step(words: str, context: UnderstandingContext) -> bool:
    """Fewer or more people than there were, or one number in place of another."""
    if context.booked and (REPLACES.search(words) or MORE_PERSON.search(words)):
        return True
    return booking_rules.FEWER_COME.search(words) is not None


def _is_change_of_flow(words: str, found: Sequence[Found], context: UnderstandingContext) -> bool:
    """Whether "change it to eight" speaks of the reservation being made."""
    if context.flow is Flow.CHANGE_RESERVATION:
        return bool(found)
    if context.flow is not Flow.NEW_RESERVATION:
        return False
    return bool(found) or not re.search(r"\b(?:my|our|existing)\b", words)


def _is_lead(words: str, context: UnderstandingContext) -> bool:
    asks = re.match(r"(?:do|does|is|are|what|how|have|where|when)\b", words) is not None
    hosts = context.business.rules.bookable in {Bookable.TABLE, Bookable.ROOM}
    if (
        not asks
        and hosts
        and rules.EVENT_LEAD.search(words)
        and re.search(
            r"\b(?:book|host|hold|plan|planning|organi[sz]e|have|arrange|organi[sz]ing|enquire|want|like|"
            r"for)\b",
            words,
        )
    ):
        return True
    return context.business.kind is BusinessKind.REAL_ESTATE and rules.LEAD.search(words) is not None


def _wants_booking(words: str, found: Sequence[Found], context: UnderstandingContext) -> bool:
    if rules.NOT_BOOKING.search(words) or re.search(r"\bstill (?:available|free|for sale|on the market)\b", words):
        return False
    slots = {one.slot for one in found}
    if _asks_for_a_place(words, slots, context):
        return True
    if SlotName.SERVICE in slots and _SERVICE_WISH.search(words):
        return True
    asks = re.match(r"(?:do|does|have|is|are|what|when|which|any|got|you|how|where|why|who)\b", words) is not None
    if rules.AVAILABILITY.search(words):
        if not slots & _BOOKED:
            return _asks_what_is_free(words, slots, context) and not _NEVER_SLOT_QUESTION.search(words)
        named = bool(slots & {SlotName.TIME, SlotName.STAFF, SlotName.SERVICE})
        bookable = named or rules.BOOKABLE.search(words) is not None
        return bookable and not _NEVER_SLOT_QUESTION.search(words)
    if context.business.rules.bookable is not Bookable.TABLE and rules.DINING.search(words):
        return re.search(r"\b(?:room|suite|stay|nights?|viewing|book|reserve|reservation)\b", words) is not None
    if context.business.kind is BusinessKind.REAL_ESTATE and rules.VIEWING.search(words):
        if rules.ASKS_ABOUT_VISITS.search(words):
            return False
        return not re.match(r"(?:what|how|where|is|do|does|are)\b", words)
    if asks and not re.match(r"(?:do you think i|is it possible|what i|when i)\b", words):
        return False
    return rules.NEW.search(words) is not None


_ASKS_FOR = re.compile(
    r"\b(?:do you (?:still )?have|have you (?:still )?got|you got|is there|are there)\b|"
    r"\b(?:(?:can|could|may) (?:i|we)|is|are|would)\b.*?\b(?:have|get|book|take|stay|free|available|open|left)\b"
)


def _asks_for_a_place(words: str, slots: set[SlotName], context: UnderstandingContext) -> bool:
    """ "Do you have a Deluxe King from Friday till Sunday?" names what can be booked, and for when; "is Saturday at
    seven still open for six?" a time and for how many."""
    if _ASKS_FOR.search(words) is None or rules.DINING.search(words):
        return False
    if context.business.rules.bookable is Bookable.ROOM:
        dated = bool(slots & {SlotName.DATE, SlotName.NIGHTS})
        return SlotName.PLACE in slots and dated and not re.search(r"\b(?:cost|price|much|charge)\b", words)
    return {SlotName.TIME, SlotName.PARTY_SIZE} <= slots and re.search(r"\b(?:open|free) for\b", words) is not None


def _asks_what_is_free(words: str, slots: set[SlotName], context: UnderstandingContext) -> bool:
    """ "Do you have any rooms", "is the Loft available"; not "do you have connecting rooms"."""
    if SlotName.PLACE in slots and context.business.rules.bookable is Bookable.ROOM:
        return _ENDS_AVAILABLE.search(words) is not None
    return rules.BARE_AVAILABILITY.search(words) is not None


def is_question(words: str, clause: Clause, found: Sequence[Found], context: UnderstandingContext) -> bool:
    """Whether the clause asks for something to be known, rather than giving a value in the form of a question."""
    if any(one.slot is SlotName.EMAIL for one in found):
        return False
    if context.flow is not None and any(one.slot is SlotName.STAFF and one.reason for one in found):
        return False
    if (context.flow is not None or context.booked) and NOTES.search(words) and WISHED.match(words):
        return False
    values = [one for one in found if not one.weak or one.slot is SlotName.PLACE]
    booked = [one for one in values if one.slot in _BOOKED]
    going_on = context.flow is not None or bool(context.offered) or context.booked
    if going_on and REPLACES.search(words):
        return False
    if going_on and booked and rules.SLOT_QUESTION.search(words) and not _NEVER_SLOT_QUESTION.search(words):
        return False
    if re.match(r"(?:and |but |so )*would (?:like|love|prefer)\b", words):
        return False
    if rules.QUESTION_START.search(words):
        return not _is_request(words, booked, going_on=going_on)
    said = any(one.slot is SlotName.NAME for one in values)
    covered = sum(one.end - one.start for one in values)
    length = clause.end - clause.start
    return clause.question and not said and not booked and covered * 2 < length and length >= 2


_WONDERS = re.compile(
    r"\bwonder(?:ing)? (?:if|whether) (?:maybe |perhaps )?(?:i|we|you) (?:could|can|might) (?:maybe |perhaps )?"
    r"(?:fit|squeeze|come|book|reserve|get|make|change|move|cancel|have a|seat)\b"
)
_REQUEST = re.compile(
    r"(?:and |but |so |okay |yes )*(?:can|could|may|would|will) (?:i|we|you)(?: please)? (?:have it|put|do|make "
    r"it|change|say|add|use|take|give you|go|write|note|name it|also put|get that|just)\b"
)


_FIRM_REQUEST = re.compile(
    r"(?:and |but |so |okay |yes )*(?:can|could|may|would|will) (?:i|we|you)(?: please)? (?:have it|make it|put|"
    r"change|"
    r"note|name it|also put|get that|write)\b"
)
"""What is a request even where nothing is being booked."""


def _is_request(words: str, booked: Sequence[Found], *, going_on: bool) -> bool:
    """ "could you put it under Ramos", "can we make it eight": not questions but for their form, while booking."""
    if booked and re.match(r"(?:and |so )*any\b", words):
        return True
    if _WONDERS.search(words):
        return True
    return (_REQUEST if going_on else _FIRM_REQUEST).match(words) is not None
