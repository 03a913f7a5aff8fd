"""Requests that may be sent again under the same `Idempotency-Key`: done once, and answered alike."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
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
    """Answers are sealed under a key made from the installation's own, for some hold secrets.

    A request that was cut off between its effect and its answer is not done again: whether it was done is not known
    here, and its repetition says so.
    """

    def __init__(self, database: Database, signing_key: str, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        sealing = hmac.new(signing_key.encode(), b"reception kept answers 1", hashlib.sha256).digest()
        self._vault = Vault((sealing,))

    async def once(
        self, tenant_id: UUID, key: str, asked: str, answer: Callable[[], Awaitable[str]]
    ) -> tuple[str, bool]:
        """What `answer()` returns, or what it returned when it was asked before under `key`; and whether it was before.

        `key` tells who asks, and for what; `asked` is all of the request that counts.

        Raises:
            Unprocessable: the key was used for another request.
            Conflict: the request before is not done, or was cut off.
            RateLimited: the tenant keeps too many answers.
        """
        key_hash, asked_hash = _digest(key), _digest(asked)
        now = self._clock.now()
        async with self._database.tenant_session(tenant_id) as session:
            before = await repeats.begin(session, tenant_id, key_hash, asked_hash, now)
        if before is not None:
            return self._repeated(tenant_id, key_hash, asked_hash, before, now), True
        try:
            answered = await answer()
        except Unavailable:
            # The database may have committed before it fell silent.
            raise
        except AppError:
            async with self._database.tenant_session(tenant_id) as session:
                await repeats.forget(session, key_hash)
            raise
        sealed = self._vault.seal(answered, _purpose(tenant_id, key_hash))
        async with self._database.tenant_session(tenant_id) as session:
            await repeats.keep_answer(session, key_hash, sealed)
        return answered, False

    def _repeated(self, tenant_id: UUID, key_hash: bytes, asked_hash: bytes, before: Begun, now: datetime) -> str:
        if before.asked_hash != asked_hash:
            raise Unprocessable("This Idempotency-Key was used for another request: send a new one.")
        if before.answer is not None:
            return self._vault.open(before.answer, _purpose(tenant_id, key_hash))
        if now - before.begun_at < _USUALLY_TAKES:
            raise Conflict("The request with this Idempotency-Key is being answered: send it again in a moment.")
        raise Conflict(
            "The request with this Idempotency-Key was cut off: look whether it was done, and if not, send a new key."
        )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _purpose(tenant_id: UUID, key_hash: bytes) -> str:
    return f"kept answer:{tenant_id}:{key_hash.hex()}"
