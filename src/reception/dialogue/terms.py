"""Words as they count for telling what a sentence is about: stems without the words that are everywhere."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[a-zà-öø-ÿ]+(?:['’][a-z]+)?|\d+(?:[.,:]\d+)*", re.IGNORECASE)

_COMMON_TEXT = """
    a about all also am an and any are as at be been by can could did do does doing don't for from get give go got
    had has have hello hey hi how i i'd i'm if in into is it it's its just know let like look looking may me mean
    might my need not of okay on one or our please really same say see shall she should so some something tell
    than thank thanks that that's the their them then there there's these they thing things this those through to
    too us very want was we we're well were what what's when where which who whom whose why will with wonder
    wondering would yes yeah you your ask asking question wanted guys much many long time kind sort offer offered
    available possible sure um uh actually maybe also come comes bring use take
"""
_COMMON = frozenset(_COMMON_TEXT.split())

_SAME = {
    "cost": "price", "costs": "price", "prices": "price", "pricing": "price", "fee": "price", "fees": "price",
    "charge": "price", "charges": "price", "rate": "price", "rates": "price", "expensive": "price",
    "kids": "child", "kid": "child", "children": "child", "wifi": "wi-fi", "internet": "wi-fi",
    "dogs": "dog", "pets": "pet", "car": "car", "cars": "car", "park": "parking", "parked": "parking",
    "located": "location", "address": "location", "directions": "location", "coeliac": "gluten", "celiac": "gluten",
    "elevator": "lift", "bike": "bicycle", "bikes": "bicycle", "disabled": "wheelchair", "accessible": "wheelchair",
}  # fmt: skip


def stem(word: str) -> str:
    """A crude stem: enough to let "allergies" meet "allergy"."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word in _SAME:
        return _SAME[word]
    for suffix, put in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(suffix)] + put
            break
    return _SAME.get(word, word.rstrip("e") if len(word) > 3 else word)


def content_terms(text: str) -> frozenset[str]:
    """The stems of what `text` is about."""
    return frozenset(stem(word) for word in _words(text) if word not in _COMMON)


def all_terms(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _words(text))


def _words(text: str) -> Iterable[str]:
    return (match.group().lower().replace("’", "'") for match in _WORD.finditer(text.replace("Wi-Fi", "wifi")))
