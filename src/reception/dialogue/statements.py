"""Passages as sentences that can be said."""

import re

from reception.dialogue.replies import split_sentences

ROW = re.compile(r"^[\w' -]{1,30}: [^;.]+(; [\w' -]{1,40}: [^;]+)+")
"""A table row as chunking writes it."""
_QUESTION_LINE = re.compile(r"^(?:Q:|A:|\*\*|#+\s*)")
_MONEY = re.compile(r"[$€£]\s?\d|\bfree\b|included|\bpercent\b|\bdollars\b", re.IGNORECASE)
_PLAIN_LABELS = frozenset(
    {"notes", "description", "details", "what it is", "comment", "price", "diet", "diet and allergens"}
)


def statements(text: str, *, prices: bool = False) -> tuple[str, ...]:
    """The sentences of a passage that state something: no headings, no questions, table rows as sentences; of rows the
    `prices` alone where those are asked for."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        stripped = _QUESTION_LINE.sub("", line.strip().lstrip("-•").strip()).strip("* ")
        if ROW.match(stripped):
            found += _flush(lines)
            found.append(_row_sentence(stripped, prices=prices))
        elif stripped:
            lines.append(stripped)
    found += _flush(lines)
    return tuple(sentence for sentence in found if not sentence.endswith("?")) or tuple(found)


def cells(row: str) -> list[tuple[str, str]]:
    """A table row's labels and values; see the chunking of tables."""
    pairs = (cell.partition(": ") for cell in row.rstrip(".").split("; "))
    return [(label.strip(), value.strip()) for label, _, value in pairs]


def _row_sentence(row: str, *, prices: bool) -> str:
    """A table row as it may be said: "Queen Room: Sunday to Thursday $149, sleeps 2 guests." """
    (_, subject), *rest = cells(row)
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
