"""Regular expressions that somebody else wrote: matched for a bounded time only."""

import regex

_LONGEST_MATCH_S = 0.02


def pattern_problem(pattern: str) -> str:
    """Why `pattern` is no regular expression, empty when it is one."""
    try:
        regex.compile(pattern)  # type: ignore[no-untyped-call]
    except regex.error as error:
        return str(error)
    return ""


def matches_whole(pattern: str, text: str) -> bool:
    """Whether all of `text` matches `pattern`, case aside. One that takes too long to tell does not."""
    try:
        found = regex.fullmatch(  # type: ignore[no-untyped-call]
            pattern, text, flags=regex.IGNORECASE, timeout=_LONGEST_MATCH_S
        )
        return found is not None
    except TimeoutError:
        return False
