"""Words as they count for telling what a sentence is about: stems without the words that are everywhere."""

import re
from collections.abc import Iterable
from functools import lru_cache

from reception.core.thesaurus import canonical

_WORD = re.compile(r"[a-zà-öø-ÿ]+(?:['’][a-z]+)?|\d+(?:[.,:]\d+)*", re.IGNORECASE)

_JOINED = re.compile(r"\b(wi|check|co|take)[- ](fi|in|out|ups?|sign\w*)\b", re.IGNORECASE)
"""Words that are written in one or in two."""

_COMMON_TEXT = """
    a about all also am an and any are as at be been by can could did do does doing don't for from get give go got
    had has have hello hey hi how i i'd i'm if in into is it it's its just know let like look looking may me mean
    might my need not of okay on one or our please really same say see shall she should so some something tell
    than thank thanks that that's the their them then there there's these they thing things this those through to
    too us very want was we we're well were what what's when where which who whom whose why will with wonder
    wondering would yes yeah you your ask asking question wanted guys much many long time kind sort offer offered
    available possible sure um uh actually maybe also come comes bring use take
    anything something somebody someone anybody anyone everything near here per each every put down work
    works happen happens tell about find exactly still already ever else during after before between by around
    when's who's where's how's there'd that'd couldn't can't doesn't isn't aren't
    she he her him his wife husband dad mom mum mother father up over without off until last think said
    you've we've i've they've somewhere anywhere o'clock place places they're you'll
    whats wheres hows whens whos im ive id dont cant doesnt isnt youre theres
"""
_COMMON = frozenset(_COMMON_TEXT.split())

_SAME = {
    "cost": "price", "costs": "price", "prices": "price", "pricing": "price", "fee": "price", "fees": "price",
    "commission": "price", "charge": "price", "charges": "price", "rate": "price", "rates": "price",
    "expensive": "price",
    "kids": "child", "kid": "child", "children": "child", "wifi": "wi-fi", "internet": "wi-fi",
    "dogs": "dog", "pets": "pet", "car": "car", "cars": "car", "park": "parking", "parked": "parking",
    "located": "location", "address": "location", "directions": "location", "coeliac": "gluten", "celiac": "gluten",
    "elevator": "lift", "bike": "bicycle", "bikes": "bicycle", "disabled": "wheelchair", "accessible": "wheelchair",
}  # fmt: skip


_DOUBLED = re.compile(r"([bdgmnprt])\1$")
"""What a verb doubles before an ending: "cutting", "planned". """
_SUFFIXES = ((("ies", "y"), ("sses", "ss"), ("s", "")), (("ing", ""), ("ed", "")))


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """A crude stem: enough to let "allergies" meet "allergy"."""
    word = canonical(word.lower().replace("’", "'").removesuffix("'s"))
    if word in _SAME:
        return _SAME[word]
    for suffixes in _SUFFIXES:
        for suffix, put in suffixes:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
                word = word[: len(word) - len(suffix)] + put
                if suffix in ("ing", "ed") and _DOUBLED.search(word):
                    word = word[:-1]
                break
    word = canonical(word)
    return _SAME.get(word, word.rstrip("e") if len(word) > 3 else word)


def content_terms(text: str) -> frozenset[str]:
    """The stems of what `text` is about."""
    return frozenset(stem(word) for word in _words(text) if word not in _COMMON)


def all_terms(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _words(text))


def _words(text: str) -> Iterable[str]:
    return (match.group().lower().replace("’", "'") for match in _WORD.finditer(_JOINED.sub(r"\1\2", text)))
