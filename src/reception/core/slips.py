"""Whether two words are one, misspelt or misheard."""

_LONG = 8
"""From so many letters on a second slip, or a letter in place of another, is still no other word."""


def is_slip(word: str, meant: str) -> bool:
    """Whether `word` is `meant` with a letter too many, one too few, or two in the wrong order; a long word may also
    have a letter in place of another, or two slips. Short words with another letter are other words: "massage" and
    "message"."""
    if abs(len(word) - len(meant)) > 1 or word == meant:
        return False
    if len(word) != len(meant) or sorted(word) == sorted(meant):
        return _distance(word, meant) <= (1 if min(len(word), len(meant)) < _LONG else 2)
    return len(word) >= _LONG and _distance(word, meant) <= 1


def _distance(one: str, other: str) -> int:
    """Letters put in, left out, replaced, or swapped with the next (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, last, row = row, before, [at]
        for there, wanted in enumerate(other, 1):
            best = min(before[there] + 1, row[there - 1] + 1, before[there - 1] + (letter != wanted))
            if at > 1 and there > 1 and letter == other[there - 2] and one[at - 2] == wanted:
                best = min(best, last[there - 2] + 1)
            row.append(best)
    return row[-1]
