"""People's names, said, spelled, or both."""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.calendar_words import SHORT_WEEKEND
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.name_words import (
    BEFORE_NAME,
    LEADS,
    NEVER,
    PARTICLES,
    SOFT_LEADS,
    TITLES,
)
from reception.dialogue.understanding.parsers.normalize import Token, quote, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import UNITS
from reception.dialogue.understanding.parsers.spelling import Spelled, find_spelled

_LONGEST_NAME = 4
_SIMILAR = 0.5
_HEARD_ALIKE = 0.7
_SPELLED_TOGETHER = 0.65
_LEADS_BY_WORD = {word: tuple(lead for lead in LEADS if lead[0] == word) for word in {lead[0] for lead in LEADS}}
_PUTS_RIGHT = word_set("sorry no actually wait i mean make that it to under please instead rather oh")
_OWNED = word_set("appointment booking reservation viewing")
_EXPLAINERS = word_set("spelled spelt that is that's with it spelling and")


def find_names(text: str, tokens: Sequence[Token], *, expected: bool, booking: bool, known: str = "") -> list[Found]:
    """The name given in `tokens`, at most one.

    Without being `expected` it needs a lead ("my name is"), or "for" in a `booking`. `known` is the name so far, which
    a spelled surname corrects.
    """
    spelled = find_spelled(tokens)
    if not (expected or _has_lead(tokens)):
        spelled = [run for run in spelled if _explains_name(tokens, run, known)]
    said = _find_first_last(text, tokens, known) or _find_said(
        text, tokens, spelled, expected=expected, booking=booking, known=known
    )
    if said is not None and not spelled:
        said = _merged(said, known)
    if said is None and not spelled:
        return []
    if not spelled:
        return [said] if said is not None else []
    return [_with_surname(tokens, _with_spelling(said, spelled, known), said, spelled)]


def _with_surname(tokens: Sequence[Token], name: Found, said: Found | None, spelled: Sequence[Spelled]) -> Found:
    """ "Siobhan, S I O B H A N, Kelly": what follows a first name's spelling is the surname."""
    at = spelled[-1].end
    rest = tokens[at:]
    alone = said is not None and " " not in str(said.value) and said.end <= spelled[0].start
    if not alone or len(rest) != 1 or not rest[0].word.isalpha() or len(rest[0].word) < 2:
        return name
    if rest[0].word in NEVER or rest[0].word in _EXPLAINERS or " " in str(name.value):
        return name
    return replace(name, end=at + 1, value=f"{name.value} {_capital(rest[0].word)}")


def _merged(said: Found, known: str) -> Found:
    """One word that sounds like a part of the fuller name that is known corrects that part."""
    word, parts = str(said.value), known.split()
    if " " in word or len(parts) < 2 or not any(_similar(word.lower(), part.lower()) for part in parts):
        return said
    return _with_spelling(None, [Spelled(word.lower(), said.start, said.end)], known)


def find_name_clause(
    text: str, tokens: Sequence[Token], free: Sequence[bool], *, strangers: frozenset[str] = frozenset()
) -> list[Found]:
    """A full name that stands by itself between commas or beside figures, unasked: "..., Ed Stone, 415 ...".

    It is told by its capital letters, or by the figures after it. `free` says which tokens nothing else was read from;
    `strangers` are words that name the business and not a caller.
    """
    start = 0
    while start < len(tokens):
        opens = start == 0 or bool(tokens[start - 1].gap)
        if opens and tokens[start].word in {"name", "it", "this", "that", "and", "for"}:
            start += 2 if word_at(tokens, start + 1) == "is" else 1
        end = name_end(tokens, start, frozenset())
        beside = end < len(tokens) and (tokens[end].word.isdecimal() or tokens[end].word in {"on", "for", "at"})
        closes = end >= len(tokens) or bool(tokens[end - 1].gap) or beside
        words = [token.word for token in tokens[start:end]]
        if opens and closes and 2 <= len(words) <= _LONGEST_NAME - 1 and all(free[start:end]):
            capital = all(text[token.start].isupper() or token.word in PARTICLES for token in tokens[start:end])
            dictated = end < len(tokens) and tokens[end].word.isdecimal()
            if ((capital and not text.isupper()) or dictated) and not strangers.issuperset(words):
                return [named_at(text, tokens, start, end)]
        start = max(end, start + 1)
    return []


