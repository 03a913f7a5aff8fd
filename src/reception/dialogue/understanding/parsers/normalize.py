"""Words as they come from a transcript, made uniform: case, punctuation, contractions, fillers.

Every token keeps its place in the original text, so that what was read can be quoted as it was said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

LONGEST_TOKENS = 400
"""A turn beyond this many words is read up to here; nobody gives a booking in more."""

FILLERS = frozenset({"um", "uh", "er", "erm", "uhm", "umm", "uhh", "ah", "eh", "hmm", "mmm", "hm"})

_CONTRACTIONS: dict[str, tuple[str, ...]] = {
    "i'd": ("i", "would"), "we'd": ("we", "would"), "i'm": ("i", "am"), "we're": ("we", "are"), "i've": ("i", "have"),
    "we've": ("we", "have"), "it's": ("it", "is"), "that's": ("that", "is"), "what's": ("what", "is"),
    "there's": ("there", "is"), "here's": ("here", "is"), "where's": ("where", "is"), "when's": ("when", "is"),
    "who's": ("who", "is"), "how's": ("how", "is"), "he's": ("he", "is"), "she's": ("she", "is"),
    "let's": ("let", "us"),
    "name's": ("name", "is"), "number's": ("number", "is"), "email's": ("email", "is"), "don't": ("do", "not"),
    "doesn't": ("does", "not"), "didn't": ("did", "not"), "can't": ("can", "not"), "cannot": ("can", "not"),
    "won't": ("will", "not"), "isn't": ("is", "not"), "aren't": ("are", "not"), "wasn't": ("was", "not"),
    "couldn't": ("could", "not"), "wouldn't": ("would", "not"), "i'll": ("i", "will"), "we'll": ("we", "will"),
    "it'll": ("it", "will"), "that'll": ("that", "will"), "there'll": ("there", "will"), "that'd": ("that", "would"),
    "it'd": ("it", "would"), "you're": ("you", "are"), "they're": ("they", "are"), "you've": ("you", "have"),
    "im": ("i", "am"), "ive": ("i", "have"), "dont": ("do", "not"), "cant": ("can", "not"), "thats": ("that", "is"),
    "whats": ("what", "is"), "its": ("it", "is"), "lets": ("let", "us"), "id": ("i", "would"), "youre": ("you", "are"),
    "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("got", "to"), "gimme": ("give", "me"),
    "lemme": ("let", "me"), "y'all": ("you",), "oclock": ("o'clock",), "ok": ("okay",), "o.k": ("okay",),
    "e-mail": ("email",), "ma'am": (), "c'mon": ("come", "on"), "haven't": ("have", "not"), "hasn't": ("has", "not"),
    "hadn't": ("had", "not"), "ain't": ("is", "not"), "shouldn't": ("should", "not"), "weren't": ("were", "not"),
    "who're": ("who", "are"), "you'll": ("you", "will"), "they'll": ("they", "will"), "he'll": ("he", "will"),
    "she'll": ("she", "will"), "how'd": ("how", "would"), "didnt": ("did", "not"), "wont": ("will", "not"),
    "tmrw": ("tomorrow",), "tmr": ("tomorrow",), "tmw": ("tomorrow",), "ppl": ("people",), "pls": ("please",),
    "plz": ("please",), "thx": ("thanks",),
    "isnt": ("is", "not"), "havent": ("have", "not"), "thatll": ("that", "will"), "itll": ("it", "will"),
}  # fmt: skip
_SPLIT = {
    ("fry", "day"): "friday", ("fri", "day"): "friday", ("satur", "day"): "saturday", ("sun", "day"): "sunday",
    ("mon", "day"): "monday", ("tues", "day"): "tuesday", ("wednes", "day"): "wednesday", ("thurs", "day"): "thursday",
    ("to", "night"): "tonight", ("to", "morrow"): "tomorrow", ("tab", "le"): "table", ("birth", "day"): "birthday",
    ("week", "end"): "weekend", ("o", "clock"): "o'clock", ("after", "noon"): "afternoon", ("mid", "night"): "midnight",
    ("mid", "day"): "midday", ("high", "chair"): "highchair", ("pee", "em"): "pm",
    ("pea", "em"): "pm", ("re", "schedule"): "reschedule",
}  # fmt: skip
"""Words that transcription writes in two."""
_ISH = re.compile(r"(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|1?\d)ish")
_WEEK_LIKE = frozenset({"weak", "weeks'", "wick"})

_TOKEN = re.compile(
    r"""
      (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<host>\b[a-z][\w-]*\.(?:com|org|net|co\.uk|uk|de|fr|es|io|edu|info)\b)
    | (?P<iso>\d{4}-\d{1,2}-\d{1,2})
    | (?P<slash>\d{1,2}/\d{1,2}(?:/\d{2,4})?)
    | (?P<clock>\d{1,2}[:.h]\d{2}(?!\d|[.:]\d))
    | (?P<comma>(?<!\d)(?<!\d[ ,.-])(?:1?\d|2[0-3]),(?:00|15|30|45)(?!\d|[.:, -]+\d))
    | (?P<ordinal>\d+(?:st|nd|rd|th)\b)
    | (?P<grouped>\d{1,3}(?:,\d{3})+(?!\d))
    | (?P<number>\d+)
    | (?P<half>\b[ap]\s?\.\s?m\b(?!\.?\s?[b-hj-z]\b)\.?)
    | (?P<hum>\b(?:uh[- ]?huh|mm+[- ]?hmm+|mhmm?)\b)
    | (?P<spelled>\b(?:[a-z][-.]\s?){2,}[a-z]\b\.?(?!['’]))
    | (?P<mail>\be-mail\b)
    | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)
    | (?P<symbol>[+@&#$£€_*])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CODE = re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])(?!\d+ppl)[a-z\d]{6}\b", re.IGNORECASE | re.ASCII)
"""As our references are, "2X5TMR": the letters in it are no word, however they look."""
_STUTTERS = frozenset({"i", "the", "a", "at", "to", "on", "my", "it", "is", "we", "and", "of", "can", "would"})

_HALVES = frozenset({"have", "halve", "has", "had"})


def word_set(*words: str) -> frozenset[str]:
    """The words of all of `words`, which hold them with spaces between."""
    return frozenset(word for text in words for word in text.split())


HOURS = word_set("one two three four five six seven eight nine ten eleven twelve 1 2 3 4 5 6 7 8 9 10 11 12")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `word` in lower case; `start` and `end` are its place in the text (a contraction's parts share one);
    `gap` is the punctuation between it and the next word, empty for a mere space."""

    word: str
    start: int
    end: int
    gap: str = ""


def tokenize(text: str) -> tuple[Token, ...]:
    """Split `text` into uniform tokens, without fillers and stutters."""
    tokens: list[Token] = []
    codes = [code.span() for code in _CODE.finditer(text)]
    previous_end = 0
    for match in _TOKEN.finditer(text):
        gap = text[previous_end : match.start()].strip()
        if gap and tokens and not tokens[-1].gap:
            tokens[-1] = replace(tokens[-1], gap=gap)
        previous_end = match.end()
        if match.lastgroup == "word" and any(start <= match.start() < end for start, end in codes):
            tokens.append(Token(match.group().lower(), *match.span()))
            continue
        for word, start, end in _words(match):
            if word not in FILLERS:
                tokens.append(Token(word, start, end))
        if len(tokens) >= LONGEST_TOKENS:
            break
    gap = text[previous_end:].strip()
    if gap and tokens and not tokens[-1].gap:
        tokens[-1] = replace(tokens[-1], gap=gap[:3])
    return _with_half_hours(_rejoined(_without_asides(_without_stutters(tokens))))


def _words(match: re.Match[str]) -> list[tuple[str, int, int]]:
    start, end = match.span()
    raw = match.group().lower().replace("’", "'")
    kind = match.lastgroup
    if kind == "spelled":
        return [(letter, start + at, start + at + 1) for at, letter in enumerate(raw) if letter.isalpha()]
    if kind == "half":
        return [(raw[0] + "m", start, end)]
    if kind == "hum":
        return [("mhm", start, end)]
    if kind == "mail":
        return [("email", start, end)]
    if kind == "grouped":
        return [(raw.replace(",", ""), start, end)]
    if kind in {"clock", "comma"}:
        return [(re.sub(r"[.,h]", ":", raw), start, end)]
    if kind == "word":
        if about := _ISH.fullmatch(raw):
            return [(about.group(1), start, end), ("ish", start, end)]
        return [(word, start, end) for word in _CONTRACTIONS.get(raw, (raw,))]
    return [(raw, start, end)]


def _without_stutters(tokens: list[Token]) -> tuple[Token, ...]:
    kept: list[Token] = []
    for token in tokens:
        repeats = kept and kept[-1].word == token.word and token.word in _STUTTERS
        if repeats and kept[-1].start != token.start:
            kept[-1] = token
        else:
            kept.append(token)
    return tuple(kept)


_ASIDES = (("do", "you", "know", "what"), ("you", "know", "what"), ("tell", "you", "what"), ("to", "be", "honest"))


def _without_asides(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """ "You know what, don't bother": what is set off by a comma at the beginning and says nothing."""
    start = 1 if tokens and tokens[0].word in {"i", "oh", "well", "so"} else 0
    for aside in _ASIDES:
        end = start + len(aside)
        said = tuple(token.word for token in tokens[start:end])
        if (
            said == aside
            and end < len(tokens)
            and (tokens[end - 1].gap or tokens[end].word in {"do", "just", "forget"})
        ):
            return tokens[end:]
    return tokens


def _rejoined(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Words that were written in two made one, and "a weak on Tuesday" a week."""
    kept: list[Token] = []
    for token in tokens:
        before = kept[-1] if kept else None
        joined = _SPLIT.get((before.word, token.word)) if before is not None and before.gap in {"", "-"} else None
        if joined is not None and before is not None:
            kept[-1] = Token(joined, before.start, token.end, token.gap)
        elif token.word in _WEEK_LIKE and before is not None and before.word in {"a", "one", "next", "this", "in"}:
            kept.append(replace(token, word="week"))
        else:
            kept.append(token)
    return tuple(kept)


def _with_half_hours(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """ "Half past seven" is often transcribed as "have past seven" or "I have past seven"."""
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        following = tuple(later.word for later in tokens[at + 1 : at + 3])
        if token.word in _HALVES and len(following) == 2 and following[0] == "past" and following[1] in HOURS:
            if kept and kept[-1].word == "i":
                token = replace(token, start=kept.pop().start)
            token = replace(token, word="half")
        kept.append(token)
    return tuple(kept)


def words_of(tokens: Sequence[Token]) -> str:
    """The words alone, joined by single spaces: what rules are matched against."""
    return " ".join(token.word for token in tokens)


def quote(text: str, tokens: Sequence[Token], start: int, end: int) -> str:
    """The stretch of `text` that `tokens[start:end]` were read from."""
    if start >= end:
        return ""
    return text[tokens[start].start : tokens[end - 1].end]


def word_at(tokens: Sequence[Token], index: int) -> str:
    """The word at `index`, empty outside the tokens."""
    return tokens[index].word if 0 <= index < len(tokens) else ""
