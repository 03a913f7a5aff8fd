"""Reads a file of any format that is known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reception.domains.knowledge.chunking import Chunk, Part, chunk_parts
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.data import read_json
from reception.domains.knowledge.reading.formats import detect, read_text
from reception.domains.knowledge.reading.hygiene import visible, without_orders
from reception.domains.knowledge.reading.markup import read_html
from reception.domains.knowledge.reading.pdf import read_pdf
from reception.domains.knowledge.reading.result import MOST_PASSAGES, Reading, Source
from reception.domains.knowledge.reading.sheets import read_csv, read_excel
from reception.domains.knowledge.reading.word import read_word


def _unseen(_share: float) -> None:
    return None


def read(source: Source, progress: Callable[[float], None] = _unseen) -> Reading:
    """The passages of a file; `progress` is told the share that has been read.

    Raises:
        Unreadable: it cannot be taken in; says why.
    """
    found = detect(Path(source.path), source.name, source.media)
    match found.name:
        case "pdf":
            reading = read_pdf(source, progress)
        case "word":
            reading = read_word(source)
        case "excel":
            reading = read_excel(source)
        case "csv":
            reading = read_csv(source)
        case "html":
            reading = read_html(source)
        case "json":
            reading = read_json(source)
        case _:
            reading = _read_plain(source, found.name)
    if found.note:
        reading.notes.append(found.note)
    reading.chunks = _harmless(reading)
    if len(reading.chunks) > MOST_PASSAGES:
        raise problems.too_many_passages(MOST_PASSAGES)
    if not reading.chunks and not source.address:
        raise problems.empty()
    return reading


def _read_plain(source: Source, name: str) -> Reading:
    text = visible(read_text(Path(source.path)))
    return Reading(name, chunk_parts([Part(text)], source.chunking))


def _harmless(reading: Reading) -> list[Chunk]:
    """The passages without what speaks to the assistant instead of the reader."""
    kept: list[Chunk] = []
    left_out = 0
    for chunk in reading.chunks:
        heading, in_heading = without_orders(chunk.heading)
        text, in_text = without_orders(chunk.text)
        left_out += in_text + in_heading
        if text.strip():
            kept.append(replace(chunk, heading=heading, text=text))
    if left_out:
        reading.notes.append(
            f"{left_out} sentence(s) that give orders to the assistant were left out: it takes none from documents."
        )
    return kept
