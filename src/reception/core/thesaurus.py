"""Words that callers and documents use for the same thing. General English of hospitality and property, nothing of
any one business."""

__all__ = ["canonical", "others", "siblings", "sort_of"]

_GROUPS_TEXT = """
    wifi wi-fi internet wlan
    dog puppy
    cat kitten
    child kid toddler
    baby infant newborn
    crib cot
    parking carpark
    location address directions
    lift elevator
    bicycle bike
    wheelchair disabled accessible accessibility
    senior pensioner retiree elderly
    luggage bag suitcase baggage
    income salary wage earnings earn
    takeout takeaway
    bill check tab
    restroom toilet
    gym fitness
    laundry washing
    apartment flat
    dozen twelve
    lost forgot forgotten misplaced left
    dish course
    guest people person
    allowed welcome permitted
    buy buyer purchase buying
    sell seller sold selling
    rent rental renter renting
    home house property
    manage management
    noise quiet
    begin start
    pool swim swimming
    company agency business firm
    own owner owns owned
    cosign cosigner cosigners
    pay payment paying
    cheap affordable inexpensive
    heating boiler
    refund reimbursement
    food meal
    bathtub bath tub
    wedding married marry
    fine penalty
    certificate voucher
    inspection survey
    yard garden
    tv television
    shrimp prawn
    eggplant aubergine
    dessert pudding
    beverage drink
    starter appetizer appetiser
    vacation holiday
    tap draft draught
    cancel cancellation cancelled
    refundable refund
    agent realtor
    hoa homeowners
    gluten coeliac celiac
    fridge refrigerator minibar
    stroller pram buggy
    massage masseuse
    smoke vape cigarette
    picture photo
    car automobile vehicle
    ev electric
    charger charging
    haircut cut trim
    fringe bangs
    gynecologist gynaecologist gynecologists
    complain complaint complaining
    freeze frozen freezing
    donate donation donating
    cryptocurrency crypto bitcoin
    colour color coloring colouring
    grey gray
    harbour harbor
    centre center
    moustache mustache
    pharmacy chemist drugstore
    vet veterinary veterinarian
    atm cashpoint
    diaper nappy
    vaccine vaccination jab shot
    checkup check-ups
"""

_KINDS_TEXT = """
    dog cat bird parrot horse rabbit
    breakfast lunch dinner brunch
    bus train ferry plane
    beef chicken pork lamb fish shrimp
    king queen twin single double triple
    monthly weekly daily
"""
"""Things of one sort, of which each is something else than the others."""


_SORTS = {
    "dog": "pet", "cat": "pet", "rabbit": "pet", "parrot": "pet", "hamster": "pet",
    "merlot": "wine", "chardonnay": "wine", "prosecco": "wine",
    "visa": "card", "mastercard": "card", "amex": "card",
}  # fmt: skip


def _read(text: str) -> dict[str, tuple[str, ...]]:
    groups = [tuple(line.split()) for line in text.strip().splitlines()]
    return {word: group for group in groups for word in group}


_GROUPS = _read(_GROUPS_TEXT)
_KINDS = _read(_KINDS_TEXT)


def canonical(word: str) -> str:
    """The first of the words that mean the same as `word`; itself when it has none. Lower case."""
    return _GROUPS.get(word, (word,))[0]


def others(word: str) -> tuple[str, ...]:
    """The other words for `word`, a singular or a plain plural in lower case."""
    for form in (word, word.removesuffix("s")):
        if form in _GROUPS:
            return tuple(other for other in _GROUPS[form] if other != form)
    return ()


def sort_of(word: str) -> str:
    """The wider word that covers `word`, as `canonical` gives it; empty for most words."""
    return _SORTS.get(word, "")


def siblings(word: str) -> tuple[str, ...]:
    """The other things of the sort that `word`, as `canonical` gives it, belongs to; none for most words."""
    return tuple(other for other in _KINDS.get(word, ()) if other != word)
