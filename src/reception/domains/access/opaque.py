"""Secrets that mean nothing to whoever holds them: made once, shown once, kept as a hash.

A hash without a salt and without work is enough for them: they have 256 random bits, which nobody guesses.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

_SECRET_BYTES = 32
_ID_BYTES = 16
_LONGEST = 200


def digest(value: str) -> bytes:
    """What is kept of a secret: 32 bytes."""
    return hashlib.sha256(value.encode()).digest()


@dataclass(frozen=True, slots=True)
class Presented:
    """A secret as it came in: the ids that it names, which prove nothing, and its hash, which does."""

    ids: tuple[UUID, ...]
    hash: bytes


def make(kind: str, *ids: UUID) -> str:
    """A secret that names `ids`, so that whose it is can be found."""
    body = b"".join(id_.bytes for id_ in ids) + secrets.token_bytes(_SECRET_BYTES)
    return kind + base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def read(kind: str, value: str, ids: int) -> Presented | None:
    """None for what `make` cannot have made."""
    if len(value) > _LONGEST or not value.startswith(kind) or not value.isascii():
        return None
    text = value.removeprefix(kind)
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(body) != ids * _ID_BYTES + _SECRET_BYTES:
        return None
    named = tuple(UUID(bytes=body[start : start + _ID_BYTES]) for start in range(0, ids * _ID_BYTES, _ID_BYTES))
    return Presented(named, digest(value))