def title_case(name: str) -> str:
    """`name` as it is written, when the transcript gave it in one case: "maria ramos", "o'brien", "VAN DER BERG"."""
    words = name.split()
    if any(word[:1].isupper() for word in words) and not name.isupper():
        return " ".join(word if word[:1].isupper() or word == "and" or _is_particle(words, at) else _capital(word)
                        for at, word in enumerate(words))  # fmt: skip
    return " ".join(
        word.lower() if _is_particle(words, at) else _capital(word.lower()) for at, word in enumerate(words)
    )


def _is_particle(words: Sequence[str], at: int) -> bool:
    return 0 < at < len(words) - 1 and words[at].lower() in PARTICLES | {"and"}


def _capital(word: str) -> str:
    parts = re.split(r"([-'’])", word)
    joined = "".join(part[:1].upper() + part[1:] if len(part) > 1 or at == 0 else part
                     for at, part in enumerate(parts))  # fmt: skip
    if joined.startswith("Mc") and len(joined) > 3:
        return "Mc" + joined[2].upper() + joined[3:]
    return joined


def _has_lead(tokens: Sequence[Token]) -> bool:
    return any(_leads_at(tokens, at) for at in range(len(tokens)))


def _leads_at(tokens: Sequence[Token], at: int) -> list[tuple[str, ...]]:
    return [lead for lead in _LEADS_BY_WORD.get(tokens[at].word, ()) if _phrase_at(tokens, at, lead)]


def _explains_name(tokens: Sequence[Token], run: Spelled, known: str) -> bool:
    words = {token.word for token in tokens[max(0, run.start - 6) : run.start]}
    if words & {"name", "spelled", "spelt", "surname", "spell"}:
        return True
    return run.end - run.start > 2 and any(_similar(run.word, part) for part in known.lower().split())


def _phrase_at(tokens: Sequence[Token], at: int, phrase: tuple[str, ...]) -> bool:
    return all(word_at(tokens, at + offset) == word for offset, word in enumerate(phrase))


def _find_first_last(text: str, tokens: Sequence[Token], known: str) -> Found | None:
    """ "First name Maria, last name Ramos", in either order; the last name alone goes with the first that is known."""
    parts: dict[str, tuple[int, int]] = {}
    for at in range(len(tokens)):
        kind = {("first", "name"): "first", ("last", "name"): "last", ("family", "name"): "last"}.get(
            (word_at(tokens, at), word_at(tokens, at + 1)), ""
        )
        start = at + 2
        if not kind and word_at(tokens, at) == "surname":
            kind, start = "last", at + 1
        if kind:
            while word_at(tokens, start) in {"is", "it"}:
                start += 1
            end = name_end(tokens, start, frozenset(), stop_at={"first", "last", "surname", "family"})
            if end > start:
                parts[kind] = (start, end)
    if set(parts) == {"last"} and known:
        start, end = parts["last"]
        return Found(SlotName.NAME, start, end, f"{known.split()[0]} {title_case(quote(text, tokens, start, end))}")
    if set(parts) != {"first", "last"}:
        return None
    name = " ".join(title_case(quote(text, tokens, *parts[kind])) for kind in ("first", "last"))
    places = [place for part in parts.values() for place in part]
    return Found(SlotName.NAME, min(places) - 2, max(places), name)


def _find_said(
    text: str, tokens: Sequence[Token], spelled: Sequence[Spelled], *, expected: bool, booking: bool, known: str
) -> Found | None:
    letters = frozenset(at for run in spelled for at in range(run.start, run.end))
    for at in range(len(tokens)):
        for lead in _leads_at(tokens, at):
            start = at + len(lead)
            end = name_end(tokens, start, letters)
            if end > start and not _names_nobody(tokens, lead, start, end):
                return named_at(text, tokens, *_fuller(tokens, start, end))
    if expected:
        return _find_bare(text, tokens, letters)
    owner = _find_owner(text, tokens) if booking else None
    if owner is not None:
        return owner
    corrected = _find_corrected(text, tokens, letters, known)
    if corrected is not None:
        return corrected
    for at in range(len(tokens)):
        for lead in SOFT_LEADS[:2]:
            end = name_end(tokens, at + 2, letters)
            led = _phrase_at(tokens, at, lead) and is_written_as_name(text, tokens, at + 2)
            if led and not _names_nobody(tokens, lead, at + 2, end):
                return named_at(text, tokens, at + 2, end)
        if booking and tokens[at].word == "for":
            start, end = at + 1, name_end(tokens, at + 1, letters)
            if end > start and (is_written_as_name(text, tokens, start) or (end - start == 2 and _ends(tokens, end))):
                return named_at(text, tokens, start, end)
    return None


