"""Whom a message is for: "leave a message for Dana", "tell the chef that ...", "can Dana call me back"."""

import re

_NAME = r"(?P<{0}>(?:the |your )?[A-Za-z][\w'-]+(?: [A-Z][\w'-]+)?)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?i:messages?) (?:for|to) {_NAME.format('name')}",
        rf"\b(?i:tell|let|ask|inform|remind) {_NAME.format('name')},? "
        r"(?:know\b|(?:that|to|about|if|whether|I|i|we|We|it|he|she|they|the|there|my|our|his|her|this|not) )",
        rf"\b(?i:can|could|would|will|please have|have) {_NAME.format('name')} (?:please |maybe )?(?:call|ring|"
        rf"phone|contact|get back|text|give me)",
        rf"\b(?i:pass) (?:this |that |it |something |a message )?on to {_NAME.format('name')}",
        r"\b(?i:it['’]s|it is|this is|that['’]s|that is) for (?P<name>(?:the |your )?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)",
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
        "about",
        "dinner",
        "lunch",
    ]
)
_LONGEST = 60


def addressed(recipient: str) -> str:
    """A recipient as one speaks of them: "Maria", "the chef", "the team" for nobody in particular."""
    if not recipient:
        return "the team"
    return f"the {recipient}" if recipient[0].islower() else recipient


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
