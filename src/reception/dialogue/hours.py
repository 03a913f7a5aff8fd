"""Questions that the business's own profile answers: opening hours, address, telephone number."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from reception.dialogue.replies import say_spans
from reception.dialogue.spoken import say_day, say_near_day, say_phone, say_time, say_weekday
from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.parsers.dates import find_dates
from reception.dialogue.understanding.parsers.day_readings import Day
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.places import find_places
from reception.ports.business import Bookable, OpeningHours, OpenSpan

_HOURS = re.compile(
    r"\b(opening (hours|times?)|(business|office|your|regular) hours|"
    r"(are|is) (you|they|it|the (restaurant|office|place|agency)) (still |also )?(open|closed)|"
    r"(do|will) you (open|close|be (open|closed))|"
    r"(when|what time|how (late|early|long)) (do|are|is|will|does) (you|it|the (restaurant|office|place)|we) "
    r"(be )?(open|opening|close|closing|closed|shut)|"
    r"closing time|what are (the|your) hours|(open|closed) (on|today|tonight|tomorrow|now|right now|late))\b",
    re.IGNORECASE,
)
_OF_SOMETHING_ELSE = re.compile(
    r"\b(pool|gym|kitchen|bar|spa|sauna|breakfast|brunch|reception|desk|check|parking|garage|patio|terrace|shop|"
    r"happy hour|mill kitchen|holidays?|fitness|lounge|room service|playroom|laundry|lunch|dinner)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(what(?:'s| is) (the|your) address|where (are you|is the (restaurant|hotel|office|place)|"
    r"exactly are you)( located)?|your address|give me the address|how do i find you)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"\b(what(?:'s| is) (the|your) (phone |telephone )?number|your (phone|telephone) number)\b", re.IGNORECASE
)
_NOW = re.compile(r"\b(now|right now|at the moment|still open)\b", re.IGNORECASE)
_CLOSING = re.compile(r"\b(clos\w*|shut|how late|until when)\b", re.IGNORECASE)
_WEEK_DAYS = 7


def answer_from_profile(question: str, scene: TurnScene) -> tuple[str, ...]:
    """The answer's sentences; empty when the profile does not know."""
    business = scene.business
    if _ADDRESS.search(question) and business.address:
        return (f"We're at {business.address}.",)
    if _PHONE.search(question) and business.phone:
        return (f"Our number is {say_phone(business.phone, business.region)}.",)
    if _HOURS.search(question) and not _OF_SOMETHING_ELSE.search(question):
        return _answer_hours(question, scene)
    return ()


_CHECK_IN = re.compile(r"\bcheck(?:ing)?[- ]?in(?:to)?\b|\barriv", re.IGNORECASE)
_CHECK_OUT = re.compile(r"\bcheck(?:ing)?[- ]?out\b|\bleave\b", re.IGNORECASE)
_PRICE = re.compile(r"\b(?:how much|price|prices|cost|costs|rate|rates|charge)\b", re.IGNORECASE)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "$", "AUD": "$"}
_FEW = 3
_WHEN = re.compile(r"\b(?:what time|when|how (?:early|late)|until when|what are|what(?:'s| is))\b", re.IGNORECASE)


def answer_from_rules(question: str, scene: TurnScene) -> tuple[str, ...]:
    """What the rules of booking say where no document does: what a room or a service costs, when rooms may be moved
    into, and must be left."""
    rules = scene.business.rules
    if _PRICE.search(question):
        return _prices(question, scene)
    if rules.bookable is not Bookable.ROOM or not _WHEN.search(question):
        return ()
    said = []
    if _CHECK_IN.search(question):
        said.append(f"Check-in is from {say_time(rules.check_in)}.")
    if _CHECK_OUT.search(question):
        said.append(f"Check-out is until {say_time(rules.check_out)}.")
    return tuple(said)


def _prices(question: str, scene: TurnScene) -> tuple[str, ...]:
    """The prices of what `question` names, or of everything when it names nothing and there is little."""
    rules = scene.business.rules
    nightly: dict[str, list[Decimal]] = {}
    for rate in rules.rates:
        nightly.setdefault(rate.place, []).append(rate.nightly)
    costs = {place: f"{_from(amounts, rules.currency)} a night" for place, amounts in nightly.items()}
    costs |= {each.name: _money(each.price, rules.currency) for each in rules.services if each.price is not None}
    named = [str(one.value) for one in find_places(tokenize(question), tuple(costs)) if one.value is not None]
    chosen = named or (list(costs) if len(costs) <= _FEW else [])
    return tuple(f"{what} is {costs[what]}." for what in chosen)


def _from(amounts: Sequence[Decimal], currency: str) -> str:
    least = _money(min(amounts), currency)
    return least if len(set(amounts)) == 1 else f"from {least}"


