"""Replaces the persons of a recorded conversation by fictional ones, the same everywhere in it."""

import re
from collections.abc import Iterable

import phonenumbers

from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.phones import find_dictated

_PEOPLE = (
    "Maria Ramos", "Joe Miller", "Ann Baker", "Sam Carter", "Helen Park", "David Grant", "Emma Clark", "Peter Stein",
)  # fmt: skip
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPELLED = re.compile(r"\b[A-Za-z](?:[\s.,-]+[A-Za-z]\b){2,}")
_LEAST_DIGITS = 3
_US_AREA = "415"


class Cast:
    """Who stands for whom. Names, numbers and addresses that are the same stay the same.

    Args:
        region: by which phone numbers are read.
        names: those of the persons in the conversation, as they are stored.
        phones: their numbers.
    """

    def __init__(self, region: str, names: Iterable[str], phones: Iterable[str]) -> None:
        self._region = region
        self._words: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        for name in names:
            self._add_name(name)
        for phone in phones:
            self.phone(phone)

    def name(self, name: str) -> str:
        """The fictional name for `name`, which is empty for an empty one."""
        if name and name.casefold() not in self._names:
            self._add_name(name)
        return self._names.get(name.casefold(), "")

    def phone(self, phone: str) -> str:
        """The fictional number for `phone`, as E.164 where that is one."""
        digits = _digits_of(phone)
        if not digits:
            return phone
        if digits not in self._digits:
            self._digits[digits] = _fictional(self._region, len(self._digits))
        return self._digits[digits]

    def text(self, text: str, *, number_expected: bool = False) -> str:
        """`text` with every person replaced whom it names, spells or gives the number or address of."""
        text = _EMAIL.sub("someone@example.com", text)
        text = self._without_numbers(text, expected=number_expected)
        text = _SPELLED.sub(self._spelled, text)
        for real in sorted(self._words, key=len, reverse=True):
            text = re.sub(rf"\b{re.escape(real)}\b", self._words[real], text, flags=re.IGNORECASE)
        return text

    def _add_name(self, name: str) -> None:
        words = name.split()
        if not words or name.casefold() in self._names:
            return
        fictional = _PEOPLE[len(self._names) % len(_PEOPLE)].split()
        chosen = [fictional[0], *[fictional[1]] * (len(words) - 1)]
        for real, made in zip(words, chosen, strict=True):
            self._words.setdefault(real.casefold(), made)
        self._names[name.casefold()] = " ".join(dict.fromkeys(self._words[word.casefold()] for word in words))

    def _spelled(self, found: re.Match[str]) -> str:
        letters = "".join(re.findall(r"[A-Za-z]", found[0])).casefold()
        made = self._words.get(letters)
        return " ".join(made.upper()) if made else found[0]

    def _without_numbers(self, text: str, *, expected: bool) -> str:
        tokens = tokenize(text)
        for run in reversed(find_dictated(tokens, self._region, expected=expected)):
            digits = _digits_of(run.digits)
            made = self._standing_for(digits, expected=expected)
            if made:
                start, end = tokens[run.start].start, tokens[run.end - 1].end
                text = text[:start] + made + text[end:]
        return text

    def _standing_for(self, digits: str, *, expected: bool) -> str:
        """The digits in place of `digits`, which may be a part of a known number; empty to leave them."""
        if len(digits) < _LEAST_DIGITS:
            return ""
        for real, made in self._digits.items():
            at = real.find(digits)
            if at >= 0:
                own = _digits_of(made)
                end = at + len(digits) - len(real)
                return _grouped(own[len(own) - len(real) + at : len(own) + end])
        if len(digits) >= 7 or expected:
            return _grouped(_digits_of(self.phone(digits))[-len(digits) :])
        return ""


def _digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _grouped(digits: str) -> str:
    """As people write a number: "415 555 0142"."""
    if len(digits) == 10:
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    return digits if len(digits) <= 4 else f"{digits[:-4]} {digits[-4:]}"


def _fictional(region: str, number: int) -> str:
    """A number that is nobody's: of those kept for fiction in North America, an example of the region elsewhere."""
    if region in ("US", "CA"):
        return f"+1{_US_AREA}5550{100 + (42 + number) % 100}"
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return f"+1{_US_AREA}5550{100 + (42 + number) % 100}"
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
