"""Markdown, emoji and typography down to plain sentences."""

import re

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])|(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\3(?!\w)")
_STRIKE = re.compile(r"~~(.+?)~~")
_CODE = re.compile(r"`+([^`]*)`+")
_LINE_START = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+•·▪]\s+)+")
_RULE = re.compile(r"^[\s|:*_=-]{3,}$")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0000fe00-\U0000fe0f\U0000200d\U000020e3\U000e0020-\U000e007f]"
)
_UNSPOKEN = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "™": "", "®": "", "©": "", "\u00ad": "", "\u200b": ""}
)
_DASHES = str.maketrans({"‒": "–", "−": "–", "―": "—", "‐": "-", "‑": "-"})
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})


def plain(text: str) -> str:
    """One line of sentences: a line that ends without punctuation ends with a full stop, table cells with commas."""
    text = text.translate(_UNSPOKEN).translate(_DASHES).translate(_QUOTES)
    lines = [_line(line) for line in text.splitlines()]
    spoken = [line for line in lines if line]
    return " ".join([_ended(line) for line in spoken[:-1]] + spoken[-1:])


def _line(line: str) -> str:
    if _RULE.match(line):
        return ""
    line = _LINE_START.sub("", line)
    line = _LINK.sub(r"\1", line)
    line = _CODE.sub(r"\1", line)
    line = _STRIKE.sub(r"\1", line)
    for _ in range(2):
        line = _EMPHASIS.sub(lambda match: match.group(2) or match.group(4), line)
    line = _EMOJI.sub("", line)
    if line.count("|") > 1:
        line = ", ".join(cell.strip() for cell in line.split("|") if cell.strip())
    return line.strip()


def _ended(line: str) -> str:
    return line if line[-1] in ".!?:;," else f"{line}."
