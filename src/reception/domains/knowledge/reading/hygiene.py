"""Makes text of unknown origin harmless: nothing invisible, and nothing that speaks to the assistant. Pure."""

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff"
    # Marks that turn the direction of what follows, or hide it; letters of scripts from the right need none of them.
    "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]*\s*")
_ORDERS = re.compile(
    r"\b(ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,60}"
    r"\b(instructions?|prompts?|rules|guidelines|training|directives)\b"
    r"|\b(you are|act as|pretend to be)\b[^.!?\n]{0,40}\b(an? (ai|assistant|language model|chatbot|bot)|dan)\b"
    r"|\b(system|developer) prompt\b"
    r"|<\|?(im_start|im_end|system|endoftext)\|?>",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """`text` without characters that are not seen, with plain line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _LONE_SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text)).replace("\u00a0", " ")


def without_orders(text: str) -> tuple[str, int]:
    """`text` without the sentences that tell a language model what to do, and how many those were."""
    if not _ORDERS.search(text):
        return text, 0
    sentences = _SENTENCE.findall(text)
    kept = [sentence for sentence in sentences if not _ORDERS.search(sentence)]
    return "".join(kept).strip(), len(sentences) - len(kept)
