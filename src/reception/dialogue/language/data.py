"""Words of callers and documents as data in a prompt: bounded, and fenced so that they are not taken for the prompt."""

import re
from dataclasses import replace

from reception.ports.knowledge import Passage

LONGEST_CALLER = 1200
LONGEST_PASSAGE = 700
MOST_PASSAGES = 6

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:all|any|your|the|every|previous|prior|these|those)\b"
    r"|\b(?:system|developer) (?:prompt|message|instructions?)\b|\bas an ai\b|\blanguage model\b|\bprompt injection\b"
    r"|\byou are (?:now )?(?:an?|the|in) (?:\w+ )?(?:assistant|ai|administrator|admin|bot|chatbot|developer mode)\b"
    r"|\b(?:tell|inform|assure|convince) (?:the |every |all |any )?(?:callers?|customers?|users?|guests?|people|them)\b"
    r"|\b(?:say|reply|respond|answer|output|write|repeat)(?: only)? "
    r"(?:that|with|to (?:the |every )?(?:caller|user|guest))\b"
    r"|</?(?:system|assistant|user|caller|question|passage|instructions?)\b|\[/?INST\]|<\|\w+\|>|###",
    re.IGNORECASE,
)

_FENCES = str.maketrans({"<": "‹", ">": "›", "\x00": None})


def as_data(text: str, longest: int) -> str:
    """`text` without anything that could close its fence; the middle of what is too long is left out."""
    text = " ".join(text.split()).translate(_FENCES)
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def fenced(tag: str, text: str, longest: int, **attributes: str) -> str:
    said = "".join(f' {name}="{as_data(value, 120).replace(chr(34), chr(39))}"' for name, value in attributes.items())
    return f"<{tag}{said}>{as_data(text, longest)}</{tag}>"


def without_orders(passage: Passage) -> Passage:
    """`passage` without the sentences that speak to a model and not to a reader."""
    lines = ([one for one in _SENTENCE.split(line) if not _ORDER.search(one)] for line in passage.text.splitlines())
    return replace(passage, text="\n".join(" ".join(kept) for kept in lines if kept))
