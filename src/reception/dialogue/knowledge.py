"""Answers in the business's own words: sentences of retrieved passages, with their source."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from reception.core.requirements import Requirements, requirements, without_requirements
from reception.dialogue.deeds import told_to_do
from reception.dialogue.evidence import Evidence, enough, share, weigh
from reception.dialogue.inquiry import DAYS, Inquiry, Kind, days_in, inquire, lengths_in, names_in
from reception.dialogue.spoken import say_list
from reception.dialogue.statements import ROW, cells, statements
from reception.dialogue.terms import content_terms
from reception.ports.dialogue import Citation
from reception.ports.knowledge import Passage

_MOST_SENTENCES = 3
_LONGEST_ANSWER = 320
"""Characters of an answer, beyond which only the best sentences of a passage are said."""
_MOST_EXAMPLES = 4
_OF_KIND = 1.0
"""What a sentence of the kind that is asked for counts, against one that speaks of everything asked about."""
_CLOSE_TO_BEST = 0.7
PASSAGES = 10
_PASSAGES_SEARCHED = 50
_MOST_OF_OTHERS = 0.75
"""The share of what else is asked for that must be told of a thing that is looked for by what it has or costs."""
_GENERIC = content_terms("home homes property listing option sale sell market buy price budget dollars thousand listed")
NOTHING_ON = "I have nothing on {days}."
"""Said after what is stated of other days, or other lengths, than those asked about."""
_POINTS_BACK = re.compile(r"(It|They|Its|Their)\b")
_STATES_PRICE = re.compile(r"\b(for|is|are|costs?) (about |only |from )?[$€£]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and where it stands."""

    text: str
    citation: Citation
    source: str


def compose(question: str, passages: Sequence[Passage], about: str = "") -> tuple[Sentence, ...]:
    """The one to three sentences that answer `question`; none when no passage is near enough.

    Args:
        about: the name, place and sort of the business, which every question is about.
    """
    inquiry = inquire(question, about)
    required = requirements(question)
    if not (inquiry.terms or inquiry.addresses or required.searches):
        return _told_to_do(question, passages[:PASSAGES])
    if required.searches and not inquiry.addresses and not _names_one(question, passages):
        return _fitting(question, required, inquiry, passages, about)
    passages = [each for each in passages[:PASSAGES] if inquiry.addresses or required.admits_guests(each.text)]
    found = weigh(inquiry, passages)
    near = enough(found)
    if not near:
        return _of_other_days(inquiry, passages)
    best = near[0]
    if best.is_row and inquiry.many and inquiry.kind is Kind.ANYTHING and not best.subject <= inquiry.terms:
        return _examples(near)
    told = [best.passage]
    if not best.is_row:
        same = (best.passage.document_id, best.passage.heading)
        told = [each.passage for each in found if (each.passage.document_id, each.passage.heading) == same]
    return _of_other_lengths(inquiry, _best_sentences(inquiry, best, told))


