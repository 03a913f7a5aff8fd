"""Bearer tokens (JWT, HS256) and single-use tickets for sockets."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from reception.core.clock import Clock
from reception.core.errors import RateLimited, Unauthenticated
from reception.core.ids import uuid7
from reception.runtime.principal import Principal, Scope

ISSUER = "reception"
AUDIENCE = "reception-api"
TICKET_LIFETIME = timedelta(seconds=60)
_MOST_TICKETS = 10_000
_REQUIRED = ["iss", "aud", "exp", "iat", "sub", "scope"]


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str
    expires_in_s: int


class Tokens:
    """Issues and verifies bearer tokens with one key, named by its `kid` so that it can be rotated."""

    def __init__(self, key: str, clock: Clock, *, key_id: str = "1") -> None:
        self._key = key
        self._clock = clock
        self._key_id = key_id

    def issue(self, principal: Principal, lifetime: timedelta) -> IssuedToken:
        now = self._clock.now()
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(uuid7()),
            "sub": principal.subject,
            "scope": " ".join(sorted(principal.scopes)),
        }
        if principal.tenant_id is not None:
            claims["tid"] = str(principal.tenant_id)
        if principal.agent_id is not None:
            claims["aid"] = str(principal.agent_id)
        value = jwt.encode(claims, self._key, algorithm="HS256", headers={"kid": self._key_id})
        return IssuedToken(value, int(lifetime.total_seconds()))

    def verify(self, value: str) -> Principal:
        """The bearer of `value`.

        Raises:
            Unauthenticated: forged, expired, for another service, or not a token at all.
        """
        try:
            claims = jwt.decode(
                value,
                self._key,
                algorithms=["HS256"],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            expires = datetime.fromtimestamp(int(claims["exp"]), self._clock.now().tzinfo)
            tenant, agent = claims.get("tid"), claims.get("aid")
            principal = Principal(
                subject=str(claims["sub"]),
                tenant_id=UUID(tenant) if tenant else None,
                scopes=frozenset(Scope(scope) for scope in str(claims["scope"]).split()),
                agent_id=UUID(agent) if agent else None,
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
            raise Unauthenticated("The token is not valid.") from None
        if expires <= self._clock.now():
            raise Unauthenticated("The token has expired: log in again.")
        return principal


class Tickets:
    """Short-lived secrets, each good for one socket. They live in this process only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, tuple[datetime, Principal]] = {}

    def issue(self, principal: Principal) -> IssuedToken:
        self._forget_expired()
        if len(self._open) >= _MOST_TICKETS:
            raise RateLimited("Too many tickets are waiting to be used.")
        value = secrets.token_urlsafe(32)
        self._open[value] = (self._clock.now() + TICKET_LIFETIME, principal)
        return IssuedToken(value, int(TICKET_LIFETIME.total_seconds()))

    def redeem(self, value: str) -> Principal:
        """The bearer of the ticket, which is used up.

        Raises:
            Unauthenticated: unknown, used before, or expired.
        """
        held = self._open.pop(value, None)
        if held is None or held[0] <= self._clock.now():
            raise Unauthenticated("The ticket is unknown, used or expired: ask for a new one.")
        return held[1]

    def _forget_expired(self) -> None:
        now = self._clock.now()
        # Insertion order is order of expiry, as every ticket lives equally long.
        while self._open:
            oldest = next(iter(self._open))
            if self._open[oldest][0] > now:
                return
            del self._open[oldest]
