"""Answers in the business's own words: sentences of retrieved passages, with their source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.replies import split_sentences
from reception.dialogue.terms import content_terms
from reception.ports.dialogue import Citation
from reception.ports.knowledge import Passage

_MOST_SENTENCES = 3
_LONGEST_ANSWER = 320
"""Characters of an answer, beyond which only the best sentences of a passage are said."""

_SURE = 0.62
_LIKELY = 0.42
_WORDS_ALONE = 0.75

_MONEY = re.compile(
    r"[$€£]\s?\d|\bfree\b|no (extra )?(charge|cost|fee)|complimentary|included|\d+ (dollars|percent)", re.I
)
_ASKS_PRICE = re.compile(
    r"\b(how much|price|prices|cost|costs|fee|fees|charge|charges|rate|rates|expensive|rent for)\b", re.I
)
_CLOCK = re.compile(r"\b\d{1,2}(:\d\d)?\s?([ap]\.?m\b)|\b(noon|midnight|24 hours|hours?|minutes?|day|days)\b", re.I)
_ASKS_TIME = re.compile(r"\b(when|what time|how (late|early)|until when|what hours)\b", re.I)
_QUESTION_LINE = re.compile(r"^(?:Q:|A:|\*\*|#+\s*)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and where it stands."""

    text: str
    citation: Citation
    source: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    passage: Passage
    coverage: float
    score: float


def compose(question: str, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """The one to three sentences that answer `question`; none when no passage is near enough."""
    asked = content_terms(question)
    near = [weighed for passage in passages if _is_near(weighed := _weigh(asked, passage))]
    near.sort(key=lambda weighed: -weighed.score)
    wanted = _MONEY if _ASKS_PRICE.search(question) else _CLOCK if _ASKS_TIME.search(question) else None
    if wanted is not None:
        fitting = [weighed for weighed in near if wanted.search(weighed.passage.text)]
        if not fitting and wanted is _MONEY:
            return ()
        near = fitting or near
    if not near:
        return ()
    passage = near[0].passage
    citation = Citation(passage.chunk_id, passage.document)
    source = f"{passage.heading}\n{passage.text}"
    return tuple(Sentence(text, citation, source) for text in _best_sentences(asked, passage, wanted))


def _weigh(asked: frozenset[str], passage: Passage) -> _Weighed:
    body, heading = content_terms(passage.text), content_terms(passage.heading)
    hits = asked & (body | heading)
    coverage = len(hits) / len(asked) if asked else 0.0
    in_heading = len(asked & heading) / len(asked) if asked else 0.0
    similarity = passage.similarity if passage.similarity is not None else 0.0
    return _Weighed(passage, coverage, similarity + 0.35 * coverage + 0.15 * in_heading)


def _is_near(weighed: _Weighed) -> bool:
    similarity = weighed.passage.similarity
    if similarity is None:
        return weighed.coverage >= _WORDS_ALONE
    if similarity >= _SURE:
        return True
    return similarity >= _LIKELY and weighed.coverage >= 0.5


def _best_sentences(asked: frozenset[str], passage: Passage, wanted: re.Pattern[str] | None) -> tuple[str, ...]:
    sentences = statements(passage.text)
    if sum(map(len, sentences)) <= _LONGEST_ANSWER and len(sentences) <= _MOST_SENTENCES:
        return sentences
    heading = content_terms(passage.heading)
    scored: list[tuple[float, int]] = []
    for index, sentence in enumerate(sentences):
        terms = content_terms(sentence)
        score = 2.0 * len(asked & terms) + 0.3 * len(heading & terms) - 0.05 * index
        if wanted is not None and wanted.search(sentence):
            score += 1.5
        scored.append((score, index))
    scored.sort(reverse=True)
    best = scored[0][0]
    chosen: list[int] = []
    length = 0
    for score, index in scored[:_MOST_SENTENCES]:
        if chosen and (score < 0.6 * best or length + len(sentences[index]) > _LONGEST_ANSWER):
            continue
        chosen.append(index)
        length += len(sentences[index])
    return tuple(sentences[index] for index in sorted(chosen))


def statements(text: str) -> tuple[str, ...]:
    """The sentences of a passage that state something: no headings, no questions, table rows as sentences."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        stripped = _QUESTION_LINE.sub("", line.strip().lstrip("-•").strip()).strip("* ")
        if not stripped or set(stripped) <= set("|-: "):
            continue
        if stripped.startswith("|"):
            found += _flush(lines)
            cells = [cell.strip() for cell in stripped.strip("|").split("|") if cell.strip()]
            found.append(f"{cells[0]}: {', '.join(cells[1:])}." if len(cells) > 1 else f"{cells[0]}.")
        else:
            lines.append(stripped)
    found += _flush(lines)
    return tuple(sentence for sentence in found if not sentence.endswith("?")) or tuple(found)


def _flush(lines: list[str]) -> list[str]:
    sentences = [ended(sentence) for sentence in split_sentences(" ".join(lines))]
    lines.clear()
    return sentences


def ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", ":")) else f"{sentence}."
