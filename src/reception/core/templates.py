"""Texts with `{name}` in them, filled in from what is known."""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ARTICLE = re.compile(r"\b([Aa])n?(?= \{([^{}]*)\})")
_VOWEL = re.compile(r"(?!eu|uni|use|one\b|once)(?:[aeiou]|8|11\b|18\b|hour|honest|mtb)", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def names_in(template: str) -> tuple[str, ...]:
    """The names that `template` asks for, in order, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(template)))


def is_well_formed(template: str) -> bool:
    """Whether every brace of `template` belongs to a `{name}`."""
    bare = _PLACEHOLDER.sub("", template)
    return "{" not in bare and "}" not in bare and all(_NAME.fullmatch(name) for name in names_in(template))


def filled_in(template: str, values: Mapping[str, str]) -> str:
    """`template` with its names replaced; a name without a value leaves nothing. What is put in is not read again.
    An article before a name is made to suit the value: "a {bike}" is "an electric bike".
    """
    template = _ARTICLE.sub(lambda found: _suited(found, values), template)
    return " ".join(_PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), template).split())


def _suited(article: re.Match[str], values: Mapping[str, str]) -> str:
    return article.group(1) + ("n" if _VOWEL.match(values.get(article.group(2), "")) else "")
