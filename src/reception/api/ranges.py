"""One range of bytes of a file (RFC 9110, section 14)."""

import re

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def byte_range(wanted: str, size: int) -> tuple[int, int, bool]:
    """Where to begin, where to stop, and whether that is less than was there. What cannot be met is answered with the
    whole file, as the standard allows."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match.group(1) == match.group(2) == "":
        return 0, size, False
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    return (start, end, True) if start < end else (0, size, False)
