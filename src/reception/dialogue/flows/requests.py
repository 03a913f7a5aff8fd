"""Special requests, from the words they were made in."""

import re

from reception.dialogue.state import Details
from reception.ports.booking import Guest, RequestKind, SpecialRequest

_LONGEST = 200
_KINDS: tuple[tuple[RequestKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (RequestKind.ALLERGY, r"\ballerg|\bintoleran|\bco?eliac|\banaphyla"),
        (
            RequestKind.DIET,
            r"\bvegan|\bvegetarian|\bpescatarian|\bgluten|\bhalal|\bkosher|\blactose|\bdairy|\bnut[ -]free|\bdiet|"
            r"\bdiabetic|\bno (?:nuts|pork|shellfish)",
        ),
        (
            RequestKind.OCCASION,
            r"\bbirthday|\banniversar|\bcelebrat|\bengage|\bpropos|\bgraduat|\bretire|\bhoneymoon|\bhen\b|\bshower|"
            r"\bsurprise|\boccasion|\bdate night|\bfirst date",
        ),
        (RequestKind.HIGH_CHAIR, r"\bhigh ?-?chair|\bbooster|\bbaby (?:seat|chair)"),
        (
            RequestKind.ACCESSIBILITY,
            r"\bwheel ?-?chair|\bstep[ -]free|\bcrutch|\bwalker|\bwalking stick|\bmobility|\baccessib|\bdisab|\bstairs|"
            r"\bground floor|\b(?:guide|service|assistance) dog|\bhearing|\bdeaf|\bblind",
        ),
        (
            RequestKind.SEATING,
            r"\bwindow|\bquiet|\boutside|\boutdoor|\bterrace|\bpatio|\bgarden|\bbooth|\bcorner|\baway from|\bfloor\b|"
            r"\bnear the|\bsea view",
        ),
    )
)
_ALLERGEN = re.compile(
    r"\ballerg(?:ic|y|ies) to (?:the )?(?P<to>[\w ,'-]{2,60}?)"
    r"(?=$|[.;!?]|,? (?:and|so|please|if|can|could|in|at|on)\b)|"
    r"\b(?P<of>[\w-]+) allerg(?:y|ies)\b|\b(?P<intolerant>[\w-]+) intolerant\b",
    re.IGNORECASE,
)
_NO_FOOD = frozenset({"an", "a", "the", "any", "severe", "bad", "food", "some", "serious", "have", "has"})


def requests_of(notes: str) -> tuple[SpecialRequest, ...]:
    """The requests in `notes`, each with its kind; what is of no kind of its own is kept as it was said."""
    found: list[SpecialRequest] = []
    for note in filter(None, map(str.strip, notes.split(";"))):
        kinds = [kind for kind, pattern in _KINDS if pattern.search(note)]
        found += [SpecialRequest(kind, _text(kind, note)) for kind in kinds or [RequestKind.OTHER]]
    return tuple(dict.fromkeys(found))


def _text(kind: RequestKind, note: str) -> str:
    allergen = _ALLERGEN.search(note) if kind is RequestKind.ALLERGY else None
    if allergen is not None:
        food = next(value for value in allergen.groups() if value).strip()
        if food.lower() not in _NO_FOOD:
            return food[:_LONGEST]
    return note[:_LONGEST]


def guest_from(details: Details) -> Guest:
    """Who a new reservation is for."""
    return Guest(details.name, details.phone, details.email, details.notes, requests_of(details.notes))