def _of_other_lengths(inquiry: Inquiry, told: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """`told`; or where it states prices of other lengths than the one asked about, those, and that this is
    not among them: "A massage of 50 minutes costs $110. I have nothing on 30 minutes." """
    asked = lengths_in(inquiry.text)
    stated = [each for each in told if lengths_in(each.text) and inquiry.holds(each.text)]
    if inquiry.kind is not Kind.PRICE or not asked or not stated:
        return told
    if asked & frozenset[str]().union(*(lengths_in(each.text) for each in told)):
        return told
    named = f"{say_list(sorted(asked), 'and')} minutes"
    last = stated[0]
    return (last, replace(last, text=NOTHING_ON.format(days=named), source=f"{last.source}\n{named}"))


def _of_other_days(inquiry: Inquiry, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """What is stated of other days than those asked about, and that nothing is of these: "Breakfast is from 7 to 11 on
    weekdays. I have nothing on Sundays." """
    if not inquiry.days:
        return ()
    any_day = replace(inquiry, days=frozenset())
    near = enough(weigh(any_day, passages))
    if not near or near[0].is_row:
        return ()
    told = _best_sentences(any_day, near[0], [near[0].passage])
    stated = [each for each in told if days_in(each.text) and not inquiry.day_fits(each.text)]
    if not stated or any(inquiry.days & days_in(each.text) for each in told):
        return ()
    last = stated[0]
    named = say_list([f"{DAYS[day]}s" for day in sorted(inquiry.days)], "and")
    return (last, replace(last, text=NOTHING_ON.format(days=named), source=f"{last.source}\n{named}"))


def _told_to_do(question: str, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """What callers are told to do, each with the heading that says for what."""
    told = list(told_to_do(question, passages))
    places = {each.heading for _, each in told}
    said = []
    for text, each in told:
        heading = each.heading.rpartition(" > ")[2]
        named = f"{heading}: {text[0].lower()}{text[1:]}" if len(places) > 1 and heading else text
        said.append(Sentence(named, Citation(each.chunk_id, each.document), f"{each.heading}\n{each.text}"))
    return tuple(said)


def wanted_passages(question: str) -> int:
    """How many passages `question` needs: all things are looked at where one is searched for by what it has."""
    return _PASSAGES_SEARCHED if requirements(question).searches else PASSAGES


def _names_one(question: str, passages: Sequence[Passage]) -> bool:
    """Whether the question is about one thing by its name: "does the Family Suite have two bedrooms"."""
    asked = question.casefold()
    names = (each.heading.rpartition(" > ")[2].casefold() for each in passages)
    return any(" " in name and name in asked for name in names)


def _fitting(
    question: str, required: Requirements, inquiry: Inquiry, passages: Sequence[Passage], about: str
) -> tuple[Sentence, ...]:
    """The things of which all that is required is told, by the sentence that names each; of one alone, what it has."""
    fitting = _things(question, required, inquiry, passages, about)
    if len(fitting) == 1:
        return tuple(fitting[0])
    said: list[Sentence] = []
    for sentences in fitting[:_MOST_SENTENCES]:
        if not said or sum(len(one.text) for one in said) + len(sentences[0].text) <= _LONGEST_ANSWER:
            said.append(sentences[0])
    return tuple(said)


def find_things(question: str, passages: Sequence[Passage], about: str = "") -> list[list[Sentence]]:
    """The things that a `question` which searches for some is answered with; each by the sentence that names it, with
    what else is required of it."""
    required, inquiry = requirements(question), inquire(question, about)
    if not required.searches or inquiry.addresses or _names_one(question, passages):
        return []
    return _things(question, required, inquiry, passages, about)


def _things(
    question: str, required: Requirements, inquiry: Inquiry, passages: Sequence[Passage], about: str
) -> list[list[Sentence]]:
    others = inquire(without_requirements(question), about).terms - _GENERIC
    things: dict[tuple[object, ...], list[Passage]] = {}
    for passage in passages:
        row = passage.chunk_id if ROW.match(passage.text) else None
        things.setdefault((passage.document_id, passage.heading, row), []).append(passage)
    fitting: list[list[Sentence]] = []
    for told in things.values():
        text = "\n".join(passage.text for passage in told)
        scope = content_terms(f"{told[0].document} {told[0].heading} {text}")
        known = f"{told[0].heading} {text}".casefold()
        if not all(name in known for name in inquiry.names) or _share_told(others, scope) < _MOST_OF_OTHERS:
            continue
        naming = _naming(required, told)
        if naming and required.hold(text) and required.price_holds(naming[0].text):
            fitting.append(naming)
    return fitting


def _share_told(terms: Set[str], scope: Set[str]) -> float:
    return len(terms & scope) / len(terms) if terms else 1.0


def _naming(required: Requirements, told: Sequence[Passage]) -> list[Sentence]:
    """The sentence that says what the thing is, then the one that tells what is required of it; none without a name."""
    sentences = [
        Sentence(text, Citation(passage.chunk_id, passage.document), f"{passage.heading}\n{passage.text}")
        for passage in told
        for text in statements(passage.text)
    ]
    if ROW.match(told[0].text):
        return sentences[:1]
    name = told[0].heading.rpartition(" > ")[2]
    named = [at for at, one in enumerate(sentences) if name in one.text]
    if not named or name.endswith("?"):
        return []
    priced = next((at for at in named if _STATES_PRICE.search(sentences[at].text)), None)
    if priced is None and (required.bounds_price or required.homes):
        return []
    first = named[0] if priced is None else priced
    more = [at for at, one in enumerate(sentences) if required.counts and required.counts_hold(one.text)]
    if not more or first in more:
        return [sentences[first]]
    telling = sentences[more[0]]
    return [sentences[first], telling if more[0] == first + 1 else with_subject(telling, name)]


def with_subject(sentence: Sentence, name: str) -> Sentence:
    """A sentence that begins with "It" names what it is about: "14 Willow Lane: it has three bedrooms." """
    if not _POINTS_BACK.match(sentence.text) or not name or name.endswith("?"):
        return sentence
    return replace(sentence, text=f"{name}: {sentence.text[0].lower()}{sentence.text[1:]}")


def _examples(near: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """What the rows that fit are about: "For example: Tomato soup and Lemon sorbet." """
    rows = [each.passage for each in near if each.is_row][:_MOST_EXAMPLES]
    source = "\n".join(f"{row.heading}\n{row.text}" for row in rows)
    names = say_list([cells(row.text)[0][1] for row in rows], "and")
    return (Sentence(f"For example: {names}.", Citation(rows[0].chunk_id, rows[0].document), source),)


def _best_sentences(inquiry: Inquiry, best: Evidence, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """The sentences that answer, in their order; all of a passage that is short and alone."""
    sentences = [
        Sentence(text, Citation(passage.chunk_id, passage.document), f"{passage.heading}\n{passage.text}")
        for passage in passages
        for text in statements(passage.text, prices=inquiry.kind is Kind.PRICE)
    ]
    sentences = _of_named(inquiry, sentences)
    length = sum(len(sentence.text) for sentence in sentences)
    if len(passages) == 1 and len(sentences) <= _MOST_SENTENCES and length <= _LONGEST_ANSWER:
        return tuple(sentences)
    scored = sorted(
        ((_worth(inquiry, best, sentence.text, index), -index) for index, sentence in enumerate(sentences)),
        reverse=True,
    )
    chosen: list[int] = []
    length = 0
    for worth, index in scored[:_MOST_SENTENCES]:
        text = sentences[-index].text
        if chosen and (worth < _CLOSE_TO_BEST * scored[0][0] or length + len(text) > _LONGEST_ANSWER):
            continue
        chosen.append(-index)
        length += len(text)
    said = sorted(chosen)
    return tuple(
        sentences[index] if index - 1 in said else with_subject(sentences[index], _subject_of(sentences[index]))
        for index in said
    )


def _of_named(inquiry: Inquiry, sentences: list[Sentence]) -> list[Sentence]:
    """Those about what is asked for by its name, where some are: the museum's hours, not the market's beside them. What
    names nothing is about whatever is named around it."""
    named = [any(name in each.text.casefold() for name in inquiry.names) for each in sentences]
    if not any(named):
        return sentences
    pairs = zip(sentences, named, strict=True)
    return [each for each, is_named in pairs if is_named or not names_in(each.text)]


def _subject_of(sentence: Sentence) -> str:
    """The last heading over a sentence, where its text is about what the heading names."""
    heading, _, text = sentence.source.partition("\n")
    name = heading.rpartition(" > ")[2]
    return name if name in text else ""


def _worth(inquiry: Inquiry, best: Evidence, text: str, index: int) -> float:
    """How much a sentence of the chosen passages answers."""
    asked = {term: weight for term, weight in best.weights.items() if term not in best.subject}
    worth = share(asked, content_terms(text)) - 0.02 * index
    if inquiry.kind is not Kind.ANYTHING and inquiry.holds(text):
        worth += _OF_KIND
    if inquiry.kind is Kind.PRICE and _STATES_PRICE.search(text):
        worth += _OF_KIND
    if not inquiry.day_fits(text):
        worth -= _OF_KIND
    return worth
