"""What a question would have booked: "what's the cheapest room tonight?", and then "book it"."""

import re
from dataclasses import replace
from datetime import date

from reception.dialogue.commands import Flow
from reception.dialogue.kinds.registry import flows_of
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.corrections import settle
from reception.dialogue.understanding.parsers.dates import find_dates
from reception.dialogue.understanding.parsers.day_readings import Day
from reception.dialogue.understanding.parsers.nights import find_nights, with_weekends
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.party import find_parties
from reception.dialogue.understanding.parsers.places import find_places
from reception.ports.business import Bookable

CHEAPEST = re.compile(r"\b(?:cheapest|least expensive|lowest|most affordable)\b", re.IGNORECASE)
_BOOKABLE = re.compile(
    r"\b(?:rooms?|suites?|tables?|stay(?:ing)?|nights?|appointments?|viewings?|available|availability|free|spaces?)\b",
    re.IGNORECASE,
)


def asked_about(state: DialogueState, question: str, scene: TurnScene) -> DialogueState:
    """`state` with what `question` would book kept as given up, where it names a day and something that is booked.
    Where something is being booked, or nothing can be, it stays as it is."""
    if state.flow is not None or Flow.NEW_RESERVATION not in flows_of(scene.agent) or not _BOOKABLE.search(question):
        return state
    tokens, today = tokenize(question), scene.now.date()
    stays = scene.bookable is Bookable.ROOM
    dates = find_dates(tokens, Day(today))
    found = [*(with_weekends(tokens, dates, today) if stays else dates), *find_parties(tokens, expected=False)]
    if stays:
        found += [*find_nights(tokens, stays=True, expected=False), *find_places(tokens, scene.business.places)]
    details = state.details.caller_only()
    for one in settle(tokens, sorted(found, key=lambda one: one.start), stays=stays, flow=None):
        details = details.with_slot(one.slot, one.value) if one.value is not None else details
    if not isinstance(details.day, date):
        return state
    if stays and CHEAPEST.search(question):
        details = replace(details, cheapest=True, place="")
    return replace(state, given_up=details)
