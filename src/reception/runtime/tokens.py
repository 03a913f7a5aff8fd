"""Access tokens (JWT, HS256) and single-use tickets for sockets, signed with the installation's key."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from reception.core.clock import Clock
from reception.core.errors import InvalidInput, Unauthenticated
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.access.service import Role
from reception.domains.access.tickets import use_ticket
from reception.runtime.principal import Principal, Scope

ISSUER = "reception"
AUDIENCE = "reception-api"
TICKET_AUDIENCE = "reception-ticket"
TICKET_LIFETIME = timedelta(seconds=60)
_REQUIRED = ["iss", "aud", "exp", "iat", "sub", "scope"]
_REQUIRED_OF_TICKETS = ["iss", "aud", "exp", "jti", "sub", "scope"]


UseTicket = Callable[[UUID, UUID, datetime], Awaitable[bool]]
"""Told of tenant, ticket and expiry; whether that is the ticket's first use."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str
    expires_in_s: int


class SigningKeys:
    """Signs with `key`, which each token names by its `kid`; what `former` keys signed is good until it expires, so
    that the key can be changed while users are signed in."""

    def __init__(self, key: str, former: Sequence[str] = ()) -> None:
        self._key_id = _id_of(key)
        self._keys = {_id_of(one): one for one in (key, *former)}

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._keys[self._key_id], algorithm="HS256", headers={"kid": self._key_id})

    def read(self, value: str, audience: str, required: list[str]) -> dict[str, Any]:
        """The claims under a good signature; whether they have expired is for the injected clock to say.

        Raises:
            jwt.InvalidTokenError: it is no token, not signed with one of the keys, or for another audience.
        """
        key = self._keys.get(str(jwt.get_unverified_header(value).get("kid")))
        if key is None:
            raise jwt.InvalidTokenError
        claims: dict[str, Any] = jwt.decode(
            value,
            key,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=audience,
            options={"require": required, "verify_exp": False, "verify_iat": False},
        )
        return claims


class Tokens:
    """Issues and verifies access tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def issue(self, principal: Principal, lifetime: timedelta) -> IssuedToken:
        now = self._clock.now()
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(uuid7()),
            **_claims_of(principal),
        }
        value = self._keys.sign(claims)
        return IssuedToken(value, int(lifetime.total_seconds()))

    def verify(self, value: str) -> Principal:
        """The bearer of `value`.

        Raises:
            Unauthenticated: forged, expired, for another service, or not a token at all.
        """
        try:
            claims = self._keys.read(value, AUDIENCE, _REQUIRED)
            expires = datetime.fromtimestamp(int(claims["exp"]), self._clock.now().tzinfo)
            principal = _principal_of(claims)
        except _MALFORMED:
            raise Unauthenticated("The token is not valid.") from None
        if expires <= self._clock.now():
            raise Unauthenticated("The token has expired: log in again.")
        return principal


class Tickets:
    """Short-lived credentials, each good for one socket, on any process that shares the key and the database.

    A ticket is a signed token of an audience of its own; `use` remembers the first use of each.
    """

    def __init__(self, keys: SigningKeys, clock: Clock, use: UseTicket) -> None:
        self._keys = keys
        self._clock = clock
        self._use = use

    def issue(self, principal: Principal) -> IssuedToken:
        """A ticket for a bearer in a tenant.

        Raises:
            InvalidInput: the bearer has chosen no tenant.
        """
        if principal.tenant_id is None:
            raise InvalidInput("A ticket is for one tenant: name it.")
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": TICKET_AUDIENCE,
            "exp": int((self._clock.now() + TICKET_LIFETIME).timestamp()),
            "jti": str(uuid7()),
            **_claims_of(principal),
        }
        value = self._keys.sign(claims)
        return IssuedToken(value, int(TICKET_LIFETIME.total_seconds()))

    async def redeem(self, value: str) -> Principal:
        """The bearer of the ticket, which is used up.

        Raises:
            Unauthenticated: forged, used before, or expired.
            Unavailable: the database cannot say whether it was used.
        """
        refusal = Unauthenticated("The ticket is unknown, used or expired: ask for a new one.")
        try:
            claims = self._keys.read(value, TICKET_AUDIENCE, _REQUIRED_OF_TICKETS)
            expires = datetime.fromtimestamp(int(claims["exp"]), self._clock.now().tzinfo)
            principal, ticket_id = _principal_of(claims), UUID(claims["jti"])
        except _MALFORMED:
            raise refusal from None
        if principal.tenant_id is None or expires <= self._clock.now():
            raise refusal
        if not await self._use(principal.tenant_id, ticket_id, expires):
            raise refusal
        return principal


def ticket_register(database: Database, clock: Clock) -> UseTicket:
    """Remembers the use of tickets in the database, for every process at once."""

    async def use(tenant_id: UUID, ticket_id: UUID, expires_at: datetime) -> bool:
        async with database.tenant_session(tenant_id) as session:
            return await use_ticket(session, tenant_id, ticket_id, expires_at, clock.now())

    return use


_MALFORMED = (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError)


def _claims_of(principal: Principal) -> dict[str, Any]:
    claims: dict[str, Any] = {"sub": principal.subject, "scope": " ".join(sorted(principal.scopes))}
    if principal.tenant_id is not None:
        claims["tid"] = str(principal.tenant_id)
    if principal.agent_id is not None:
        claims["aid"] = str(principal.agent_id)
    if principal.role is not None:
        claims["role"] = principal.role.value
    if principal.session_id is not None:
        claims["sid"] = str(principal.session_id)
    if principal.carrier_call_id:
        claims["call"] = principal.carrier_call_id
    return claims


def _id_of(key: str) -> str:
    return hashlib.sha256(b"reception signing key" + key.encode()).hexdigest()[:12]


def _principal_of(claims: dict[str, Any]) -> Principal:
    tenant, agent, role, session = (claims.get(name) for name in ("tid", "aid", "role", "sid"))
    return Principal(
        subject=str(claims["sub"]),
        tenant_id=UUID(tenant) if tenant else None,
        scopes=frozenset(Scope(scope) for scope in str(claims["scope"]).split()),
        agent_id=UUID(agent) if agent else None,
        role=Role(role) if role else None,
        session_id=UUID(session) if session else None,
        carrier_call_id=str(claims.get("call", "")),
    )
