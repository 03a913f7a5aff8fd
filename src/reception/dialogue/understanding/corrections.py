"""What stands when a value is said twice, taken back, excluded, or given as a step from what was known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from reception.dialogue.commands import Flow, SlotName, SlotValue, TimeOfDay
from reception.dialogue.understanding.booking_rules import FEWER_COME
from reception.dialogue.understanding.parsers.calendar_words import MONTHS
from reception.dialogue.understanding.parsers.found import Found, either
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set, words_of
from reception.dialogue.understanding.parsers.numbers import read_cardinal
from reception.dialogue.understanding.parsers.times import find_times
from reception.dialogue.understanding.stay_spans import BEFORE_ARRIVAL, STEP, departure_after, nights_between

_MARKS = re.compile(
    r"\b(?:no|sorry|actually|i mean|make (?:that|it)|wait|rather|instead|scratch that|correction|or rather|but)\b"
)
_SKIPPED_BEFORE = word_set("at on for the in a it is that to of by")
_COUNTED = word_set("kid kids child children adult adults toddler toddlers infant infants baby babies teenagers")
_CHILDREN = word_set("kid kids child children toddler toddlers infant infants baby babies teenagers")
"""Said after how many come in all, they are among them: "a table for four, two kids"."""
_BUT_FOR = frozenset({"except for", "but not", "apart from", "other than", "anything but", "anytime but"})


def settle(tokens: Sequence[Token], found: Sequence[Found], *, stays: bool, flow: Flow | None) -> list[Found]:
    """One value a slot: excluded ones dropped, corrections applied, stays from one date to another in nights."""
    kept = [one for one in found if not _is_excluded(tokens, one)]
    kept = [one for one in kept if not (one.weak and one.reason and _has_other(kept, one))]
    settled: list[Found] = []
    for slot in dict.fromkeys(one.slot for one in kept):
        settled.extend(_settle_slot(tokens, [one for one in kept if one.slot is slot], stays=stays, flow=flow))
    if stays and sum(one.slot is SlotName.NIGHTS for one in settled) > 1:
        nights = [one for one in settled if one.slot is SlotName.NIGHTS]
        settled = [one for one in settled if one.slot is not SlotName.NIGHTS or one is nights[-1]]
    return sorted(settled, key=lambda one: one.start)


def _has_other(found: Sequence[Found], one: Found) -> bool:
    return any(other.slot is one.slot and other is not one and other.value is not None for other in found)


def _is_excluded(tokens: Sequence[Token], found: Found) -> bool:
    """ "not the fiftieth", "not on Friday"."""
    before = found.start - 1
    while word_at(tokens, before) in _SKIPPED_BEFORE and not tokens[before].gap:
        before -= 1
    if word_at(tokens, before) == "except" or words_of(tokens[max(0, before - 1) : before + 1]) in _BUT_FOR:
        return True
    if word_at(tokens, before) == "instead" and word_at(tokens, before + 1) == "of":
        return True
    if word_at(tokens, before) != "not" or tokens[before].gap:
        return False
    return found.slot in {SlotName.DATE, SlotName.TIME, SlotName.PARTY_SIZE, SlotName.NIGHTS, SlotName.NAME} and (
        word_at(tokens, before - 1) not in {"if", "why"}
    )


def _settle_slot(tokens: Sequence[Token], found: list[Found], *, stays: bool, flow: Flow | None) -> list[Found]:
    result = found[0]
    extra: list[Found] = []
    for later in found[1:]:
        between = words_of(tokens[result.end : later.start])
        result, nights = _combine(tokens, result, later, between, stays=stays, flow=flow)
        extra.extend(nights)
    return [result, *extra]


def _combine(
    tokens: Sequence[Token], first: Found, later: Found, between: str, *, stays: bool, flow: Flow | None
) -> tuple[Found, list[Found]]:
    if first.slot is SlotName.STAFF and bool(first.reason) != bool(later.reason):
        return (later, [first]) if first.reason else (first, [later])
    if first.value == later.value and not first.reason and first.slot is not SlotName.PARTY_SIZE:
        return (later if first.slot is SlotName.DATE else first), []
    if first.slot is SlotName.DATE and stays and flow is not Flow.CHANGE_RESERVATION:
        nights = nights_between(tokens, first, later, between)
        if nights is not None:
            return first, [nights]
    if _MARKS.search(between):
        return later, []
    if _are_alternatives(tokens, first, later, between) and first.value is not None and later.value is not None:
        middle = _middle(first.value, later.value) if "and" in between else ()
        return either(first.slot, first.start, later.end, first.value, *middle, later.value), []
    if first.slot is SlotName.PARTY_SIZE:
        return _combine_parties(tokens, first, later, between), []
    if first.slot is SlotName.TIME and re.fullmatch(r"(?:and|to|until|till|or)(?: about| around)?", between):
        if word_at(tokens, first.start - 1) == "from" and flow is Flow.CHANGE_RESERVATION:
            return later, []
        return first, []
    if first.reason and not later.reason:
        return later, []
    if later.reason and not first.reason:
        return first, []
    return later, []


def _are_alternatives(tokens: Sequence[Token], first: Found, later: Found, between: str) -> bool:
    """ "Friday or Saturday", "seven or eight", "between six and eight": none of the two is settled on."""
    if first.value == later.value:
        return False
    if first.slot in {SlotName.DATE, SlotName.TIME}:
        spans = first.slot is SlotName.TIME and word_at(tokens, first.start - 1) == "between" and "and" in between
        return spans or re.search(r"\bor\b", between) is not None
    return first.slot in {SlotName.PARTY_SIZE, SlotName.NIGHTS} and between.endswith("or")


def _middle(first: SlotValue, later: SlotValue) -> tuple[SlotValue, ...]:
    """Half way between two times at least an hour apart, on the half hour."""
    if not isinstance(first, TimeOfDay) or not isinstance(later, TimeOfDay):
        return ()
    minutes = (later.time.hour - first.time.hour) * 60 + later.time.minute - first.time.minute
    if minutes < 60:
        return ()
    moment = datetime.combine(date(2000, 1, 1), first.time) + timedelta(minutes=minutes // 60 * 30)
    return (TimeOfDay(moment.time(), first.certain),)


def _combine_parties(tokens: Sequence[Token], first: Found, later: Found, between: str) -> Found:
    if not isinstance(first.value, int) or not isinstance(later.value, int):
        return first if later.value is None else later
    if {word_at(tokens, first.end - 1), word_at(tokens, later.end - 1)} <= _COUNTED:
        return replace(first, end=later.end, value=first.value + later.value)
    of_them = word_at(tokens, later.end - 1) in _CHILDREN and later.value < first.value and between != "and"
    return first if first.value == later.value or of_them else later


_STEP = re.compile(
    r"\b(?P<count>an|a|one|half an|two|three|thirty|fifteen|twenty|\d+)(?: (?P<unit>hours?|minutes?|mins|days?|"
    r"weeks?))? (?P<way>later|earlier|sooner)\b"
)
_MORE = re.compile(
    r"\b(?:add )?(?P<count>one|two|three|four|\d|another) (?P<kind>more|extra|less|fewer|other)"
    r"(?: (?:people|person|guests?|adults?)\b|"
    r"(?= (?:(?:are |is |will be )?(?:coming|joining)|please|then|of us|now|to|at)\b)|$)"
)
_JOINING = re.compile(
    r"\b(?P<count>a|one|two|three|four|five|\d)(?: of my| of our)? (?:friends?|colleagues?|others?|relatives?|cousins?|"
    r"neighbou?rs?) (?:is|are|will be|want to|wants to) (?:joining|join)\b"
)
_NIGHTS = re.compile(
    r"\b(?P<count>an|a|one|two|three|four|five|\d|another) (?P<kind>more|extra|additional|less|fewer)? ?nights?"
    r"(?: (?P<after>more|longer|extra|less|shorter))?\b"
)
_EXTENDS = re.compile(r"\b(?:extend|prolong|add|stay on|shorten)\b")
MORE_PERSON = re.compile(
    r"\b(?:one more|another|an extra|add a|add one|plus one) (?:person|guest|adult|people|child|kid|baby|toddler)\b"
)
_PUSH = re.compile(
    r"\b(?:push|move|shift|put|bring) (?:(?:it|that|this|(?:the|my|our) \w+(?: \w+)?) )?(?P<way>back|forward|up|out) "
    r"(?:by |about )*(?P<count>half an|an|a|one|two|three|thirty|fifteen|twenty|\d+) (?P<unit>hours?|minutes?|mins)\b"
)
_COUNTS = {"an": 1.0, "a": 1.0, "one": 1.0, "half an": 0.5, "two": 2.0, "three": 3.0, "four": 4.0, "thirty": 30.0,
           "fifteen": 15.0, "twenty": 20.0, "another": 1.0, "five": 5.0}  # fmt: skip


def read_step(tokens: Sequence[Token], known: Mapping[SlotName, SlotValue]) -> Found | None:
    """ "an hour later", "a day earlier", "one more person", applied to what is `known`."""
    words = words_of(tokens)
    step = _STEP.search(words)
    if step is not None:
        return _stepped(step, known, len(tokens))
    nights = _night_step(words)
    if nights:
        before = known.get(SlotName.NIGHTS)
        if isinstance(before, int):
            return Found(SlotName.NIGHTS, 0, len(tokens), max(1, before + nights))
        return Found(SlotName.NIGHTS, 0, len(tokens), reason=STEP, raw=f"{nights:+d}")
    party = known.get(SlotName.PARTY_SIZE)
    joining = _JOINING.search(words)
    if joining is not None:
        added = int(_COUNTS.get(joining.group("count"), 0) or joining.group("count"))
        if isinstance(party, int):
            return Found(SlotName.PARTY_SIZE, 0, len(tokens), party + added)
        return Found(SlotName.PARTY_SIZE, 0, len(tokens), reason=STEP, raw=f"{added:+d}")
    fewer = FEWER_COME.search(words)
    if fewer is not None:
        count_said = fewer.group("count") or fewer.group("dropped")
        missing = int(_COUNTS.get(count_said, 0) or count_said)
        if not isinstance(party, int):
            return Found(SlotName.PARTY_SIZE, 0, len(tokens), reason=STEP, raw=f"{-missing:+d}")
        return Found(SlotName.PARTY_SIZE, 0, len(tokens), party - missing) if missing < party else None
    if isinstance(party, int):
        if MORE_PERSON.search(words):
            return Found(SlotName.PARTY_SIZE, 0, len(tokens), party + 1)
        more = _MORE.search(words)
        if more is not None and more.group("kind") in {"more", "extra", "less", "fewer"}:
            count = int(_COUNTS.get(more.group("count"), 0) or more.group("count"))
            sign = -1 if more.group("kind") in {"less", "fewer"} else 1
            return Found(SlotName.PARTY_SIZE, 0, len(tokens), max(1, party + sign * count))
    elif ((more := _MORE.search(words)) is not None and more.group("kind") != "other") or MORE_PERSON.search(words):
        count = int(_COUNTS.get(more.group("count"), 0) or more.group("count")) if more else 1
        count = -count if more and more.group("kind") in {"less", "fewer"} else count
        return Found(SlotName.PARTY_SIZE, 0, len(tokens), reason=STEP, raw=f"{count:+d}")
    return None


def _night_step(words: str) -> int:
    """How many nights more, or fewer, than there are; 0 when the words name no such step."""
    said = _NIGHTS.search(words)
    if said is None:
        return 0
    kind = said.group("kind") or said.group("after") or ("more" if said.group("count") == "another" else "")
    if not kind and _EXTENDS.search(words):
        kind = "less" if "shorten" in words else "more"
    if not kind:
        return 0
    count = int(_COUNTS.get(said.group("count"), 0) or said.group("count"))
    return -count if kind in {"less", "fewer", "shorter"} else count


def read_push(tokens: Sequence[Token]) -> Found | None:
    """ "Push it back half an hour", "an hour later", of a time that is not known yet."""
    words = words_of(tokens)
    step = _STEP.search(words)
    if step is None or not (step.group("unit") or "").startswith(("hour", "min")):
        step = _PUSH.search(words)
    if step is None:
        return None
    sign = 1 if step.group("way") in {"later", "back", "out"} else -1
    count = _COUNTS.get(step.group("count")) or float(step.group("count"))
    minutes = sign * int(count * (60 if step.group("unit").startswith("hour") else 1))
    return Found(SlotName.TIME, 0, len(tokens), reason=STEP, raw=f"{minutes:+d}")


_MINUTES_ONLY = re.compile(
    r"\b(?P<part>half past|quarter past|quarter to|(?:ten|five|twenty|twenty five|10|5|20|25) (?:past|to))"
    r"(?: (?:please|instead|then|not|rather|thanks|the hour)\b|$)"
)
_MINUTES = {"half": 30, "quarter": 15, "ten": 10, "five": 5, "twenty": 20, "twenty five": 25}


def read_minutes_only(tokens: Sequence[Token], known: Mapping[SlotName, SlotValue]) -> Found | None:
    """ "Half past", of the hour that is `known`."""
    at = known.get(SlotName.TIME)
    words = words_of(tokens)
    said = _MINUTES_ONLY.search(words)
    if said is None or not isinstance(at, TimeOfDay):
        return None
    count, _, way = said.group("part").rpartition(" ")
    minutes = _MINUTES.get(count) or int(count)
    hour = datetime.combine(date(2000, 1, 1), at.time.replace(minute=0))
    moment = hour + timedelta(minutes=minutes) if way == "past" else hour - timedelta(minutes=minutes)
    start = words[: said.start()].count(" ")
    return Found(SlotName.TIME, start, start + said.group("part").count(" ") + 1, TimeOfDay(moment.time(), at.certain))


def _stepped(step: re.Match[str], known: Mapping[SlotName, SlotValue], end: int) -> Found | None:
    count = _COUNTS.get(step.group("count")) or float(step.group("count"))
    sign = 1 if step.group("way") == "later" else -1
    unit = step.group("unit") or ""
    day, at = known.get(SlotName.DATE), known.get(SlotName.TIME)
    if unit.startswith(("day", "week")) and isinstance(day, date):
        moved = day + timedelta(days=sign * int(count) * (7 if unit.startswith("week") else 1))
        return Found(SlotName.DATE, 0, end, moved)
    if unit.startswith(("hour", "min")) and isinstance(at, TimeOfDay):
        shift = timedelta(hours=count) if unit.startswith("hour") else timedelta(minutes=count)
        moment = datetime.combine(date(2000, 1, 1), at.time) + sign * shift
        return Found(SlotName.TIME, 0, end, TimeOfDay(moment.time(), at.certain))
    return None


_MAKE_IT = re.compile(
    r"\b(?:make (?:it|that|this|him|them)|change (?:it|that) to|can we (?:do|say)|could we (?:do|say)|it is|it "
    r"should be|should be|there (?:are|is|will be)|say|we are|"
    r"not (?:one|two|three|four|five|six|seven|eight|nine|ten|\d+)|i said|i meant|i mean|meant|instead of \w+|"
    r"switch (?:it )?to|let us (?:do|say|make it)|to|no|nope|actually|sorry|rather|wait)(?: actually| just| only|"
    r" now| for)?$"
)


def read_bare_correction(
    tokens: Sequence[Token], claimed: frozenset[int], known: Mapping[SlotName, SlotValue], *, asked: SlotName | None
) -> Found | None:
    """ "make it six", "no, five": a number that says nothing of its kind, for the slot it can best correct."""
    for at in range(len(tokens)):
        number = read_cardinal(tokens, at) if at not in claimed and tokens[at].word not in {"a", "an"} else None
        if word_at(tokens, at - 1) in MONTHS:
            continue
        if number is None or not _MAKE_IT.search(words_of(tokens[:at])):
            continue
        if word_at(tokens, number.end) not in {
            "",
            "please",
            "instead",
            "now",
            "not",
            "thanks",
            "then",
            "and",
            "with",
            "sorry",
            "actually",
        }:
            continue
        return _best_slot(tokens, at, number.end, number.value, known, asked)
    return None


def _best_slot(
    tokens: Sequence[Token],
    start: int,
    end: int,
    value: int,
    known: Mapping[SlotName, SlotValue],
    asked: SlotName | None,
) -> Found | None:
    speaks_of_time = any(token.word in {"time", "clock"} for token in tokens)
    if asked in {SlotName.PARTY_SIZE, SlotName.NIGHTS}:
        return Found(asked, start, end, value)
    for slot in (SlotName.PARTY_SIZE, SlotName.NIGHTS):
        if slot in known and known[slot] != value and value <= 60 and not speaks_of_time:
            return Found(slot, start, end, value)
    if SlotName.TIME in known or asked is SlotName.TIME:
        readings = find_times(tokens[start:end], expected=True)
        if readings:
            possible = readings[0].possible()
            old = known.get(SlotName.TIME)
            same_half = [at for at in possible if isinstance(old, TimeOfDay) and (at.hour < 12) == (old.time.hour < 12)]
            return Found(SlotName.TIME, start, end, TimeOfDay((same_half or list(possible))[-1]))
    return None


_LEAVING = word_set(
    "until till to through leaving leave leaves departing depart departs going go checkout back home return returning"
)

_SURELY_LEAVING = word_set("leaving leave leaves departing depart departs checkout")


def as_departure(tokens: Sequence[Token], one: Found, known: Mapping[SlotName, SlotValue]) -> Found:
    """ "Until Sunday" in nights, where the arrival is known; any other value as it is."""
    arrival = known.get(SlotName.DATE)
    before = one.start - 1
    while word_at(tokens, before) in {"the", "on"}:
        before -= 1
    if word_at(tokens, before) == "to" and {"arrival", "arrive", "arriving", "change", "move"} & {
        t.word for t in tokens
    }:
        return one
    leaves = word_at(tokens, before) in _LEAVING or (
        word_at(tokens, before) in {"out", "checkout"} and one.slot is SlotName.DATE
    )
    if one.slot is not SlotName.DATE or not leaves or not isinstance(arrival, date) or not isinstance(one.value, date):
        return one
    nights = ((departure_after(tokens, arrival, one) or one.value) - arrival).days
    if nights <= 0 and one.weekday:
        nights = nights % 7 or 7
    if nights > 0:
        return replace(one, slot=SlotName.NIGHTS, value=nights)
    surely = word_at(tokens, before) in _SURELY_LEAVING
    return replace(one, slot=SlotName.NIGHTS, value=None, reason=BEFORE_ARRIVAL) if surely else one
