"""What a booking costs in all, from the rates that the tenant has set: for what is held, booked, or asked about."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from reception.dialogue.asked_about import CHEAPEST
from reception.dialogue.commands import Command, CorrectSlot, SetSlot
from reception.dialogue.flows.booking import QUERY_SLOTS, to_query
from reception.dialogue.flows.standing import standing
from reception.dialogue.replies import capitalise
from reception.dialogue.spoken import say_day, say_list, say_nights, say_price
from reception.dialogue.state import Details, DialogueState
from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.corrections import settle
from reception.dialogue.understanding.parsers.dates import find_dates
from reception.dialogue.understanding.parsers.day_readings import Day
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.nights import find_nights, with_weekends
from reception.dialogue.understanding.parsers.normalize import Token, tokenize, word_set
from reception.dialogue.understanding.parsers.party import find_parties
from reception.dialogue.understanding.parsers.places import find_places
from reception.ports.booking import Price, Reservation, Slot
from reception.ports.business import Bookable

_ASKS = re.compile(
    r"\b(?:how much|what (?:would|does|will|do|did) .*\b(?:cost|come to|pay|charge)|(?:the |in )?total|altogether|"
    r"(?:the |your )?(?:price|cost|rate|fee)s?|what do (?:i|we) (?:owe|pay))\b",
    re.IGNORECASE,
)
_GENERIC = word_set("""
    how much what is the a an would will does do did it that this cost costs price prices rate rates total altogether
    in all come to be for us me we i you pay charge charged fee fees and so then of at on from until till with per
    whole thing stay staying room rooms night nights booking reservation appointment people guests person guest sum
    amount are there any please okay yes sure tell again now just if was were have owe again overall everything
    together actually sorry hm but can could your my our price's cheapest cheap expensive one book booked like get
    starting arriving arrival leaving checking altogether? right exactly roughly about
""")
_MOST_QUOTED = 3


async def quote(question: str, state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> tuple[str, ...]:
    """The answer's sentences; empty where something else is asked for, or no rate is set for it."""
    if scene.bookable not in {Bookable.ROOM, Bookable.APPOINTMENT} or not (
        _ASKS.search(question) or CHEAPEST.search(question)
    ):
        return ()
    tokens = tokenize(question)
    named = _named(tokens, scene) if scene.bookable is Bookable.ROOM else []
    if not _is_of_a_booking(tokens, named):
        return ()
    wishes = [one for one in commands if isinstance(one, SetSlot | CorrectSlot) and one.slot in QUERY_SLOTS]
    booked = standing(state.booked, scene) if state.flow is None and state.booked is not None else None
    known: Slot | Reservation | None = state.slot or booked
    if known is not None and known.price is not None and not named and not wishes:
        return (_said(known.price, _stay_of(known, scene)),)
    if scene.bookable is not Bookable.ROOM:
        return ()
    details = state.details if state.slot is not None or known is None else _of_row(state.details, known)
    for wish in wishes:
        details = details.with_slot(wish.slot, wish.value)
    for one in named:
        details = details.with_slot(one.slot, one.value) if one.value is not None else details
    return await _quoted(details, question, scene)


def _named(tokens: Sequence[Token], scene: TurnScene) -> list[Found]:
    dates = with_weekends(tokens, find_dates(tokens, Day(scene.now.date())), scene.now.date())
    found = [*dates, *find_nights(tokens, stays=True, expected=False), *find_places(tokens, scene.business.places)]
    found += find_parties(tokens, expected=False)
    return settle(tokens, sorted(found, key=lambda one: one.start), stays=True, flow=None)


def _is_of_a_booking(tokens: Sequence[Token], named: Sequence[Found]) -> bool:
    """Whether nothing is spoken of but what is booked and what it costs: not parking, not breakfast."""
    said = {at for one in named for at in range(one.start, one.end)}
    return all(at in said or token.word in _GENERIC for at, token in enumerate(tokens))


def _of_row(details: Details, row: Slot | Reservation) -> Details:
    """What is booked, for a question of what another stay would cost."""
    nights = (row.ends_at.date() - row.starts_at.date()).days
    return replace(
        details, day=row.starts_at.date(), nights=nights, place=row.place, party_size=row.party_size, any_place=False
    )


async def _quoted(details: Details, question: str, scene: TurnScene) -> tuple[str, ...]:
    cheapest = CHEAPEST.search(question) is not None
    if cheapest and details.nights is None:
        details = replace(details, nights=1)
    if details.day is None or details.nights is None:
        return ()
    places = (details.place,) if details.place and not cheapest else scene.business.places
    found: list[Slot] = []
    for place in places:
        query = to_query(replace(details, place=place, party_size=details.party_size or 1, or_nights=()), scene)
        answer = await scene.reads.availability(query) if query is not None else None
        if answer is not None and answer.exact is not None and answer.exact.price is not None:
            found.append(answer.exact)
    priced = sorted(found, key=lambda slot: slot.price.amount if slot.price is not None else 0)
    priced = priced[: 1 if cheapest else _MOST_QUOTED]
    if not priced:
        return ()
    if len(priced) == 1 and priced[0].price is not None:
        return (_said(priced[0].price, _stay_of(priced[0], scene)),)
    costs = [f"{slot.place} {say_price(slot.price.amount, slot.price.currency)}" for slot in priced if slot.price]
    return (f"{_span(details.nights, details.day)} come to: {say_list(costs)} in total.",)


def _span(nights: int, day: date) -> str:
    return f"{capitalise(say_nights(nights))} from {say_day(day)}"


def _stay_of(booked: Slot | Reservation, scene: TurnScene) -> str:
    if scene.bookable is not Bookable.ROOM:
        return ""
    nights = (booked.ends_at.date() - booked.starts_at.date()).days
    where = f" in the {booked.place}" if booked.place else ""
    return f"{capitalise(say_nights(nights))}{where} from {say_day(booked.starts_at.date())}"


def _said(price: Price, stay: str) -> str:
    total = f"{say_price(price.amount, price.currency)} in total"
    if not stay:
        return f"That is {total}."
    return f"{stay} {'comes' if stay.startswith('One ') else 'come'} to {total}."
