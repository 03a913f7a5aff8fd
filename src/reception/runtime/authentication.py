"""Who shows an access token or an API key: verified, and not revoked since."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from reception.core.clock import Clock
from reception.core.errors import Unauthenticated
from reception.db.database import Database
from reception.domains.access.api_keys import KEY_KIND, TOUCHED_EVERY, find_key, touch_key
from reception.domains.access.opaque import digest
from reception.domains.access.service import User
from reception.domains.access.sessions import signed_in
from reception.runtime.principal import KEY_SCOPES, ROLE_SCOPES, Principal
from reception.runtime.tokens import Tokens

BELIEVED_S = 5.0
"""How long what the database said is believed: what another process revokes is refused here that much later."""
_MOST_KEPT = 10_000

_Key = TypeVar("_Key", UUID, bytes)
_Value = TypeVar("_Value")


class _Believed(Generic[_Key, _Value]):
    """What was found lately, until it is too old."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: OrderedDict[_Key, tuple[float, _Value]] = OrderedDict()

    def get(self, key: _Key) -> _Value | None:
        until_s, value = self._found.get(key, (0.0, None))
        return value if until_s > self._clock.monotonic_s() else None

    def put(self, key: _Key, value: _Value) -> None:
        self._found[key] = (self._clock.monotonic_s() + BELIEVED_S, value)
        self._found.move_to_end(key)
        while len(self._found) > _MOST_KEPT:
            self._found.popitem(last=False)

    def clear(self) -> None:
        self._found.clear()


@dataclass(frozen=True, slots=True)
class _KnownKey:
    principal: Principal
    expires_at: datetime | None


class Authenticator:
    """Verifies credentials of every kind, and asks the database whether they are still good.

    A user's role is the one they have now, whatever it was when the token was signed.
    """

    def __init__(self, database: Database, tokens: Tokens, clock: Clock) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._users: _Believed[UUID, User] = _Believed(clock)
        self._keys: _Believed[bytes, _KnownKey] = _Believed(clock)
        self._touched: OrderedDict[UUID, datetime] = OrderedDict()

    async def verify(self, value: str) -> Principal:
        """Whose credentials these are.

        Raises:
            Unauthenticated: forged, expired or revoked.
            Unavailable: the database cannot say whether they are revoked.
        """
        if value.startswith(KEY_KIND):
            return await self._bearer_of_key(value)
        bearer = self._tokens.verify(value)
        if bearer.session_id is None:
            return bearer
        user = await self._signed_in(bearer.user_id, bearer.session_id)
        if user is None:
            raise Unauthenticated("You have been signed out: log in again.")
        scopes = bearer.scopes & ROLE_SCOPES[user.role]
        return replace(bearer, tenant_id=user.tenant_id, role=user.role, scopes=scopes)

    def forget(self) -> None:
        """Ask the database anew: something was revoked."""
        self._users.clear()
        self._keys.clear()

    async def _signed_in(self, user_id: UUID, session_id: UUID) -> User | None:
        if (known := self._users.get(session_id)) is not None:
            return known
        async with self._database.account_session(user_id) as session:
            user = await signed_in(session, session_id, self._clock.now())
        if user is not None:
            self._users.put(session_id, user)
        return user

    async def _bearer_of_key(self, value: str) -> Principal:
        hashed = digest(value)
        known = self._keys.get(hashed)
        if known is None:
            async with self._database.unscoped_session() as session:
                found = await find_key(session, value)
            if found is None:
                raise Unauthenticated("The API key is unknown or revoked.")
            scopes = frozenset(scope for scope in KEY_SCOPES if scope.value in found.scopes)
            known = _KnownKey(Principal(f"key:{found.key_id}", found.tenant_id, scopes), found.expires_at)
            self._keys.put(hashed, known)
        if known.expires_at is not None and known.expires_at <= self._clock.now():
            raise Unauthenticated("The API key has expired.")
        await self._touch(known.principal)
        return known.principal

    async def _touch(self, bearer: Principal) -> None:
        """Note the use of a key, once an hour and not with every request."""
        key_id, now = UUID(bearer.subject.removeprefix("key:")), self._clock.now()
        touched = self._touched.get(key_id)
        if bearer.tenant_id is None or (touched is not None and now - touched < TOUCHED_EVERY):
            return
        self._touched[key_id] = now
        while len(self._touched) > _MOST_KEPT:
            self._touched.popitem(last=False)
        async with self._database.tenant_session(bearer.tenant_id) as session:
            await touch_key(session, key_id, now)
