"""JSON pointers (RFC 6901)."""

from collections.abc import Mapping, Sequence


def value_at(document: object, pointer: str) -> object:
    """What `pointer` names in `document`; None when nothing is there."""
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, Sequence) and not isinstance(found, str) and name.isdecimal() and len(name) < 6:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found
