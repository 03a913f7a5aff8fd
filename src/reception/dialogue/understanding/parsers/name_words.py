"""Words around people's names: what leads up to one, what stands in one, and what never is one."""

from reception.dialogue.understanding.parsers.calendar_words import MONTHS, WEEKDAYS
from reception.dialogue.understanding.parsers.normalize import word_set
from reception.dialogue.understanding.parsers.numbers import TENS, UNITS

ALSO_NAMES = frozenset({"may", "june", "april", "august", "jan"})
WORDS_TOO = word_set(
    "will can do an so my early baby high free see long price love sunday monday friday saturday tuesday wednesday "
    "thursday son"
)
"""Common words that people's names begin with, too."""
NEVER = (
    word_set("""
    instead rather
    yes yeah yep yup no nope nah not okay sure right correct perfect great fine good thanks thank you please
    sorry hi hello hey what when where who why how which is are was were do does did can could would will shall
    should might must the a an my your our their his her its it this that these those i we they he she me us
    them to for at on in of by with and or but so if then than from until about around as tomorrow today tonight
    yesterday morning afternoon evening night noon midnight week weekend month year table room tables rooms
    reservation booking book people person guests adults children kids party dinner lunch breakfast brunch
    nights make made have has had want need like get got give speak talk human manager operator agent looking
    calling call allergic running late early earlier later cancel change move reschedule actually maybe just
    only also really very well be been being there here some any all none one ones name names number phone email
    mail spelled spelt spell spelling last first surname parking menu open opening closed closing time o'clock
    am pm half quarter past wait hold moment second minute bye goodbye nothing never mind forget repeat again
    say said mean put under going happy interested wondering hoping trying afraid asking new buying selling
    double triple oh let see viewing view birthday anniversary wedding christmas dietary vegetarian vegan gluten
    free it's coming staying reference wife husband friend boss mum mom dad daughter son mother father family
    partner customer someone somebody regular window outside inside garden terrace quiet corner high chair baby
    dog dogs pet pets wheelchair everyone anyone area code oui jawohl nein
    """)
    | frozenset(UNITS)
    | frozenset(TENS)
    | frozenset(WEEKDAYS)
    | (frozenset(MONTHS) - ALSO_NAMES)
)
TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "doctor", "sir", "mister", "professor"})
PARTICLES = word_set("de la da di del della van von der den ter du le el al bin ben dos das")
LEADS: tuple[tuple[str, ...], ...] = tuple(
    tuple(phrase.split())
    for phrase in (
        "my name is", "the name is", "name is", "name would be", "name will be", "my full name is", "the name on it is",
        "under the name of", "under the name", "in the name of", "under", "name should be", "change the name to",
        "name to", "put it under", "the guest is", "guest name is", "name of", "the name of",
        "you can call me", "call me", "you are speaking to",
        "you are speaking with", "you are talking to", "you are talking with", "i go by", "they call me",
        "book it under", "book it for", "booked under", "name for the booking is", "name for the reservation is",
    )
)  # fmt: skip
SOFT_LEADS: tuple[tuple[str, ...], ...] = tuple(
    tuple(phrase.split()) for phrase in ("this is", "i am", "it is", "that is", "it would be", "that would be", "put")
)
BEFORE_NAME = word_set(
    "it is that would be the name my under for put down as sure yes yeah okay of in i am please so well this "
    "last first "
    "surname full and again hi hello um no sorry oh can could you it down as will reservation booking actually "
    "its to make course certainly just"
)
