"""What is asked for and not given: refused, forgotten, left to us, or given by the part of the day alone."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import Command, Flow, RejectedSlot, SlotName, TimeOfDay
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding import rules
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, words_of
from reception.dialogue.understanding.parsers.times import day_part
from reception.ports.business import Bookable
from reception.ports.expectation import Expects

_LONGEST_DECLINED = 12
_COUNTED = {Expects.PARTY_SIZE: SlotName.PARTY_SIZE, Expects.NIGHTS: SlotName.NIGHTS}
_UNSURE = re.compile(r"\b(?:not (?:\w+ )?sure|do not (?:\w+ )?know|no idea|hard to say|depends|can not say)\b")
_NUMBER = r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
_BOUNDED = re.compile(
    r"\b(?:between|before|after|past|from|by)\b.* "
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon)\b"
)
""" "Any time between six and eight" names times."""
_BEFORE_LEFT = r"(?:(?:oh|um|well|just|at|maybe|honestly|really|i am|we are|we|i|it|is|yes|okay|so|on|the|for|me|us) )*"
_LEFT = (
    r"any ?(?:time|day|date)|any|whenever|whatever|flexible|easy|no preference|(?:do|does) not (?:mind|matter|care)|"
    r"you (?:choose|pick|decide)|up to you|anything|as (?:soon|early) as possible"
)
_NEXT_ONE = r"(?:first|soonest|earliest|next) (?:available|possible|one|you have)"
_AFTER_LEFT = (
    r"(?: (?:you|have|like|got|is|are|fine|good|okay|works|suits|best|that|it|for|me|us|really|please|available|free|"
    r"then|at all|with|possible|can|do|would|will))*"
)
_LEFT_OF_OFFERED = re.compile(f"{_BEFORE_LEFT}(?:{_LEFT}){_AFTER_LEFT}")
_LEFT_TO_US = re.compile(f"{_BEFORE_LEFT}(?:{_LEFT}|{_NEXT_ONE}){_AFTER_LEFT}")
"""A day or a time left to us, with nothing else said; of what was offered the first one is a choice."""
_OTHERS = re.compile(
    r"\b(?:what|which|any|are there|got|have) (?:\w+ )?other (?:times?|slots?|openings?|options?|appointments?)\b|"
    r"^(?:(?:do you have|have you got|is there|got|no|and|or|please|well) )*(?:anything|something|any times?) else"
    r"(?: (?:free|available|open|on|that|day|then|please))*$"
)
"""Asks for others than those that were offered."""
_CALLING_FROM = re.compile(
    r"\b(?:calling|phoning|ringing) (?:you )?(?:from|on)\b|\b(?:this|same) number\b|\bcaller id\b"
)


def read_declined(words: str, context: UnderstandingContext) -> list[Command] | None:
    """A value that was asked for and is left to us, forgotten or refused."""
    expects = context.expectation.expects
    count = words.count(" ") + 1
    open_time = expects is Expects.TIME and SlotName.TIME not in context.slots and not re.search(r"\d", words)
    if (
        open_time
        and count <= _LONGEST_DECLINED
        and not _BOUNDED.search(words)
        and (left := rules.ANY_TIME.fullmatch(words))
    ):
        named = [name for name in ("early", "late", "earliest", "latest") if left.group(name)]
        return [RejectedSlot(SlotName.TIME, "any", left.group("part") or "".join(named).removesuffix("est") or "any")]
    if expects is Expects.CHOICE and context.offered and _OTHERS.search(words):
        return [RejectedSlot(SlotName.TIME, "other", words)]
    if _may_leave_open(context) and count <= _LONGEST_DECLINED and _is_left_to_us(words, expects):
        return [RejectedSlot(SlotName.TIME, "any", "any")]
    wrong = rules.WRONG.fullmatch(words) if expects in {Expects.YES_NO, Expects.ANYTHING} else None
    if wrong is not None and context.flow in {
        Flow.NEW_RESERVATION,
        Flow.CHANGE_RESERVATION,
        Flow.LEAVE_MESSAGE,
        Flow.LEAD,
    }:
        return [RejectedSlot(SlotName(wrong.lastgroup or "name"), "wrong", words)]
    if expects in _COUNTED and count <= _LONGEST_DECLINED and _UNSURE.search(words) and not re.search(_NUMBER, words):
        return [RejectedSlot(_COUNTED[expects], "unsure", words)]
    if expects not in {Expects.PHONE, Expects.NAME} or count > _LONGEST_DECLINED or any(map(str.isdigit, words)):
        return None
    if expects is Expects.PHONE and not context.caller_phone and _CALLING_FROM.search(words):
        return [RejectedSlot(SlotName.PHONE, "hidden", words)]
    slot = SlotName.PHONE if expects is Expects.PHONE else SlotName.NAME
    if rules.FORGOT.search(words) and expects is Expects.PHONE:
        return [RejectedSlot(slot, "forgotten", words)]
    return [RejectedSlot(slot, "refused", words)] if rules.REFUSES.search(words) else None


def _is_left_to_us(words: str, expects: Expects) -> bool:
    pattern = _LEFT_OF_OFFERED if expects is Expects.CHOICE else _LEFT_TO_US
    return pattern.fullmatch(words) is not None


def _may_leave_open(context: UnderstandingContext) -> bool:
    """Whether the day or the time of a new booking was asked for, or some of them offered; of stays neither is ours
    to choose."""
    if context.flow is not Flow.NEW_RESERVATION or context.business.rules.bookable is Bookable.ROOM:
        return False
    expects = context.expectation.expects
    if expects is Expects.CHOICE:
        return bool(context.offered)
    if expects is Expects.PARTY_SIZE:
        return not {SlotName.DATE, SlotName.TIME} & set(context.slots)
    return expects is Expects.DATE or (expects is Expects.TIME and SlotName.TIME not in context.slots)


def with_time_left_open(tokens: Sequence[Token], found: Sequence[Found], context: UnderstandingContext) -> list[Found]:
    """ "Whenever you have something on Saturday": a day, with the time left to us."""
    slots = {one.slot for one in found}
    left = rules.LEFT_OPEN.search(words_of(tokens))
    if left is None or SlotName.DATE not in slots or slots & {SlotName.TIME} or context.offered:
        return list(found)
    part = "early" if left.group("early") or left.group("earliest") else "late" if left.group("late") else "any"
    return [
        *found,
        Found(SlotName.TIME, len(tokens), len(tokens), reason="any", raw=part),
    ]


def with_half_of_day(tokens: Sequence[Token], found: Sequence[Found], context: UnderstandingContext) -> list[Found]:
    """ "In the evening" where the time was known but for its half of the day, or where a time was asked for."""
    if any(one.slot is SlotName.TIME for one in found):
        return list(found)
    known = context.slots.get(SlotName.TIME)
    open_half = isinstance(known, TimeOfDay) and not known.certain
    if not open_half and context.expectation.expects is not Expects.TIME:
        return list(found)
    for at in range(len(tokens)):
        half, end = day_part(tokens, at)
        if not half or end == at:
            continue
        if open_half and isinstance(known, TimeOfDay):
            hour = known.time.hour % 12 + (12 if half == "pm" else 0)
            value = Found(SlotName.TIME, at, end, TimeOfDay(known.time.replace(hour=hour)))
        else:
            value = Found(SlotName.TIME, at, end, reason="ambiguous")
        return sorted([*found, value], key=lambda one: one.start)
    return list(found)
