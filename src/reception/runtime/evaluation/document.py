"""YAML files as trees of nodes that know their line and their field; bounded, and free of YAML's surprises."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from reception.core.errors import InvalidInput

LARGEST_FILE_BYTES = 1 << 20
MOST_NODES = 50_000
_DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a scenario file, where, and what would be right. `line` counts from 1."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return f"{where}{self.field}: {self.message}" if self.field else f"{where}{self.message}"


class ScenarioError(InvalidInput):
    """Files that cannot be run. `found` has every problem; the detail is all of them, a line each."""

    code = "invalid_scenario"
    title = "A scenario file is not valid"

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, found)))
        self.found = tuple(found)


Content: TypeAlias = "str | list[Node] | dict[str, Node] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place: `field` is its path in the document, like `turns[2].say`.

    A scalar's content is its text as written, never a guess at its type: `19:30` and `+14155550142` stay what they are.
    """

    content: Content
    line: int
    field: str
    file: str = ""

    @property
    def is_empty(self) -> bool:
        return self.content is None


class _Loader(yaml.SafeLoader):
    """Scalars are text, but for an empty one, `~` and `null`."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, object]]] = {}  # noqa: RUF012  PyYAML's own interface


_QUOTE = '; a text with ": " in it, or inside [ ] or { } with one of , ? [ ] { } in it, needs quotes'
_MERGE = "<<"
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def read_documents(path: Path) -> list[Node]:
    """The documents of the file at `path`, in order.

    Raises:
        ScenarioError: it cannot be read, is too large, or is no YAML.
    """
    name = str(path)
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise ScenarioError([Problem(name, 0, "", f"is larger than {LARGEST_FILE_BYTES >> 10} KiB")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError([Problem(name, 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ScenarioError([Problem(name, 0, "", "is not UTF-8 text")]) from None
    return parse(text, name)


def parse(text: str, name: str) -> list[Node]:
    """The documents in `text`; `name` stands for the file in problems.

    Raises:
        ScenarioError: it is no YAML, too large or too deep, or a key is there twice.
    """
    try:
        roots = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = " ".join(part for part in (error.context, error.problem) if part)
        told += _QUOTE if "flow" in told or "mapping values" in told else ""
        raise ScenarioError([Problem(name, mark.line + 1 if mark else 0, "", f"is not YAML: {told}")]) from None
    except yaml.YAMLError as error:
        raise ScenarioError([Problem(name, 0, "", f"is not YAML: {error}")]) from None
    budget = iter(range(MOST_NODES))
    return [_node(root, "", name, budget, 0) for root in roots if root is not None]


def _node(found: yaml.Node, field: str, name: str, budget: Iterator[int], depth: int) -> Node:
    line = found.start_mark.line + 1
    if next(budget, None) is None:
        raise ScenarioError([Problem(name, line, field, f"more than {MOST_NODES} values in one file")])
    if depth > _DEEPEST:
        raise ScenarioError([Problem(name, line, field, f"more than {_DEEPEST} levels deep")])
    if isinstance(found, yaml.MappingNode):
        return Node(_mapping(found, field, name, budget, depth), line, field, name)
    if isinstance(found, yaml.SequenceNode):
        items = [_node(item, f"{field}[{index}]", name, budget, depth + 1) for index, item in enumerate(found.value)]
        return Node(items, line, field, name)
    plain = getattr(found, "style", None) is None
    return Node(None if plain and found.value in _NOTHING else str(found.value), line, field, name)


def _mapping(found: yaml.MappingNode, field: str, name: str, budget: Iterator[int], depth: int) -> dict[str, Node]:
    members: dict[str, Node] = {}
    merged: dict[str, Node] = {}
    for key, value in found.value:
        line = key.start_mark.line + 1
        if key.value == _MERGE and getattr(key, "style", "") is None:
            merged |= _merged(value, field, name, budget, depth)
            continue
        if not isinstance(key, yaml.ScalarNode):
            raise ScenarioError([Problem(name, line, field, "a key must be a plain text")])
        path = f"{field}.{key.value}" if field else key.value
        if key.value in members:
            raise ScenarioError([Problem(name, line, path, "is there twice")])
        members[key.value] = _node(value, path, name, budget, depth + 1)
    return {**merged, **members}


def _merged(found: yaml.Node, field: str, name: str, budget: Iterator[int], depth: int) -> dict[str, Node]:
    """The members that `<<: *anchor` or `<<: [*one, *another]` brings, those of the first before those of the next."""
    parts = found.value if isinstance(found, yaml.SequenceNode) else [found]
    members: dict[str, Node] = {}
    for part in parts:
        if not isinstance(part, yaml.MappingNode) or depth > _DEEPEST:
            raise ScenarioError(
                [Problem(name, found.start_mark.line + 1, field, "`<<` takes a mapping, or a list of them")]
            )
        members = {**_mapping(part, field, name, budget, depth + 1), **members}
    return members


def members(node: Node) -> Mapping[str, Node]:
    """The members of a mapping; none of anything else."""
    return node.content if isinstance(node.content, dict) else {}
