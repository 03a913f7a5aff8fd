"""Telephone numbers, e-mail addresses, web addresses and reference codes, spelled so that they can be written down."""

import re

from reception.core.speakable.numerals import DIGITS, digits

_URL = re.compile(r"\bhttps?://[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+", re.IGNORECASE)
_DOMAINS = "com|org|net|edu|gov|io|co|uk|us|ca|de|fr|eu|app|dev|info|biz|example|test|restaurant|hotel|menu"
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_BARE_DOMAIN = re.compile(rf"\b(?:[a-z0-9-]+\.)+(?:{_DOMAINS})\b(?:/[\w/.-]*\w)?", re.IGNORECASE)
_MARKS = {".": "dot", "-": "dash", "_": "underscore", "+": "plus", "/": "slash", "@": "at", ":": "colon", "#": "hash"}
_QUERY_MARKS = {"?": "question mark", "=": "equals", "&": "and", "%": "percent", "~": "tilde"}

_EXTENSION = r"(?:\s*,?\s*(?:ext|x|extension)\.?\s*(?P<ext>\d{1,6})\b)?"
_PHONE = re.compile(
    r"(?<![\w$€£.,/-])(?:"
    r"(?P<plus>\+\d[\d ().-]{6,18}\d)"
    r"|(?P<us>(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})"
    r"|(?P<whole>\d{10}|1\d{10})"
    r"|(?P<local>\d{3}-\d{4})"
    rf")(?![\w/-]|[.,]\d){_EXTENSION}",
    re.IGNORECASE,
)

_CODE = re.compile(r"(?<![\w.@/-])#?(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9]+(?:-[A-Z0-9]+)*(?![\w@/]|-\w)")
_SHORTEST_CODE = 4
_WORD_AND_DIGITS = re.compile(r"((?=[A-Z]*[AEIOU])[A-Z]{4,})(\d*)")
_LABELLED = re.compile(
    r"\b((?:reference|confirmation|booking|reservation|order|member(?:ship)?|code|pin|postcode|zip(?: code)?)"
    r"(?:\s+(?:number|code|no\.|is|id))*\s*[:#]?\s*)(\d{4,12})\b(?![:.,/-]\d)",
    re.IGNORECASE,
)
_ZIP = re.compile(r"\b([A-Z]{2}) (\d{5})(?:-(\d{4}))?\b")


def speak_contacts(text: str) -> str:
    """Spell e-mail and web addresses and telephone numbers."""
    text = _EMAIL.sub(lambda match: _address(match.group()), text)
    text = _URL.sub(_url, text)
    text = _BARE_DOMAIN.sub(lambda match: _address(match.group()), text)
    return _PHONE.sub(_phone, text)


def speak_codes(text: str) -> str:
    """Spell reference codes: capitals mixed with digits, and digits that are called a code."""
    text = _LABELLED.sub(lambda match: match.group(1) + _spelled(match.group(2)), text)
    text = _ZIP.sub(_zip, text)
    return _CODE.sub(_code, text)


def _url(match: re.Match[str]) -> str:
    address = match.group()
    tail = address[len(address.rstrip(".,;:!?")) :]
    address = re.sub(r"^https?://", "", address.removesuffix(tail) if tail else address, flags=re.IGNORECASE)
    return _address(address.rstrip("/")) + tail


def _address(text: str) -> str:
    words = []
    for part in re.findall(r"[A-Za-z]+|\d|.", text):
        if part.isdigit():
            words.append(DIGITS[int(part)] if part.isascii() else part)
        elif part.lower() == "www":
            words.append("w w w")
        else:
            words.append(_MARKS.get(part) or _QUERY_MARKS.get(part) or part)
    return " ".join(words)


def _phone(match: re.Match[str]) -> str:
    written = match.group("plus") or match.group("us") or match.group("whole") or match.group("local")
    groups = [group for group in re.split(r"\D+", written) if group]
    if len(groups) == 1 or (match.group("plus") and len(groups) < 3):
        groups = _grouped("".join(groups), with_country=bool(match.group("plus")))
    spoken = ", ".join(digits(group) for group in groups)
    if match.group("plus"):
        spoken = f"plus {spoken}"
    if match.group("ext"):
        spoken = f"{spoken}, extension {digits(match.group('ext'))}"
    return spoken


def _grouped(number: str, *, with_country: bool) -> list[str]:
    """Three, three and four after a leading 1; otherwise threes, with up to four at the end."""
    head = []
    if len(number) == 11 and number[0] == "1":
        head, number = ["1"], number[1:]
    elif with_country:
        head, number = [number[:2]], number[2:]
    while len(number) > 4:
        head.append(number[:3])
        number = number[3:]
    return [*head, number]


def _code(match: re.Match[str]) -> str:
    written = match.group().lstrip("#")
    if len(written.replace("-", "")) < _SHORTEST_CODE:
        return match.group()
    return ", ".join(_spelled(part) for part in written.split("-"))


def _spelled(part: str) -> str:
    """Characters one by one; more than four with a pause after each three, so that one can write along. Letters that
    look like a word stay one."""
    word = _WORD_AND_DIGITS.fullmatch(part)
    if word:
        return f"{word[1]} {digits(word[2])}".strip()
    named = [DIGITS[int(character)] if character.isdigit() else character for character in part]
    size = 3 if len(named) > 4 else 4
    return ", ".join(" ".join(named[at : at + size]) for at in range(0, len(named), size))


def _zip(match: re.Match[str]) -> str:
    more = f", {digits(match.group(3))}" if match.group(3) else ""
    return f"{match.group(1)} {digits(match.group(2))}{more}"
