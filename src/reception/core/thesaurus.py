"""Words that callers and documents use for the same thing. General English of hospitality and property, nothing of
any one business."""

__all__ = ["PRICED_APART", "SORTS", "canonical", "is_known", "others", "siblings"]

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
    wheelchair disabled accessible accessibility handicapped handicap
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
    checkup check-ups examination exam
    allergy allergic allergies allergen allergens
    physician doctor gp
    flu influenza
    copay copayment
    xray x-ray radiograph
    pregnancy pregnant maternity
    illness ill sick unwell
    therapist counselor counsellor counselling counseling therapy
    hairdresser stylist barber
    blowout blow-dry blowdry
    eyebrow brow
    eyelash lash
    makeup cosmetics
    tip gratuity tipping
    discount reduction concession
    mortgage loan financing finance financed
    lease tenancy
    basement cellar
    staircase stairs steps
    stove cooker
    couch sofa
    duvet comforter blanket
    supper dinner
    taxi cab
    shop store
    grocery groceries supermarket
    lawyer attorney solicitor
    neighborhood neighbourhood
    trash garbage rubbish
    parcel package packages
    keycard key
    safe vault
    emergency urgent emergencies
    staff employee employees
    job jobs vacancy vacancies hiring career careers employment
    invoice receipt
    headroom clearance height
    attire dress wear clothes clothing outfit
    computer laptop pc
    adapter adaptor
    jacuzzi whirlpool
    teenager teen adolescent
    beach shore seaside
    veggie vegetarian
    printing print printer printout photocopy
    hairdryer hair-dryer
    aircon air-con
    towel towels
    cigar tobacco
    playground playroom
    landlord landlady
    signature sign signing signed
    deaf hearing-impaired
    blind sight-impaired
    delivery deliver delivered
    reservation reserve reserving
    parents parent
    bouquet flowers flower
    spouse partner
    nightclub disco
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


_SORTS_TEXT = """
    pet: dog cat rabbit parrot hamster budgie ferret tortoise animal
    dog: labrador poodle retriever terrier beagle dachshund bulldog spaniel chihuahua collie husky
    animal: pet dog cat rabbit parrot hamster budgie ferret tortoise
    wine: merlot chardonnay prosecco cabernet riesling
    child: baby teenager
    card: visa mastercard amex
    ev: tesla
    car: van truck suv minivan pickup motorhome camper jeep
    coffee: latte cappuccino espresso americano
    medication: antibiotics painkiller painkillers pills ibuprofen insulin
    insurance: aetna cigna medicare medicaid humana
    toiletries: toothbrush toothpaste razor soap
    allergy: peanut peanuts
    holiday: christmas easter thanksgiving
    celebration: birthday anniversary
    event: wedding conference
    luggage: backpack rucksack
    payment: paypal venmo
"""
"""What covers what: a rule for pets holds for a parrot, unless it tells birds apart."""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    groups = [tuple(line.split()) for line in text.strip().splitlines()]
    return {word: group for group in groups for word in group}


def _read_sorts(text: str) -> dict[str, tuple[str, ...]]:
    sorts: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        sort, _, words = line.partition(":")
        for word in words.split():
            sorts[word] = (*sorts.get(word, ()), sort.strip())
    return sorts


PRICED_APART = frozenset({"wine", "coffee", "medication", "toiletries"})
"""Sorts of goods: what one of them costs is not what another does."""

_GROUPS = _read(_GROUPS_TEXT)
_KINDS = _read(_KINDS_TEXT)
SORTS = _read_sorts(_SORTS_TEXT)
"""For a word the wider words that cover it, the nearest first."""


def canonical(word: str) -> str:
    """The first of the words that mean the same as `word`; itself when it has none. Lower case."""
    return _GROUPS.get(word, (word,))[0]


def others(word: str) -> tuple[str, ...]:
    """The other words for `word`, a singular or a plain plural in lower case."""
    for form in (word, word.removesuffix("s")):
        if form in _GROUPS:
            return tuple(other for other in _GROUPS[form] if other != form)
    return ()


def siblings(word: str) -> tuple[str, ...]:
    """The other things of the sort that `word`, as `canonical` gives it, belongs to; none for most words."""
    return tuple(other for other in _KINDS.get(word, ()) if other != word)


def is_known(word: str) -> bool:
    """Whether `word` stands here: it is then no slip for another one."""
    return word in _GROUPS or word in _KINDS or word in SORTS
