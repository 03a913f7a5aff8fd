"""Whether two questions ask the same, so that one answer serves both; and which answers may serve others at all.

Nearness of meaning alone is no proof: "are dogs allowed" is near "are cats allowed". So whatever may change the answer
must be alike in both: what is asked for, figures, days, names, negations, limits. Words in which the questions differ
must be known to change nothing.
"""

import re
import unicodedata

from reception.dialogue.inquiry import Kind, days_asked, kind_of
from reception.dialogue.terms import content_terms, stem

NEAR_ENOUGH = 0.7
"""The cosine from which two questions may be the same."""
LONGEST_QUESTION = 300

_POLITE = re.compile(
    r"\b(?:please|thanks|thank you|um+|uh+|er+|hello|hi|hey|good (?:morning|afternoon|evening)|excuse me|just|"
    r"can you tell me|could you tell me|tell me|i was wondering|i wonder|i(?: would|'d) like to know|i want to know|"
    r"do you know|may i ask|can i ask|so|okay|ok|well|actually)\b",
    re.IGNORECASE,
)
_ALIKE = (
    (re.compile(r"\b(what|where|when|who|how|there|it|that)'s\b"), r"\1 is"),
    (re.compile(r"\bwi-fi\b"), "wifi"),
    (re.compile(r"\buntil when\b"), "how late"),
)
_NOT_SAID = re.compile(r"[^\w\s$€£%:.,'/-]|(?<!\d)[.,:]|[.,:](?!\d)|(?<!\w)['/-]|['/-](?!\w)")

_OWN_THINGS = (
    r"(?:booking|reservation|appointment|order|table|room|seat|key|name|number|phone|e-?mail|bill|invoice|deposit|confirmation|stay|viewing|"
    r"visit|account|details|card|message|request|application|offer|results?|prescription|tests?|file|records?|chart|"
    r"doctor|stylist|agent|landlord|tenancy|lease|payment|refund|points|membership|balance|claim|referral|treatment)"
)
_PERSONAL = re.compile(
    rf"\b(?:my|our|mine|his|her|their)\b(?: \w+){{0,2}} {_OWN_THINGS}\b|\bmine\b|"
    r"\b(?:i|we)(?:'ve| have| had|'d| already| just)* (?:booked|reserved|ordered|paid|called|phoned|lost|forgot|left|"
    r"spoke|stayed|scheduled|cancelled|canceled|bought|rented|applied|emailed|wrote|asked|requested)\b|"
    r"\bdid (?:i|we)\b|\b(?:am|was) i\b|\bmy name\b|(?-i:\b[Tt]his is [A-Z])|\bunder the name\b|\bi'?m called\b|"
    r"\bcalled me\b|\bcall me\b|\bsaved? for me\b|\breference\b|@|(?-i:\b(?=\w*\d)(?=\w*[A-Z])[A-Z0-9]{6}\b)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![$€£\d,.])\+?\d(?:[ ().-]?\d){6,}")
_PASSING = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|now|currently|at the moment|later|soon|still|yet|already|"
    r"(?:this|next|last|coming) (?:morning|afternoon|evening|night|week|weekend|month|year|summer|winter|spring|fall|"
    r"autumn|mon|tues|wednes|thurs|fri|satur|sun)\w*)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"^\W*(?:and|but|or|also|what about|how about)\b|\b(?:it|its|they|them|their|those|these|he|she|him|her|one|"
    r"the same|the other)\b|\b(?:about|is|was|does|for|of|like|do|with|than) that\b|\bthat\W*$",
    re.IGNORECASE,
)
"""What was said before is part of such a question."""
_NAME = re.compile(r"(?<=[\w,] )[A-ZÀ-Ö][\w'’À-ÿ]+")
_NO_NAMES_TEXT = "i i'm i'd i'll i've english am pm ok id tv hoa ev us usa"
_NO_NAMES = frozenset(_NO_NAMES_TEXT.split())

