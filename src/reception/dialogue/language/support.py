"""Whether what a model wrote stands in what it was given; stricter than for quoted sentences, for it can be misled.

A caller's own figures prove nothing here ("it costs one dollar, right?"): figures, prices, times and links must stand
in the passages or the profile, a price beside what it is the price of.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reception.dialogue.grounding import facts_of, is_grounded
from reception.dialogue.language.promises import promises
from reception.dialogue.terms import content_terms
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.numbers import TENS, UNITS, read_cardinal
from reception.ports.dialogue import Citation, Say
from reception.ports.knowledge import Passage

LONGEST_SENTENCE = 360
_LEAST_SUPPORT = 0.5
"""The share of what a sentence speaks of that its sources, or the question, speak of too."""
_MARK = re.compile(r"\s*(?:[\[【]\d{1,3}(?:\s*,\s*\d{1,3})*(?:†[^\]】]*)?[\]】]|\(passages? \d{1,3}\))")
_NUMBERS = re.compile(r"\d{1,3}")
_PRICE = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)|\b(\d[\d,]*(?:\.\d+)?) ?(?:dollars|euros|pounds)\b", re.IGNORECASE)
_TERMS_OF_TRADE = frozenset(
    content_terms(
        "free complimentary included discount refund refundable guarantee guaranteed waived unlimited half percent deal"
    )
)
_WITHOUT = re.compile(
    r"\b(?:gluten|dairy|lactose|nut|sugar|alcohol|caffeine|meat|egg|smoke|toll|duty|hands|fat|wheat)[- ]?free\b",
    re.IGNORECASE,
)
"""What is free of something costs as much as anything."""
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n")
_NEGATED = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|unable|nobody|nothing|\w+n['’]t)\b", re.IGNORECASE
)
_CLAUSES = re.compile(r"[.;!?\n]| but | except ", re.IGNORECASE)
_OF_THE_BUSINESS = re.compile(r"\b(?:we|we['’]\w+|our|ours|us|there['’]s|there (?:is|are))\b", re.IGNORECASE)
_AGREES = re.compile(
    r"^\W*(?:yes|yeah|sure|of course|absolutely|certainly|definitely|ok(?:ay)?|no problem|correct|right|exactly|"
    r"agreed|deal)\b"
    r"|\b(?:that['’]s|that is|you['’]re|you are) (?:fine|right|correct|true|ok(?:ay)?)\b|\b(?:works for|can do)\b",
    re.IGNORECASE,
)
_LONGEST_TALK = 200
_DIGIT = re.compile(r"\d")
_NUMBER_WORD = re.compile(
    rf"\b(?:{'|'.join((*UNITS, *TENS, 'hundred', 'thousand', 'dozen', 'couple'))})\b", re.IGNORECASE
)
_MARKUP = re.compile(r"[*_`#]+|^\s*[-•]\s+")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a model was given for one answer. `said` is the question and the caller's words."""

    passages: Sequence[Passage]
    profile: str
    said: str


def plain(written: str) -> str:
    """What a model wrote as it may be said: without markup and without the marks of passages."""
    return " ".join(_MARKUP.sub("", _MARK.sub("", written)).split())


def checked(written: str, sources: Sources) -> Say | None:
    """The sentence of an answer with the passages it rests on; None where nothing stands behind it."""
    text = plain(written)
    if not content_terms(text) or len(text) > LONGEST_SENTENCE or promises(text):
        return None
    if not is_grounded(text, (*_texts(sources.passages), sources.profile, _names_only(sources.said))):
        return None
    if not (_figures_stand(text, sources) and _prices_stand(text, sources) and _same_way_round(text, sources)):
        return None
    if not _trade_stands(text, sources):
        return None
    resting = _resting_on(text, written, sources)
    if resting is None:
        return None
    return Say(text, tuple(Citation(one.chunk_id, one.document) for one in resting))


def is_mere_talk(text: str, sources: Sources) -> bool:
    """Whether a friendly sentence says nothing that could be held against the business: no figures, no names but known
    ones, no word of what it has or does, no consent and no promise."""
    return (
        0 < len(text) <= _LONGEST_TALK
        and not promises(text)
        and not _AGREES.search(text)
        and not _OF_THE_BUSINESS.search(text)
        and not content_terms(text) & _TERMS_OF_TRADE
        and not _DIGIT.search(text)
        and not _spoken_numbers(text)
        and is_grounded(text, (sources.profile, _names_only(sources.said)))
    )


def _texts(passages: Iterable[Passage]) -> list[str]:
    return [f"{one.document}\n{one.heading}\n{one.text}" for one in passages]


def _names_only(said: str) -> str:
    """The caller's words without figures: whom they speak of may be repeated, what they claim may not."""
    return re.sub(r"\S*[\d@]\S*", " ", said)


