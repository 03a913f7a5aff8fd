"""A booking that there is, or was, as the wish for another one like it."""

import re
from dataclasses import replace

from reception.dialogue.commands import TimeOfDay
from reception.dialogue.state import Details
from reception.dialogue.turn import TurnScene
from reception.ports.booking import Reservation
from reception.ports.business import Bookable

SAME_AGAIN = re.compile(
    r"\b(?:the )?same (?:again|thing again|(?:\w+ )?as (?:last time|before|always|usual|the last one))\b|"
    r"^(?:just |i'd like |i would like )?(?:the|my|our) usual\b(?! \w)",
    re.IGNORECASE,
)


def wish_like(row: Reservation, known: Details, scene: TurnScene) -> Details:
    """What would have to be asked for to get what `row` is, day and all; who for, from `known` where that is told."""
    guest = row.guest
    details = replace(
        known.caller_only(),
        name=known.name or guest.name,
        phone=known.phone or guest.phone,
        email=known.email or guest.email,
        notes=guest.notes,
        party_size=row.party_size,
        day=row.starts_at.date(),
        place=row.place,
        service=row.service,
    )
    if scene.bookable is Bookable.ROOM:
        return replace(details, nights=max(1, (row.ends_at.date() - row.starts_at.date()).days))
    return replace(details, time=TimeOfDay(row.starts_at.time()))