def _find_owner(text: str, tokens: Sequence[Token]) -> Found | None:
    """ "Jo Park's appointment": whose it is, told by the capital letters."""
    for at, token in enumerate(tokens[:-1]):
        if not token.word.endswith("'s") or tokens[at + 1].word not in _OWNED:
            continue
        start = at
        while start > 0 and at - start < _LONGEST_NAME - 1 and is_written_as_name(text, tokens, start - 1):
            start -= 1
        if is_written_as_name(text, tokens, start) and word_at(tokens, start).removesuffix("'s") not in NEVER:
            name = quote(text, tokens, start, at + 1)[:-2]
            return Found(SlotName.NAME, start, at + 1, title_case(name), raw=name)
    return None


def _find_corrected(text: str, tokens: Sequence[Token], letters: frozenset[int], known: str) -> Found | None:
    """ "No, it's Ramos": another name for the one that is known, told by its capital letter."""
    if not known or not {"no", "not", "wrong", "actually", "sorry", "except", "name", "spelled"} & {
        token.word for token in tokens
    }:
        return None
    for at, token in enumerate(tokens):
        parts = [part.lower() for part in known.split()]
        written = at > 0 and at not in letters and is_written_as_name(text, tokens, at) and len(token.word) > 2
        near = any(_likeness(token.word, part) >= _HEARD_ALIKE and token.word != part for part in parts)
        if written and near and name_end(tokens, at, letters) == at + 1:
            return _with_spelling(None, [Spelled(token.word, at, at + 1)], known)
    alone = _replacing(text, tokens, letters)
    if alone is not None:
        return alone
    for at in range(len(tokens)):
        start = at + 2
        if _phrase_at(tokens, at, ("it", "is")) and is_written_as_name(text, tokens, start):
            end = name_end(tokens, start, letters)
            if end == start + 1 and start not in letters:
                return _with_spelling(None, [Spelled(tokens[start].word, start, end)], known)
            return named_at(text, tokens, start, end) if end > start else None
    return None


def _names_nobody(tokens: Sequence[Token], lead: tuple[str, ...], start: int, end: int) -> bool:
    """ "Call me back", "I'm Dana Reyes's husband"."""
    if lead == ("call", "me") and word_at(tokens, start) in {"back", "when"}:
        return True
    return word_at(tokens, end).endswith("'s") and not tokens[end - 1].gap


def _replacing(text: str, tokens: Sequence[Token], letters: frozenset[int]) -> Found | None:
    """ "Sorry, Claire Dunn actually": nothing but a full name, and words that put it in another's place."""
    start = 0
    while start < len(tokens) and tokens[start].word in _PUTS_RIGHT:
        start += 1
    end = name_end(tokens, start, letters)
    rest = [token.word for token in tokens[end:]]
    if end - start < 2 or not all(is_written_as_name(text, tokens, at) for at in range(start, end)):
        return None
    return named_at(text, tokens, start, end) if _PUTS_RIGHT.issuperset(rest) else None


def _find_bare(text: str, tokens: Sequence[Token], letters: frozenset[int]) -> Found | None:
    """An answer that is nothing but a name, with what people put around one."""
    start = 0
    while start < len(tokens) and (tokens[start].word in BEFORE_NAME):
        start += 1
    end = name_end(tokens, start, letters)
    if end == start:
        start, end = _last_clause(tokens, letters)
    if end < len(tokens) and tokens[end - 1].gap == "." and end == start + 1:
        rest = name_end(tokens, end, letters)
        end = rest if rest == len(tokens) and rest == end + 1 and tokens[start].word != tokens[end].word else end
    if _joins_another(tokens, end, letters):
        end = name_end(tokens, end + 1, letters)
    if end == start or not _ends(tokens, end, letters) or _says_something_of_it(tokens, end):
        return None
    return named_at(text, tokens, *_fuller(tokens, start, end))


def _says_something_of_it(tokens: Sequence[Token], end: int) -> bool:
    """ "The heating is broken" names nobody; "Baker is the name" does."""
    return word_at(tokens, end) == "is" and word_at(tokens, end + 1) not in {"my", "the", "what", "how"}


