"""Whom a message is for: "leave a message for Dana", "tell the chef that ...", "can Dana call me back"."""

import re

_NAME = r"(?P<{0}>(?:the |your )?[A-Za-z][\w'-]+(?: [A-Z][\w'-]+)?)"
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (rf"\bmessages? (?:for|to) {_NAME.format('name')}", 0),
        (
            rf"\b(?:tell|let|ask|inform|remind) {_NAME.format('name')} (?:know |that |to |about |if |i |we |it|he |"
            rf"she )",
            0,
        ),
        (
            rf"\b(?:can|could|would|will|please have|have) {_NAME.format('name')} (?:please |maybe )?(?:call|ring|"
            rf"phone|contact|get back|text|give me)",
            0,
        ),
        (rf"\bpass (?:this |that |it |something |a message )?on to {_NAME.format('name')}", 0),
    )
)
_NOBODY = frozenset(
    [
        "me",
        "us",
        "you",
        "him",
        "her",
        "them",
        "it",
        "someone",
        "somebody",
        "anyone",
        "anybody",
        "people",
        "everyone",
        "i",
        "we",
        "they",
        "he",
        "she",
        "that",
        "this",
        "one",
        "the",
        "your",
        "a",
        "an",
        "my",
        "their",
        "team",
        "staff",
        "please",
        "later",
        "when",
        "if",
        "for",
        "to",
        "tomorrow",
        "today",
    ]
)
_LONGEST = 60


def recipient_in(text: str) -> str:
    """The person or role that a message in `text` is for; empty for anybody."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            name = re.sub(r"^(?:the|your) ", "", match["name"], flags=re.IGNORECASE).strip()
            words = name.split()
            if words and words[0].lower() not in _NOBODY:
                if len(words) > 1 and words[1].lower() in _NOBODY:
                    name = words[0]
                return name[:_LONGEST]
    return ""