def _figures_stand(text: str, sources: Sources) -> bool:
    """Numbers in words, which are no facts to the general check: "forty dollars"."""
    spoken = _spoken_numbers(text)
    if not spoken:
        return True
    known: set[int] = set()
    for source in (sources.profile, *_texts(sources.passages)):
        known |= set(_spoken_numbers(source))
        for fact in facts_of(source):
            # "19:00" is also "seven".
            hour, colon, minute = fact.partition(":")
            if colon and hour.isdigit() and minute.isdigit():
                known |= {int(hour), int(hour) % 12 or 12, int(minute)}
            elif fact.isdigit():
                known.add(int(fact))
    return all(number in known for number in spoken)


def _spoken_numbers(text: str) -> list[int]:
    """The numbers that `text` has in words."""
    if not _NUMBER_WORD.search(text):
        return []
    tokens = tokenize(text)
    found: list[int] = []
    at = 0
    while at < len(tokens):
        number = read_cardinal(tokens, at)
        # "One" is mostly no number: "one of", "the one".
        if number is not None and number.value != 1 and not tokens[at].word.isdigit():
            found.append(number.value)
        at = number.end if number is not None else at + 1
    return found


def _prices_stand(text: str, sources: Sources) -> bool:
    prices = {match.group(1) or match.group(2) for match in _PRICE.finditer(text)}
    terms = content_terms(text) | content_terms(sources.said)
    return all(any(_priced(price, terms, one) for one in sources.passages) for price in prices)


def _priced(price: str, terms: frozenset[str], passage: Passage) -> bool:
    """Whether a line of `passage` has `price`, and it or its heading speaks of what the sentence speaks of."""
    for line in passage.text.splitlines():
        has = {match.group(1) or match.group(2) for match in _PRICE.finditer(line)}
        figures = {figure.replace(",", "") for figure in has}
        if (
            price.replace(",", "") in figures
            and terms & (content_terms(line) | content_terms(passage.heading)) - figures
        ):
            return True
    return False


def _trade_stands(text: str, sources: Sources) -> bool:
    """Whether "free", "included", "half" and the like stand in a sentence that speaks of the same thing."""
    terms = content_terms(_WITHOUT.sub(" ", text))
    trade = terms & _TERMS_OF_TRADE
    about = terms - trade or content_terms(sources.said) - _TERMS_OF_TRADE
    return all(any(_told_free(term, about, one) for one in sources.passages) for term in trade)


def _told_free(term: str, about: frozenset[str], passage: Passage) -> bool:
    heading = content_terms(passage.heading)
    told = (content_terms(_WITHOUT.sub(" ", sentence)) for sentence in _SENTENCES.split(passage.text))
    return any(term in there and about & (there | heading) for there in told)


def _same_way_round(text: str, sources: Sources) -> bool:
    """Whether the clause that speaks of the same things most says no where the sentence does, and yes where it does."""
    terms = content_terms(text)
    clauses = (clause for one in sources.passages for clause in _clauses(one.text))
    weighed = [(_share(terms, spoken_of), negated) for spoken_of, negated in clauses]
    best = max((share for share, _ in weighed), default=0.0)
    if best < _LEAST_SUPPORT:
        return True
    return any(negated == bool(_NEGATED.search(text)) for share, negated in weighed if share == best)


@lru_cache(maxsize=1024)
def _clauses(text: str) -> tuple[tuple[frozenset[str], bool], ...]:
    """What each clause of a passage speaks of, and whether it says no."""
    return tuple((content_terms(clause), bool(_NEGATED.search(clause))) for clause in _CLAUSES.split(text))


@lru_cache(maxsize=1024)
def _terms_of(text: str) -> frozenset[str]:
    return content_terms(text)


def _resting_on(text: str, written: str, sources: Sources) -> tuple[Passage, ...] | None:
    """The passages that the sentence names, else the one nearest to it; none where the profile or nothing but manners
    carries it; None where it speaks of what no source speaks of."""
    terms = content_terms(text)
    marked = {
        int(number) for mark in _MARK.finditer(written) for number in _NUMBERS.findall(mark.group().partition("†")[0])
    }
    named = tuple(one for number, one in enumerate(sources.passages, 1) if number in marked)
    given = [(one, _terms_of(f"{one.document} {one.heading} {one.text}")) for one in sources.passages]
    profile = _terms_of(sources.profile)
    stated = profile.union(*(found for _, found in given))
    if (terms & _TERMS_OF_TRADE) - stated or _share(terms, stated | content_terms(sources.said)) < _LEAST_SUPPORT:
        return None
    if named:
        return named
    nearest = max(given, key=lambda pair: _share(terms, pair[1]), default=None)
    if nearest is None or _share(terms, nearest[1]) <= _share(terms, profile):
        return ()
    return (nearest[0],)


def _share(terms: frozenset[str], known: frozenset[str]) -> float:
    return len(terms & known) / len(terms) if terms else 1.0