_NUMBER_WORDS_TEXT = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
_NUMBERS = {word: str(value) for value, word in enumerate(_NUMBER_WORDS_TEXT.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "thousand": "1000", "half": "half",
    "first": "1st", "second": "2nd", "third": "3rd", "once": "1x", "twice": "2x", "dozen": "12", "couple": "2",
}  # fmt: skip
_LIMITS_TEXT = """
    not no never none nobody nothing without except only before after until till since during between over under above
    below more less least most fewer first last next all every each both either neither nor else other another instead
    off out up down ever always per non own extra same different alone together inside outside
"""
_LIMITS = frozenset(_LIMITS_TEXT.split())
_OBLIGED = re.compile(r"\b(must|have to|has to|need to|needs to|need|needed|required?|mandatory|obligatory|supposed)\b")
_LIGHT_TEXT = """
    allow allowed permit permitted accept provide provided serve served serving exist location situated area hour hours
    time times price cost dollars amount please guest visitor customer welcome type kind option options facility
    facilities service information detail details policy regarding wonder curious ask inform normally usually typically
    generally away require required need needed
"""
_LIGHT = frozenset(stem(word) for word in _LIGHT_TEXT.split())
"""Stems that say nothing which the rest of a question does not."""
_ASKS_TIME = re.compile(r"\b(hours|times|what year|which year)\b")
_OF_KIND = {
    Kind.TIME: frozenset({stem("year")}),
    Kind.SIZE: frozenset(stem(word) for word in ("big", "large", "size")),
}
_SIDES = re.compile(r"\b(from|to|into|onto|off|between|versus|or)\b")
_ASKING = re.compile(r"\b(who|whose|where|when|why|which|what|how)\b")
_BY_YOU = re.compile(r"\b(?:do|does|can|could|will|would|are|did|should) (?:you|they|the \w+)\b")
_BY_ME = re.compile(r"\b(?:do|can|could|may|will|would|should|must|am|are) (?:i|we|people|guests|one)\b")
_TWO_SIDED_TEXT = """
    sell buy rent lend hire bring pay charge cancel call deliver pick send ship clean cook cut color park drive carry
    wash keep store refund move change invite visit show teach train own manage
"""
_TWO_SIDED = frozenset(stem(word) for word in _TWO_SIDED_TEXT.split())
"""What either side may do: who does it is part of the question."""


def normalised(question: str) -> str:
    """`question` in the form in which the same words are the same question: case, marks and courtesies do not count."""
    text = unicodedata.normalize("NFKC", question).replace("’", "'").casefold()
    for pattern, put in _ALIKE:
        text = pattern.sub(put, text)
    text = _NOT_SAID.sub(" ", _POLITE.sub(" ", text))
    return " ".join(text.split())


def serves_others(question: str) -> bool:
    """False for what is personal, true of the moment only, or understood from what was said before: the answer to it
    is for nobody else, and not for later."""
    if not normalised(question) or len(question) > LONGEST_QUESTION:
        return False
    return not (is_personal(question) or _PASSING.search(question) or _POINTS_BACK.search(question))


def is_personal(words: str) -> bool:
    """Whether `words` are about the caller's own affairs, or tell who they are."""
    return _PERSONAL.search(words) is not None or _PHONE.search(words) is not None


def names_in(question: str) -> frozenset[str]:
    """Words that are written like names, in lower case."""
    if question.istitle() or question.isupper():
        return frozenset()
    found = (name.casefold().replace("’", "'").removesuffix("'s") for name in _NAME.findall(question))
    return frozenset(name for name in found if name not in _NO_NAMES)


def same_question(asked: str, kept: str, similarity: float) -> bool:
    """Whether the answer to `kept` is one to `asked`. `similarity` is the cosine of the two."""
    if similarity < NEAR_ENOUGH:
        return False
    one, other = normalised(asked), normalised(kept)
    if one == other:
        return True
    core = _core(one)
    if not core or core != _core(other):
        return False
    return _alike(asked, kept) and _demands(one) == _demands(other) and _same_sides(one, other, core)


def _core(question: str) -> frozenset[str]:
    """The stems that the answer depends on, without those that the kind of question says already."""
    return content_terms(question) - _LIGHT - _OF_KIND.get(_kind(question), frozenset())


def _kind(question: str) -> Kind:
    kind = kind_of(question)
    return Kind.TIME if kind is Kind.ANYTHING and _ASKS_TIME.search(question) else kind


def _alike(asked: str, kept: str) -> bool:
    """Whether names and days are the same in both."""
    words = [frozenset(re.findall(r"[\w']+", each.casefold())) for each in (asked, kept)]
    if not (names_in(asked) <= words[1] and names_in(kept) <= words[0]):
        return False
    return days_asked(asked) == days_asked(kept)


def _demands(question: str) -> tuple[object, ...]:
    """What the kind of answer turns on: the question word, figures, limits, and whether one must or may."""
    words = re.findall(r"[\w']+(?:[.,:]\d+)*", question)
    kind = _kind(question)
    asking = _ASKING.search(question)
    word = asking.group().replace("which", "what") if asking and kind is Kind.ANYTHING else ""
    figures = frozenset(_NUMBERS.get(each, each) for each in words if each in _NUMBERS or each[0].isdigit())
    limits = frozenset(each for each in words if each in _LIMITS or each.endswith("n't"))
    return kind, word, figures, limits, _OBLIGED.search(question) is not None


def _same_sides(one: str, other: str, core: frozenset[str]) -> bool:
    """Whether nothing is the other way round: "from here to there", "do you sell" and "can I sell"."""
    if _SIDES.search(one) and _SIDES.search(other) and _order(one, core) != _order(other, core):
        return False
    return not core & _TWO_SIDED or {_doer(one), _doer(other)} != {"caller", "house"}


def _order(question: str, core: frozenset[str]) -> list[str]:
    return [term for term in (stem(word) for word in re.findall(r"[\w']+", question)) if term in core]


def _doer(question: str) -> str:
    if _BY_ME.search(question):
        return "caller"
    return "house" if _BY_YOU.search(question) else ""
