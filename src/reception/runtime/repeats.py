"""Requests that may be sent again under the same `Idempotency-Key`: done once, and answered alike."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from reception.core.clock import Clock
from reception.core.errors import AppError, Conflict, Unavailable, Unprocessable
from reception.core.vault import Vault
from reception.db.database import Database
from reception.domains.repeats import service as repeats
from reception.domains.repeats.service import Begun

_USUALLY_TAKES = timedelta(minutes=1)


class Repeats:
    """Answers are sealed under a key made from the installation's own, for some hold secrets. `signing_keys` are that
    of now, and those of before, under which some are sealed still.

    A request that was cut off between its effect and its answer is not done again: whether it was done is not known
    here, and its repetition says so.
    """

    def __init__(self, database: Database, signing_keys: Sequence[str], clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._vault = Vault(tuple(_sealing_key(key) for key in signing_keys))

    async def once(
        self,
        tenant_id: UUID | None,
        key: str,
        asked: str,
        answer: Callable[[], Awaitable[str]],
        *,
        good_for: timedelta | None = None,
    ) -> tuple[str, bool]:
        """What `answer()` returns, or what it returned when it was asked before under `key`; and whether it was before.

        `tenant_id` is None for what is asked outside any tenant. `key` tells who asks, and for what; `asked` is all of
        the request that counts; an answer is worth nothing after `good_for`.

        Raises:
            Unprocessable: the key was used for another request.
            Conflict: the request before is not done, or was cut off; or its answer cannot be told, or is of no use.
            RateLimited: the tenant keeps too many answers.
        """
        key_hash, asked_hash = _digest(key), _digest(asked)
        now = self._clock.now()
        async with self._database.session_of(tenant_id) as session:
            before = await repeats.begin(session, tenant_id, key_hash, asked_hash, now)
        if before is not None:
            if before.asked_hash != asked_hash:
                raise Unprocessable("This Idempotency-Key was used for another request: send a new one.")
            if good_for is not None and now - before.begun_at >= good_for:
                raise Conflict("What this Idempotency-Key was answered with is good no more: send a new key.")
            return self._repeated(before, _purpose(tenant_id, key_hash), now), True
        try:
            answered = await answer()
        except Unavailable:
            # The database may have committed before it fell silent.
            raise
        except AppError:
            async with self._database.session_of(tenant_id) as session:
                await repeats.forget(session, key_hash)
            raise
        sealed = self._vault.seal(answered, _purpose(tenant_id, key_hash))
        async with self._database.session_of(tenant_id) as session:
            await repeats.keep_answer(session, key_hash, sealed)
        return answered, False

    def _repeated(self, before: Begun, purpose: str, now: datetime) -> str:
        if before.answer is not None and self._vault.holds(before.answer.key_id):
            return self._vault.open(before.answer, purpose)
        if before.answer is not None:
            raise Conflict(
                "The request with this Idempotency-Key was done, and its answer cannot be told again, as the signing"
                " key has been changed since: look for what it made."
            )
        if now - before.begun_at < _USUALLY_TAKES:
            raise Conflict("The request with this Idempotency-Key is being answered: send it again in a moment.")
        raise Conflict(
            "The request with this Idempotency-Key was cut off: look whether it was done, and if not, send a new key."
        )


def _sealing_key(signing_key: str) -> bytes:
    return hmac.new(signing_key.encode(), b"reception kept answers 1", hashlib.sha256).digest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _purpose(tenant_id: UUID | None, key_hash: bytes) -> str:
    return f"kept answer:{tenant_id}:{key_hash.hex()}"
