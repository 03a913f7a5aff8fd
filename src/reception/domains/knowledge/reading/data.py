"""JSON files: lists of records become rows, questions with answers stay together, the rest becomes headed text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reception.domains.knowledge.chunking import Chunk, Chunking, Part, chunk_parts, row_chunks
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.formats import read_text
from reception.domains.knowledge.reading.hygiene import visible
from reception.domains.knowledge.reading.result import MOST_PASSAGES, Reading, Source

_DEEPEST = 12
_QUESTION = ("question", "q")
_ANSWER = ("answer", "a")


def read_json(source: Source) -> Reading:
    """The passages of a JSON file.

    Raises:
        Unreadable: it is not JSON, or nested too deep.
    """
    text = read_text(Path(source.path))
    try:
        value = json.loads(text)
    except RecursionError:
        raise problems.too_heavy() from None
    except ValueError:
        raise problems.damaged("This JSON file") from None
    reading = Reading("json")
    for chunk in _walk(value, (), source.chunking):
        reading.chunks.append(chunk)
        if len(reading.chunks) > MOST_PASSAGES:
            raise problems.too_many_passages(MOST_PASSAGES)
    return reading


def _walk(value: Any, path: tuple[str, ...], chunking: Chunking) -> Iterator[Chunk]:
    if len(path) > _DEEPEST:
        raise problems.too_heavy()
    heading = " > ".join(path)
    if isinstance(value, Mapping):
        yield from _record(value, path, chunking)
    elif isinstance(value, list):
        plain = [_told(item) for item in value if not isinstance(item, Mapping | list)]
        if plain:
            yield from _text(heading, "\n".join(f"- {item}" for item in plain), chunking)
        for number, item in enumerate(value, start=1):
            if isinstance(item, Mapping):
                yield from _row(item, path, number, chunking)
            elif isinstance(item, list):
                yield from _walk(item, (*path, f"{number}"), chunking)
    else:
        yield from _text(heading, _told(value), chunking)


def _record(record: Mapping[str, Any], path: tuple[str, ...], chunking: Chunking) -> Iterator[Chunk]:
    lines = [f"{_name(key)}: {_told(item)}" for key, item in record.items() if not isinstance(item, Mapping | list)]
    if lines:
        yield from _text(" > ".join(path), "\n".join(lines), chunking)
    for key, item in record.items():
        if isinstance(item, Mapping | list):
            yield from _walk(item, (*path, _name(key)), chunking)


def _row(record: Mapping[str, Any], path: tuple[str, ...], number: int, chunking: Chunking) -> Iterator[Chunk]:
    question, answer = _first(record, _QUESTION), _first(record, _ANSWER)
    if question and answer:
        yield from _text(" > ".join(path), f"Q: {question}\nA: {answer}", chunking)
        return
    columns, cells, nested = [], [], {}
    for key, item in record.items():
        if isinstance(item, Mapping) or (
            isinstance(item, list) and any(isinstance(one, Mapping | list) for one in item)
        ):
            nested[key] = item
            continue
        columns.append(_name(key))
        cells.append(", ".join(map(_told, item)) if isinstance(item, list) else _told(item))
    place = f"item {number}"
    yield from row_chunks(columns, cells, heading=" > ".join(path), place=place, chunking=chunking)
    name = cells[0] if cells else place
    for key, item in nested.items():
        yield from _walk(item, (*path, name, _name(key)), chunking)


def _text(heading: str, text: str, chunking: Chunking) -> Iterator[Chunk]:
    for piece in chunk_parts([Part(text)], chunking):
        yield Chunk(" > ".join(filter(None, [heading, piece.heading])), piece.text, piece.place, piece.fields)


def _first(record: Mapping[str, Any], names: Sequence[str]) -> str:
    found = {key.casefold(): item for key, item in record.items()}
    return next((_told(found[name]) for name in names if isinstance(found.get(name), str)), "")


def _name(key: str) -> str:
    return " ".join(visible(key).replace("_", " ").split())[:60]


def _told(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(visible(str(value)).split())
