"""Passwords: which are good enough, how they are kept, and whether one is right."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from zxcvbn import zxcvbn

from reception.db.bounds import refuse

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
MOST_EXPENSIVE_BCRYPT = 14
"""Of the cost in a hash from elsewhere: 2 to that power rounds, about a second of a core."""
_GOOD_ENOUGH = 2
"""Of zxcvbn's scores 0 to 4: it withstands ten thousand guesses an hour for days, and login allows far fewer."""
_NICENESS = 10


def _yield_to_calls() -> None:
    """Linux has a niceness for each thread, which those that a hash starts inherit; others have one for the process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_WORKERS = ThreadPoolExecutor(2, thread_name_prefix="passwords", initializer=_yield_to_calls)
"""Each hash takes 64 MB and four threads: a flood of logins must leave calls enough of memory and cores."""
_BCRYPT_BYTES = 72
_RATED_CHARS = 72


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right. `better_hash` is to be kept in place of a hash that is out of date."""

    matches: bool
    better_hash: str | None = field(default=None, repr=False)


async def hash_password(password: str, *, about: Sequence[str], pointer: str = "/password") -> str:
    """The Argon2id hash to keep. `about` are words that whoever knows the user would try first.

    Raises:
        Unprocessable: it is too short, too long, or one of those that are tried first. There are no rules about kinds
            of characters (NIST SP 800-63B).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise refuse(pointer, f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if await _slowly(_is_common, password, tuple(about)):
        raise refuse(pointer, "is among the first that anybody would try; several unrelated words are better")
    return await _slowly(_hasher().hash, password)


async def verify_password(password: str, hashed: str | None) -> Verdict:
    """Slow by design, and as slow for somebody unknown, who has no hash."""
    return await _slowly(_verify, password, hashed)


def check_foreign_hash(hashed: str, pointer: str) -> str:
    """A bcrypt hash from another system, if it can be kept.

    Raises:
        Unprocessable: it is none, or checking it would take too long.
    """
    if not BcryptHasher.identify(hashed) or int(hashed[4:6]) > MOST_EXPENSIVE_BCRYPT:
        raise refuse(pointer, f"must be a bcrypt hash of a cost of at most {MOST_EXPENSIVE_BCRYPT}")
    return hashed


async def _slowly(work: Callable[..., _Result], *given: object) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, work, *given)


class _Bcrypt(BcryptHasher):
    """Of a long password bcrypt has only ever looked at the first 72 bytes; its library now refuses the rest."""

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the name it has there
        given = password.encode() if isinstance(password, str) else password
        try:
            return super().verify(given[:_BCRYPT_BYTES], hash)
        except ValueError:
            return False


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(), _Bcrypt()))


@cache
def _hash_of_nothing() -> str:
    return _hasher().hash("no user has this password")


def _verify(password: str, hashed: str | None) -> Verdict:
    tried = password[: LONGEST_PASSWORD + 1]
    if hashed is None:
        _hasher().verify(tried, _hash_of_nothing())
        return Verdict(matches=False)
    return Verdict(*_hasher().verify_and_update(tried, hashed))


def _is_common(password: str, about: tuple[str, ...]) -> bool:
    inputs = [*about, "reception", "receptionist"]
    rated = zxcvbn(password[:_RATED_CHARS], user_inputs=inputs)  # type: ignore[no-untyped-call]
    return int(rated["score"]) < _GOOD_ENOUGH
