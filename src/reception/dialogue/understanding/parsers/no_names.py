"""What is given for a name and is none: program text, addresses, figures, and what is too long for one."""

import re

NO_NAME = "no_name"
_LONGEST_WORD = 30
_LONGEST_NAME = 80
_STATEMENT = re.compile(
    r"\b(?:drop|truncate|alter)\s+(?:table|database|schema)\b|\bselect\b.+\bfrom\b|\binsert\s+into\b|"
    r"\bdelete\s+from\b|\bunion\s+(?:all\s+)?select\b|\bupdate\s+\w+\s+set\b|\bjavascript:|\bhttps?://|\bwww\.",
    re.IGNORECASE,
)
_MARKS = re.compile(r"<\s*/?\s*[a-z!]|[{}\\|=*^~`]|\$\(|['\"]\s*\)?\s*;|;\s*-{2}|--\s*$|\.\./", re.IGNORECASE)
_SAYS_NAME = re.compile(r"\bname\b|\bunder\b|\bcall me\b", re.IGNORECASE)


def program_text(text: str, *, expected: bool) -> int | None:
    """Where in `text` something begins that is program text or a link and stands for a name; None where nothing does.

    Without a name being `expected` one must be spoken of before it: "drop table reservations" is bad English, too.
    """
    found = _STATEMENT.search(text) or _MARKS.search(text)
    if found is None:
        return None
    named = list(_SAYS_NAME.finditer(text, 0, found.start()))
    if not (expected or named):
        return None
    return named[-1].start() if named else 0


def is_too_long(name: str) -> bool:
    """Whether `name` is longer than people's names are."""
    return len(name) > _LONGEST_NAME or any(len(word) > _LONGEST_WORD for word in re.split(r"[\s-]", name))
