"""Signing in and out: `POST /auth/login`, `/auth/refresh`, `/auth/logout`, and the password chosen by invitation."""

from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, status
from fastapi import Request as HttpRequest
from pydantic import Field

from reception.api.access import allowed
from reception.api.schemas import Request, Response, Text
from reception.api.services import Services, ServicesDep
from reception.core.errors import RateLimited, Unauthenticated
from reception.core.telemetry import LOGIN_SLOWED, SESSION_REUSED
from reception.domains.access import sessions
from reception.domains.access.password_tokens import read_password_token, redeem_password_token, token_refused
from reception.domains.access.service import Recognised, check_password, find_login, keep_hash
from reception.domains.access.sessions import EndReason, Renewal, Reuse
from reception.runtime.principal import ROLE_SCOPES, Principal, Scope

router = APIRouter(prefix="/auth", tags=["auth"])

_log = structlog.get_logger(__name__)
_LIMITED: dict[int | str, dict[str, Any]] = {
    429: {"description": "Too many have failed: `Retry-After` says how many seconds to wait"}
}

AnyUser = Annotated[Principal, Depends(allowed(Scope.ACCOUNT))]
Email = Annotated[Text, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$", examples=["ann@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=256, examples=["seven green kettles"])]
OpaqueToken = Annotated[str, Field(min_length=1, max_length=200)]


class Login(Request):
    email: Email
    password: Password


class Refresh(Request):
    refresh_token: OpaqueToken


class ChosenPassword(Request):
    """`token` is the one that an administrator has passed on."""

    token: OpaqueToken
    password: Password


class Token(Response):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme
    expires_in: int


class SignedIn(Token):
    """Both lifetimes in seconds. A refresh token is good once: keep the one of the last answer."""

    refresh_token: str
    refresh_expires_in: int


async def slowed(services: Services, email: str, client: str) -> None:
    """Count an attempt at a password, which `services.attempts.succeed` takes back.

    Raises:
        RateLimited: too many have failed.
    """
    try:
        await services.attempts.begin(email, client)
    except RateLimited as error:
        _log.warning(LOGIN_SLOWED, retry_after_s=error.retry_after_s)
        raise


def client_of(request: HttpRequest) -> str:
    """The network address that a request comes from."""
    return request.client.host if request.client else ""


@router.post("/login", summary="Log in", responses=_LIMITED)
async def login(body: Login, request: HttpRequest, services: ServicesDep) -> SignedIn:
    """An unknown address, a wrong password and a deactivated user answer alike, and equally fast."""
    client = client_of(request)
    await slowed(services, body.email, client)
    async with services.database.unscoped_session() as session:
        stored = await find_login(session, body.email)
    recognised = await check_password(stored, body.password)
    await services.attempts.succeed(body.email, client)
    return _signed_in(services, await _start(services, recognised, request.headers.get("user-agent", "")))


async def _start(services: Services, recognised: Recognised, client: str) -> Renewal:
    user = recognised.user
    async with services.database.account_session(user.user_id) as session:
        if recognised.better_hash is not None:
            await keep_hash(session, user.user_id, recognised.better_hash)
        return await sessions.start_session(
            session, user, client=client, now=services.clock.now(), lifetime=services.session_lifetime
        )


@router.post("/refresh", summary="Trade a refresh token for new tokens")
async def refresh(body: Refresh, services: ServicesDep) -> SignedIn:
    """Each refresh token is good once. One that comes again was copied, so that its whole session ends: send the newest
    only, and one request at a time."""
    renewed: Renewal | Reuse | None = None
    if (presented := sessions.read_refresh_token(body.refresh_token)) is not None:
        async with services.database.account_session(presented.ids[0]) as session:
            renewed = await sessions.renew(session, presented, services.clock.now())
    if isinstance(renewed, Reuse):
        services.authenticator.forget()
        _log.warning(SESSION_REUSED, user_id=str(renewed.user_id), session_id=str(renewed.session_id))
    if not isinstance(renewed, Renewal):
        raise Unauthenticated("The refresh token is unknown, used or expired: log in again.")
    return _signed_in(services, renewed)


def _signed_in(services: Services, renewal: Renewal) -> SignedIn:
    user = renewal.user
    bearer = Principal(
        str(user.user_id), user.tenant_id, ROLE_SCOPES[user.role], role=user.role, session_id=renewal.session_id
    )
    issued = services.tokens.issue(bearer, services.token_lifetime)
    left = renewal.expires_at - services.clock.now()
    return SignedIn(
        access_token=issued.value,
        expires_in=issued.expires_in_s,
        refresh_token=renewal.refresh_token,
        refresh_expires_in=int(left.total_seconds()),
    )


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, summary="Log out")
async def logout(services: ServicesDep, bearer: AnyUser) -> None:
    """Ends this session; its access and refresh tokens are good no more."""
    async with services.database.account_session(bearer.user_id) as session:
        await sessions.end_sessions(
            session, bearer.user_id, services.clock.now(), EndReason.LOGOUT, only=bearer.session_id
        )
    services.authenticator.forget()


@router.post(
    "/password/choose",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Choose a password by invitation or after a reset",
)
async def choose_password(body: ChosenPassword, services: ServicesDep) -> None:
    """Uses the token up, and signs the user out everywhere."""
    presented = read_password_token(body.token)
    if presented is None:
        raise token_refused()
    [user_id], now = presented.ids, services.clock.now()
    async with services.database.account_session(user_id) as session:
        await redeem_password_token(session, presented, body.password, now)
        await sessions.end_sessions(session, user_id, now, EndReason.PASSWORD)
    services.authenticator.forget()