def _fuller(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """ "Bond, James Bond": the longer name that is said right after and holds the one at `start`."""
    first, last = word_at(tokens, start), word_at(tokens, end - 1)
    for later in range(end, len(tokens) - 1):
        longer = name_end(tokens, later, frozenset())
        if longer - later > end - start and (word_at(tokens, longer - 1) == last or word_at(tokens, later) == first):
            return later, longer
    return start, end


def _last_clause(tokens: Sequence[Token], letters: frozenset[int]) -> tuple[int, int]:
    """ "It's for my boss, Anna Grant": the name that stands after the last comma."""
    start = max((at + 1 for at, token in enumerate(tokens[:-1]) if token.gap), default=0)
    end = name_end(tokens, start, letters)
    return (start, end) if start and end == len(tokens) and end - start > 1 else (0, 0)


def _joins_another(tokens: Sequence[Token], end: int, letters: frozenset[int]) -> bool:
    """ "Sam and Jo Lee"."""
    if word_at(tokens, end) not in {"and", "&"} or not end or tokens[end - 1].gap:
        return False
    return name_end(tokens, end + 1, letters) == len(tokens) > end + 1


def _ends(tokens: Sequence[Token], at: int, letters: frozenset[int] = frozenset()) -> bool:
    rest = {"please", "thanks", "thank", "on", "at", "and", "tomorrow", "today", "tonight", "spelled", "that", "this",
            "with", "it", "my", "for", "i", "is", "next", "in", "from", "would", "spelt", "if"}  # fmt: skip
    return (
        at >= len(tokens)
        or at in letters
        or bool(tokens[at - 1].gap)
        or tokens[at].word in rest | frozenset(UNITS)
        or (tokens[at].word.isdecimal())
    )


def name_end(
    tokens: Sequence[Token], start: int, letters: frozenset[int], *, stop_at: set[str] | frozenset[str] = frozenset()
) -> int:
    at = start
    while at < len(tokens) and at - start < _LONGEST_NAME and at not in letters:
        word = tokens[at].word
        first_name = word == "will" and at == start and word_at(tokens, at + 1) not in NEVER | {""}
        if word in stop_at or not (first_name or _is_name_word(word, at, start)):
            break
        at += 1
        gap = tokens[at - 1].gap
        if gap and gap not in {"-", "."}:
            break
        if gap == "." and word not in TITLES and len(word) > 1:
            break
    while at > start and tokens[at - 1].word in PARTICLES | TITLES:
        at -= 1
    return at


def _is_name_word(word: str, at: int, start: int) -> bool:
    if not word.replace("'", "").isalpha() or word.endswith("'s"):
        return False
    if word in PARTICLES or (word in SHORT_WEEKEND and at > start):
        return True
    return word not in NEVER and (len(word) > 1 or at > start)


def is_written_as_name(text: str, tokens: Sequence[Token], at: int) -> bool:
    if at >= len(tokens) or tokens[at].word in NEVER:
        return False
    return text[tokens[at].start].isupper() and not text.isupper()


def named_at(text: str, tokens: Sequence[Token], start: int, end: int) -> Found:
    while start < end - 1 and tokens[start].word in TITLES:
        start += 1
    raw = quote(text, tokens, start, end)
    name = re.sub(r"(?<=\w\w)\.(?= )", "", raw.rstrip(".,"))
    return Found(SlotName.NAME, start, end, title_case(name), raw=raw)


def _with_spelling(said: Found | None, spelled: Sequence[Spelled], known: str) -> Found:
    """The said name with each word that was also spelled written as it was spelled."""
    start, end = spelled[0].start, spelled[-1].end
    words = str(said.value).split() if said is not None else known.split()
    if said is not None:
        start, end = min(start, said.start), max(end, said.end)
    added: list[str] = []
    for run in [part for whole in spelled for part in _by_words(whole, words)]:
        near = max(range(len(words)), key=lambda at: _likeness(run.word, words[at]), default=-1)
        if near >= 0 and _similar(run.word, words[near].lower()):
            words[near] = _capital(run.word)
        else:
            added.append(_capital(run.word))
    name = " ".join([*words, *added]) if said is not None or not added else " ".join(added)
    return Found(SlotName.NAME, start, end, name)


def _by_words(run: Spelled, words: Sequence[str]) -> list[Spelled]:
    """First and last name spelled in one breath, cut where they are most like the two that were said."""
    if len(words) != 2 or len(run.word) < len("".join(words)) - 2:
        return [run]
    if _likeness(run.word, "".join(words)) < _SPELLED_TOGETHER:
        return [run]
    if max(_likeness(run.word, word) for word in words) > _likeness(run.word, "".join(words)):
        return [run]
    cuts = range(1, len(run.word))
    best = max(cuts, key=lambda at: _likeness(run.word[:at], words[0]) + _likeness(run.word[at:], words[1]), default=0)
    return [replace(run, word=part) for part in (run.word[:best], run.word[best:]) if part]


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _similar(one: str, other: str) -> bool:
    return _likeness(one, other) > _SIMILAR or (one[:1] == other[:1] and _likeness(one, other) >= _SIMILAR - 0.1)
