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

_NEAR = 0.53
_WORDS_ALONE = 0.75
_COVERAGE_WEIGHT = 0.3
_HEADING_WEIGHT = 0.6
"""What a word of the question found only in the heading counts, against one in the text."""
_KIND_BONUS = 0.12
_ROW_BONUS = 0.2
_HEADING_BONUS = 0.1

_MONEY = re.compile(
    r"[$€£]\s?\d|\bfree\b|\bno (\w+ )?(charge|cost|fee)|complimentary|included|\bpercent\b|\bdollars\b|month's rent|"
    r"times the",
    re.IGNORECASE,
)
_ASKS_PRICE = re.compile(
    r"\b(how much|prices?|costs?|fees?|charges?|rates?|expensive|set me back|rent for|asking for)\b",
    re.I,
)
_CLOCK = re.compile(
    r"\b\d{1,2}(:\d\d)?\s?[ap]\.?m\b|\b(noon|midnight|hours?|minutes?|days?|weeks?|months?|first|mon|tues|wednes|thurs|fri|satur|sun)",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\b(when|what time|how (late|early|long)|until when|what hours)\b", re.IGNORECASE)
_QUESTION_LINE = re.compile(r"^(?:Q:|A:|\*\*|#+\s*)")
_ROW = re.compile(r"^[\w' -]{1,30}: [^;.]+(; [\w' -]{1,40}: [^;]+)+")
_ADDRESS = re.compile(
    r"\b(\d+ )?(?!the\b)[\w']+ (street|road|avenue|lane|drive|court|terrace|way|square|boulevard)\b", re.IGNORECASE
)
_PLACE = re.compile(
    r"\b(street|road|avenue|corner|across|behind|next to|floor|located|level|lobby|(from|away)\b)", re.IGNORECASE
)
_ASKS_PLACE = re.compile(r"\bwhere\b(?! (does|do) .* (come|from))", re.IGNORECASE)
_EXTREME = re.compile(
    r"\b(cheapest|dearest|most expensive|least expensive|biggest|largest|smallest|newest|oldest|nearest)\b",
    re.IGNORECASE,
)
_ASKS_COUNT = re.compile(r"\bhow many (\w+)", re.IGNORECASE)
_STATES_PRICE = re.compile(r"\b(for|is|are|costs?) (about |only |from )?[$€£]")
_CLOSE_TO_BEST = 0.7
_PLAIN_LABELS = frozenset(
    {"notes", "description", "details", "what it is", "comment", "price", "diet", "diet and allergens"}
)


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
    wanted = _wanted_kind(question)
    asked = content_terms(question)
    if wanted is _MONEY:
        asked = asked - _PRICE_TERMS or asked
    weighed = [_weigh(asked, passage, wanted) for passage in passages if _may_answer(question, asked, passage)]
    near = sorted((one for one in weighed if _is_near(one)), key=lambda one: -one.score)
    if wanted is _MONEY:
        near = [one for one in near if one.coverage and _MONEY.search(one.passage.text)]
    if not near:
        return ()
    best = near[0].passage
    told = [best]
    if wanted is _MONEY and not asked - content_terms(best.heading) and not _ROW.match(best.text):
        told = [one.passage for one in near if one.passage.heading == best.heading]
    return _best_sentences(asked, told, wanted)


def _wanted_kind(question: str) -> re.Pattern[str] | None:
    """What a sentence must hold to be of the kind that is asked for."""
    if _ASKS_PRICE.search(question):
        return _MONEY
    if _ASKS_TIME.search(question):
        return _CLOCK
    if _ASKS_PLACE.search(question):
        return _PLACE
    counted = _ASKS_COUNT.search(question)
    if counted is None:
        return None
    noun = counted.group(1).lower()
    noun = "(guests|people|persons)" if noun in {"people", "guests", "persons"} else re.escape(noun.rstrip("s"))
    return re.compile(rf"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve) (\w+ )?{noun}", re.IGNORECASE)


def _weigh(asked: frozenset[str], passage: Passage, wanted: re.Pattern[str] | None) -> _Weighed:
    body, heading = content_terms(passage.text), content_terms(passage.heading)
    in_body, in_heading = len(asked & body), len((asked & heading) - body)
    coverage = (in_body + _HEADING_WEIGHT * in_heading) / len(asked) if asked else 0.0
    score = (passage.similarity or 0.0) + _COVERAGE_WEIGHT * coverage
    if wanted is not None and wanted.search(passage.text):
        score += _KIND_BONUS
    row = _ROW.match(passage.text)
    terms = content_terms(_cells(passage.text)[0][1] if row else passage.heading.rpartition(" > ")[2])
    score += (_ROW_BONUS if row else _HEADING_BONUS) * len(asked & terms) / max(1, len(terms))
    return _Weighed(passage, coverage, score)


def _may_answer(question: str, asked: frozenset[str], passage: Passage) -> bool:
    """False where the question is about another thing of the same sort: another house, another dish of a table."""
    known = f"{passage.heading} {passage.text}".casefold()
    extreme = _EXTREME.search(question)
    if extreme is not None and extreme.group().casefold() not in known:
        return False
    if any(address.group().casefold() not in known for address in _ADDRESS.finditer(question)):
        return False
    if not _ROW.match(passage.text):
        return True
    labels = content_terms(" ".join(label for label, _ in _cells(passage.text)))
    strange = asked - content_terms(known) - labels - _PRICE_TERMS
    return not strange and bool(asked & content_terms(passage.text) - labels)


_PRICE_TERMS = content_terms("price cost set back night glass order dollars today tonight")


def _is_near(weighed: _Weighed) -> bool:
    similarity = weighed.passage.similarity
    if similarity is None:
        return weighed.coverage >= _WORDS_ALONE
    return similarity + _COVERAGE_WEIGHT * weighed.coverage >= _NEAR


def _best_sentences(
    asked: frozenset[str], passages: Sequence[Passage], wanted: re.Pattern[str] | None
) -> tuple[Sentence, ...]:
    """The sentences that answer, in their order; all of a passage that is short and alone."""
    sentences = [
        Sentence(text, Citation(passage.chunk_id, passage.document), f"{passage.heading}\n{passage.text}")
        for passage in passages
        for text in statements(passage.text, prices=wanted is _MONEY)
    ]
    length = sum(len(sentence.text) for sentence in sentences)
    if len(passages) == 1 and len(sentences) <= _MOST_SENTENCES and length <= _LONGEST_ANSWER:
        return tuple(sentences)
    heading = content_terms(passages[0].heading)
    scored: list[tuple[float, int]] = []
    for index, sentence in enumerate(sentences):
        terms = content_terms(sentence.text)
        score = 2.0 * len(asked & terms) + 0.3 * len(heading & terms) - 0.05 * index
        if wanted is not None and wanted.search(sentence.text):
            score += 1.5
        if wanted is _MONEY and _STATES_PRICE.search(sentence.text):
            score += 1.5
        scored.append((score, -index))
    scored.sort(reverse=True)
    chosen: list[int] = []
    length = 0
    for score, index in scored[:_MOST_SENTENCES]:
        text = sentences[-index].text
        if chosen and (score < _CLOSE_TO_BEST * scored[0][0] or length + len(text) > _LONGEST_ANSWER):
            continue
        chosen.append(-index)
        length += len(text)
    return tuple(sentences[index] for index in sorted(chosen))


def statements(text: str, *, prices: bool = False) -> tuple[str, ...]:
    """The sentences of a passage that state something: no headings, no questions, table rows as sentences; of rows the
    `prices` alone where those are asked for."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        stripped = _QUESTION_LINE.sub("", line.strip().lstrip("-•").strip()).strip("* ")
        if _ROW.match(stripped):
            found += _flush(lines)
            found.append(_row_sentence(stripped, prices=prices))
        elif stripped:
            lines.append(stripped)
    found += _flush(lines)
    return tuple(sentence for sentence in found if not sentence.endswith("?")) or tuple(found)


def _cells(row: str) -> list[tuple[str, str]]:
    """A table row's labels and values; see the chunking of tables."""
    pairs = (cell.partition(": ") for cell in row.rstrip(".").split("; "))
    return [(label.strip(), value.strip()) for label, _, value in pairs]


def _row_sentence(row: str, *, prices: bool) -> str:
    """A table row as it may be said: "Queen Room: Sunday to Thursday $149, sleeps 2 guests." """
    (_, subject), *rest = _cells(row)
    if prices:
        rest = [(label, value) for label, value in rest if _MONEY.search(value)] or rest
    said = [value if label.lower() in _PLAIN_LABELS else f"{_lowered(label)} {value}" for label, value in rest]
    return f"{subject}: {', '.join(said)}."


def _lowered(label: str) -> str:
    first = label.split(" ")[0]
    return label if first.endswith("day") else label[:1].lower() + label[1:]


def _flush(lines: list[str]) -> list[str]:
    sentences = [ended(sentence) for sentence in split_sentences(" ".join(lines))]
    lines.clear()
    return sentences


def ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", ":")) else f"{sentence}."
