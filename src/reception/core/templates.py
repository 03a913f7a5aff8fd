"""Texts with `{name}` in them, filled in from what is known."""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def names_in(template: str) -> tuple[str, ...]:
    """The names that `template` asks for, in order, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(template)))


def is_well_formed(template: str) -> bool:
    """Whether every brace of `template` belongs to a `{name}`."""
    bare = _PLACEHOLDER.sub("", template)
    return "{" not in bare and "}" not in bare and all(_NAME.fullmatch(name) for name in names_in(template))


def filled_in(template: str, values: Mapping[str, str]) -> str:
    """`template` with its names replaced; a name without a value leaves nothing. What is put in is not read again."""
    return " ".join(_PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), template).split())
