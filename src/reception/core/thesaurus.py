"""Words that callers and documents use for the same thing. General English of hospitality and property, nothing of
any one business."""

__all__ = ["canonical", "others"]

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
    senior retiree elderly
    luggage bag suitcase baggage
    income wage earnings earn
    takeout takeaway
    bill check tab
    restroom toilet bathroom
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
"""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    groups = [tuple(line.split()) for line in text.strip().splitlines()]
    return {word: group for group in groups for word in group}


_GROUPS = _read(_GROUPS_TEXT)


def canonical(word: str) -> str:
    """The first of the words that mean the same as `word`; itself when it has none. Lower case."""
    return _GROUPS.get(word, (word,))[0]


def others(word: str) -> tuple[str, ...]:
    """The other words for `word`, a singular or a plain plural in lower case."""
    for form in (word, word.removesuffix("s")):
        if form in _GROUPS:
            return tuple(other for other in _GROUPS[form] if other != form)
    return ()
