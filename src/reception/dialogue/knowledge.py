"""Answers in the business's own words: sentences of retrieved passages, with their source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.evidence import Evidence, enough, share, weigh
from reception.dialogue.inquiry import Inquiry, Kind, inquire
from reception.dialogue.spoken import say_list
from reception.dialogue.statements import cells, statements
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
    if not (inquiry.terms or inquiry.addresses):
        return ()
    found = weigh(inquiry, passages)
    near = enough(found)
    if not near:
        return ()
    best = near[0]
    if best.is_row and inquiry.many and inquiry.kind is Kind.ANYTHING and not best.subject <= inquiry.terms:
        return _examples(near)
    told = [best.passage]
    if not best.is_row:
        same = (best.passage.document_id, best.passage.heading)
        told = [each.passage for each in found if (each.passage.document_id, each.passage.heading) == same]
    return _best_sentences(inquiry, best, told)


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
    return tuple(sentences[index] for index in sorted(chosen))


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
