"""How well passages answer an inquiry, and what speaks against each of them."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from reception.core.slips import is_slip
from reception.core.thesaurus import PRICED_APART, SORTS, is_known, siblings
from reception.dialogue.inquiry import Inquiry, Kind, days_in, kind_of
from reception.dialogue.statements import ROW, cells, statements
from reception.dialogue.terms import all_terms, content_terms, stem
from reception.ports.knowledge import Passage

_COVERED = 0.35
_SUBJECT = 0.08
_ROW_SUBJECT = 0.2
_PROSE = 0.12
_HEAD = 0.04
_ELSEWHERE = 0.3
_OTHER_KIND = 0.43
_OFF_SUBJECT = 0.15
_ASKED_ALIKE = 0.08
_OF_THE_DAY = 0.1
_UNSEEN = 0.03
_ENOUGH = 0.62
_AHEAD = 0.25
_MOST_AHEAD = 0.3
"""Weights against a cosine of 1, and the sum that an answer needs: from a logistic fit to questions with known answers,
where this sum stands for a chance of one in five before the guards."""
_WITHOUT_MEANING = 0.45
"""What stands in for the cosine where only words were searched for."""
_MISSING_OF_ROW = 0.3
_PRICED = 0.5
"""The share of what is asked about that the sentence with the price, or its heading, must speak of."""
_ATTRIBUTE = 0.5
"""The share of the question's other words that a passage about the named thing must hold."""
_HARD_KINDS = frozenset({Kind.PRICE, Kind.COUNT, Kind.PERSON})
_EXTREME = re.compile(
    r"\b(cheapest|dearest|most expensive|least expensive|biggest|largest|smallest|newest|oldest|nearest)\b",
    re.IGNORECASE,
)
_SHORTEST_SLIP = 5
_ALL_OTHERS = re.compile(r"\b(?:other|all|any|no) (\w+)", re.IGNORECASE)
_OF_ONES_OWN = re.compile(r"\b(?:can|may|could|should) (?:I|we) (\w+) (?:my|our)\b", re.IGNORECASE)
"""What is done with a thing of one's own says less than the thing: "can I fly my drone". """
_LETTERS_ALL = re.compile(r"[^\W\d_]+")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_SORTS = {stem(word): tuple(map(stem, wider)) for word, wider in SORTS.items()}
_PRICED_APART = frozenset(map(stem, PRICED_APART))
_WITH_OWN = re.compile(r"\b(?:can|may|could|should|where do|do) (?:I|we) \w+ (?:my|our) (\w+)", re.IGNORECASE)
"""The thing of one's own that something is to be done with is what the question is about."""
_DONE_BY_CALLER = re.compile(r"\b(?:can|may|could|do|should|must) (?:I|we) (?:get to |have to )?(\w+)", re.IGNORECASE)
_DONE_BY_HOUSE = re.compile(r"\bwe (\w+) your\b", re.IGNORECASE)
_DAY_THING = re.compile(
    r"(?<!\bon )(?<!\bthis )(?<!\bnext )\b(?:mon|tues|wednes|thurs|fri|satur|sun)day (?!(?:and|or|to|at|for|in|"
    r"through|until|from|is|are|do|does|mornings?|afternoons?|evenings?|nights?)\b)(\w+)",
    re.IGNORECASE,
)
"""A thing that goes by a day: "a Sunday roast". """
_JOINTS = re.compile(r"\b(with|of|on|and|or|in|for|at)\b|,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage as an answer. `weights` are those of the question's terms, the rarer the heavier; `subject` holds
    the stems of its heading or of what its row is about; `covered` is the share of the weights in its best sentence."""

    passage: Passage
    score: float
    is_row: bool
    subject: frozenset[str]
    weights: dict[str, float]
    covered: float


def weigh(inquiry: Inquiry, passages: Sequence[Passage]) -> list[Evidence]:
    """The passages that nothing speaks against, best first."""
    scopes = [_spoken_of(f"{each.document} {each.heading} {each.text}", inquiry) for each in passages]
    spoken = frozenset[str]().union(*scopes)
    inquiry = _in_words_spoken(inquiry, passages, spoken)
    count = len(passages)
    weights = {term: math.log(1 + count / (1 + sum(term in scope for scope in scopes))) for term in inquiry.terms}
    found = []
    told = _told_of_same(passages, scopes)
    own = {stem(noun.lower()) for noun in _WITH_OWN.findall(inquiry.text)} & inquiry.terms
    for passage, scope in zip(passages, scopes, strict=True):
        if inquiry.addresses and share(_others(inquiry, weights), told[_place(passage)]) < _ATTRIBUTE:
            continue
        if own & spoken and not own & scope:
            continue
        if not _may_answer(inquiry, passage, scope, weights):
            continue
        found.append(_weighed(inquiry, passage, scope, spoken, weights))
    return sorted(found, key=lambda each: -each.score)


def _in_words_spoken(inquiry: Inquiry, passages: Sequence[Passage], spoken: frozenset[str]) -> Inquiry:
    """What is asked about in the words of the passages: a word misspelt or misheard is the one that it resembles, and
    where nothing is said of a thing nor of another of its sort, but of the sort, that is what is asked about. Rules for
    pets hold for a dog, unless they tell dogs from cats."""
    strange = inquiry.terms - spoken
    meant = {
        term: _wider(term, passages, spoken, inquiry.kind) or _respelled(term, inquiry.text, passages)
        for term in strange
    }
    terms = frozenset(meant.get(term) or term for term in inquiry.terms)
    for one, other in pairwise(_LETTERS_ALL.findall(inquiry.text.lower())):
        parts, joined = {stem(one), stem(other)}, stem(one + other)
        if parts <= terms and parts & strange and joined in spoken:
            terms = terms - parts | {joined}
    beside = {stem(verb.lower()) for verb in _OF_ONES_OWN.findall(inquiry.text)} - spoken
    terms = terms - beside if terms - beside else terms
    return inquiry if terms == inquiry.terms else replace(inquiry, terms=terms)


def _wider(term: str, passages: Sequence[Passage], spoken: frozenset[str], kind: Kind) -> str:
    wider = next((sort for sort in _SORTS.get(term, ()) if sort in spoken), "")
    if kind is Kind.PRICE and wider in _PRICED_APART:
        return ""
    if wider and any(stem(other) in spoken for other in siblings(term)):
        rest = (word for each in passages for word in _ALL_OTHERS.findall(f"{each.heading}. {each.text}"))
        return wider if any(wider in (stem(word), *_SORTS.get(stem(word), ())) for word in rest) else ""
    return wider


def _respelled(term: str, question: str, passages: Sequence[Passage]) -> str:
    """The stem of the only word in `passages` that differs by a slip from the word of the question whose stem is
    `term`; empty for a short word, and for one that is known."""
    written = next((word for word in _LETTERS.findall(question.lower()) if stem(word) == term), "")
    if len(written) < _SHORTEST_SLIP or is_known(written):
        return ""
    words = {word for each in passages for word in _LETTERS.findall(f"{each.heading} {each.text}".lower())}
    near = {stem(word) for word in words if word[0] == written[0] and is_slip(written, word)}
    return near.pop() if len(near) == 1 else ""


def enough(found: Sequence[Evidence]) -> list[Evidence]:
    """Of `found`, best first, those good enough to answer with; that the best is far ahead of others speaks for it."""
    if not found:
        return []
    best = found[0]
    rest = (each.score for each in found if _place(each.passage) != _place(best.passage))
    ahead = min(best.score - next(rest, best.score - _MOST_AHEAD), _MOST_AHEAD)
    needed = min(_ENOUGH, best.score) if best.score + _AHEAD * ahead * best.covered >= _ENOUGH else math.inf
    return [each for each in found if each.score >= needed]


def _spoken_of(text: str, inquiry: Inquiry) -> frozenset[str]:
    """What `text` is about, words that are everywhere among it where nothing else is asked about."""
    return content_terms(text) | (all_terms(text) & inquiry.terms)


def _place(passage: Passage) -> tuple[UUID, str]:
    return passage.document_id, passage.heading


def _told_of_same(
    passages: Sequence[Passage], scopes: Sequence[frozenset[str]]
) -> dict[tuple[UUID, str], frozenset[str]]:
    """What all passages under a heading speak of together: a home is described in several."""
    told: dict[tuple[UUID, str], frozenset[str]] = {}
    for passage, scope in zip(passages, scopes, strict=True):
        told[_place(passage)] = told.get(_place(passage), frozenset()) | scope
    return told


def share(weights: dict[str, float], within: frozenset[str]) -> float:
    """The part of the weights whose terms are `within`; all of them when there are none."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in within) / total if total else 1.0


def _weighed(
    inquiry: Inquiry, passage: Passage, scope: frozenset[str], spoken: frozenset[str], weights: dict[str, float]
) -> Evidence:
    row = ROW.match(passage.text) is not None
    name = cells(passage.text)[0][1] if row else passage.heading.rpartition(" > ")[2]
    subject = _spoken_of(name, inquiry)
    covered = max(share(weights, _spoken_of(sentence, inquiry) | subject) for sentence in statements(passage.text))
    elsewhere = share(weights, (spoken - scope) & inquiry.terms) if weights else 0.0
    score = passage.similarity if passage.similarity is not None else _WITHOUT_MEANING
    score += _COVERED * covered + (_ROW_SUBJECT if row else _SUBJECT) * len(inquiry.terms & subject) / max(
        1, len(subject)
    )
    score -= _ELSEWHERE * elsewhere + _OFF_SUBJECT * (not covered)
    if _head(name) in inquiry.terms:
        score += _HEAD
    if not inquiry.holds(passage.text):
        score -= _OTHER_KIND
    if inquiry.kind is not Kind.ANYTHING and not row and kind_of(name) is inquiry.kind:
        score += _ASKED_ALIKE
    if row and inquiry.kind is Kind.ANYTHING:
        score -= _PROSE
    if inquiry.days & days_in(passage.text):
        score += _OF_THE_DAY
    if weights:
        score -= _UNSEEN * share(weights, inquiry.terms - spoken)
    return Evidence(passage, score, row, subject, weights, covered)


def _head(name: str) -> str:
    """The stem of the noun that `name` turns on: "fries" of "hand cut fries", "fingers" of "chicken fingers with
    fries"."""
    words = _JOINTS.split(name, maxsplit=1)[0].split()
    return stem(words[-1].strip("?.,")) if words else ""


def _may_answer(inquiry: Inquiry, passage: Passage, scope: frozenset[str], weights: dict[str, float]) -> bool:
    """False where the question is about another thing of the same sort, or for what is not stated of this one."""
    known = f"{passage.document} {passage.heading} {passage.text}".casefold()
    extreme = _EXTREME.search(inquiry.text)
    if extreme is not None and extreme.group().casefold() not in known:
        return False
    if any(address not in known for address in inquiry.addresses):
        return False
    if any(name not in known and stem(name) not in scope for name in inquiry.names):
        return False
    if inquiry.kind in _HARD_KINDS and not inquiry.holds(passage.text):
        return False
    if _is_of_another_day(inquiry, passage) or _is_our_doing(inquiry, passage.text):
        return False
    if not inquiry.day_fits(passage.text) or _is_of_a_sibling(inquiry, scope):
        return False
    if passage.similarity is None and share(weights, scope) < 2 * _COVERED:
        return False
    if ROW.match(passage.text):
        return _row_may_answer(inquiry, passage, scope, weights)
    return inquiry.kind is not Kind.PRICE or _is_priced(inquiry, passage, weights)


def _is_of_another_day(inquiry: Inquiry, passage: Passage) -> bool:
    """Whether a thing is asked for that goes by a day which the passage does not speak of."""
    thing = _DAY_THING.search(inquiry.text)
    if thing is None or stem(thing.group(1).lower()) not in inquiry.terms:
        return False
    return not inquiry.days & days_in(f"{passage.heading}. {passage.text}")


def _is_our_doing(inquiry: Inquiry, text: str) -> bool:
    """Whether the caller asks what they may do, and the text says only what the house does to theirs: "how long can we
    keep the table", "we keep your table"."""
    done = {stem(verb.lower()) for verb in _DONE_BY_CALLER.findall(inquiry.text)} & inquiry.terms
    ours = {stem(verb.lower()) for verb in _DONE_BY_HOUSE.findall(text)}
    return bool(done & ours) and not any(
        done & content_terms(sentence) and not _DONE_BY_HOUSE.search(sentence) for sentence in statements(text)
    )


def _is_of_a_sibling(inquiry: Inquiry, scope: frozenset[str]) -> bool:
    """Whether the passage tells of dogs where cats are asked about."""
    strange = inquiry.terms - scope
    return any(stem(other) in scope for term in strange for other in siblings(term))


def _others(inquiry: Inquiry, weights: dict[str, float]) -> dict[str, float]:
    """The weights of the terms that do not belong to an address."""
    named = content_terms(" ".join(inquiry.addresses))
    return {term: weight for term, weight in weights.items() if term not in named}


def _row_may_answer(inquiry: Inquiry, passage: Passage, scope: frozenset[str], weights: dict[str, float]) -> bool:
    """A row is about its subject alone, and about something that is asked."""
    labels = content_terms(" ".join(label for label, _ in cells(passage.text)))
    name = cells(passage.text)[0][1]
    named = _head(name) in inquiry.terms or not inquiry.terms - content_terms(f"{passage.heading} {name}") - labels
    if inquiry.kind is Kind.PRICE and not named:
        return False
    missing = share(weights, frozenset(weights) - scope) if weights else 0.0
    return missing <= _MISSING_OF_ROW and bool(inquiry.terms & content_terms(passage.text) - labels)


def _is_priced(inquiry: Inquiry, passage: Passage, weights: dict[str, float]) -> bool:
    subject = content_terms(passage.heading)
    return any(
        inquiry.holds(sentence) and share(weights, content_terms(sentence) | subject) >= _PRICED
        for sentence in statements(passage.text)
    )