def _money(amount: Decimal, currency: str) -> str:
    figures = f"{amount:,.2f}".removesuffix(".00")
    sign = _SIGNS.get(currency)
    return f"{sign}{figures}" if sign else f"{figures} {currency}"


def _answer_hours(question: str, scene: TurnScene) -> tuple[str, ...]:
    hours, today = scene.business.hours, scene.now.date()
    if _NOW.search(question):
        return _open_now(scene)
    day = _day_in(question, today)
    if day is None and "weekend" in question.lower():
        saturday = today + timedelta(days=(5 - today.weekday()) % _WEEK_DAYS)
        return tuple(_on_day(hours, each, today) for each in (saturday, saturday + timedelta(days=1)))
    if day is None and _CLOSING.search(question):
        day = today
    if day is None:
        return week_sentences(hours)
    spans = hours.on(day)
    if spans and _CLOSING.search(question) and "closed" not in question.lower():
        when = _near(day, today)
        return (f"{when[0].upper()}{when[1:]} we close at {_closes(spans[-1])}.",)
    return (_on_day(hours, day, today),)


def _day_in(question: str, today: date) -> date | None:
    if re.search(r"\b(today|tonight|this (morning|afternoon|evening))\b", question, re.IGNORECASE):
        return today
    for found in find_dates(tokenize(question), Day(today)):
        if isinstance(found.value, date):
            return found.value
    plural = re.search(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days\b", question, re.IGNORECASE)
    if plural is None:
        return None
    starts = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
    return today + timedelta(days=(starts.index(plural.group(1).lower()) - today.weekday()) % _WEEK_DAYS)


def _on_day(hours: OpeningHours, day: date, today: date) -> str:
    spans = hours.on(day)
    when = _near(day, today)
    if not spans:
        opening = "No, we're" if when.startswith("on ") else "I'm sorry, we're"
        return f"{opening} closed {when}."
    return f"{when[0].upper()}{when[1:]} we're open {say_spans(spans)}."


def _near(day: date, today: date) -> str:
    near = say_near_day(day, today)
    return near if near in {"today", "tomorrow"} else f"on {near}"


def _open_now(scene: TurnScene) -> tuple[str, ...]:
    now, hours = scene.now, scene.business.hours
    for day, spans in ((now.date(), hours.on(now.date())), (now.date() - timedelta(days=1), ())):
        for span in spans or hours.on(day):
            over_night = span.closes <= span.opens
            if day == now.date() and span.opens <= now.time() and (over_night or now.time() < span.closes):
                return (f"Yes, we're open until {_closes(span)}.",)
            if day < now.date() and over_night and now.time() < span.closes:
                return (f"Yes, we're open until {_closes(span)}.",)
    for ahead in range(_WEEK_DAYS + 1):
        day = now.date() + timedelta(days=ahead)
        later = [span for span in hours.on(day) if ahead or span.opens > now.time()]
        if later:
            return (
                "We're closed right now.",
                f"We open {say_near_day(day, now.date())} at {say_time(later[0].opens)}.",
            )
    return ("We're closed right now.",)


def week_sentences(hours: OpeningHours) -> tuple[str, ...]:
    """The week's hours, days alike together: "Tuesday to Thursday we're open from 5 PM to 10 PM." """
    monday = date(2024, 1, 1)
    runs: list[tuple[int, int, tuple[OpenSpan, ...]]] = []
    for weekday, spans in enumerate(hours.weekly):
        if runs and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], weekday, spans)
        else:
            runs.append((weekday, weekday, spans))
    sentences: list[str] = []
    for first, last, spans in runs:
        days = say_weekday(monday + timedelta(days=first))
        if last > first:
            days += f"{' and' if last == first + 1 else ' to'} {say_weekday(monday + timedelta(days=last))}"
        sentences.append(f"{days} we're open {say_spans(spans)}." if spans else f"{days} we're closed.")
    return tuple(sentences)


def _closes(span: OpenSpan) -> str:
    return "midnight" if (span.closes.hour, span.closes.minute) == (0, 0) else say_time(span.closes)


def profile_text(scene: TurnScene) -> str:
    """Everything that the profile may be quoted for, as a source to ground sentences on."""
    business, today = scene.business, scene.now.date()
    days = [_on_day(business.hours, today + timedelta(days=ahead), today) for ahead in range(_WEEK_DAYS)]
    dates = [say_day(today + timedelta(days=ahead)) for ahead in range(_WEEK_DAYS)]
    lines = [business.name, business.address, business.phone, say_phone(business.phone, business.region)]
    lines += [*week_sentences(business.hours), *days, *dates, *business.places, scene.agent.settings.persona_name]
    return "\n".join(lines)
