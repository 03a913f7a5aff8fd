"""One's own account: who one is, the password, and where one is signed in."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, status
from fastapi import Request as HttpRequest

from reception.api.auth import AnyUser, Password, client_of, slowed
from reception.api.schemas import Request, Response
from reception.api.services import ServicesDep
from reception.core.errors import NotFound, Unauthenticated, Unprocessable
from reception.db.bounds import refuse
from reception.domains.access import sessions
from reception.domains.access.password_tokens import forget_password_token
from reception.domains.access.service import Role, check_password, find_login, set_password
from reception.domains.access.sessions import EndReason
from reception.domains.access.users import get_user
from reception.runtime.principal import Scope

router = APIRouter(prefix="/auth", tags=["auth"])


class Me(Response):
    """`permissions` are those of this token."""

    id: UUID
    tenant_id: UUID | None
    email: str
    name: str
    role: Role
    permissions: tuple[Scope, ...]


class PasswordChange(Request):
    current_password: Password
    new_password: Password


class SessionRead(Response):
    """`client` is what the browser or program calls itself; `current` is the one that asks."""

    id: UUID
    client: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@router.get("/me", summary="Who this token belongs to")
async def me(services: ServicesDep, bearer: AnyUser) -> Me:
    async with services.database.account_session(bearer.user_id) as session:
        user = await get_user(session, bearer.user_id)
    return Me(
        id=user.user_id,
        tenant_id=user.tenant_id,
        email=user.email,
        name=user.name,
        role=user.role,
        permissions=tuple(sorted(bearer.scopes)),
    )


@router.post("/password", status_code=status.HTTP_204_NO_CONTENT, summary="Change one's own password")
async def change_password(body: PasswordChange, request: HttpRequest, services: ServicesDep, bearer: AnyUser) -> None:
    """Signs one out everywhere else; a token to choose another is good no more. Guesses at the current password are
    slowed as at login."""
    async with services.database.account_session(bearer.user_id) as session:
        user = await get_user(session, bearer.user_id)
    client = client_of(request)
    await slowed(services, user.email, client)
    async with services.database.unscoped_session() as session:
        stored = await find_login(session, user.email)
    try:
        await check_password(stored, body.current_password)
    except Unauthenticated:
        raise _wrong_password() from None
    await services.attempts.succeed(user.email, client)
    async with services.database.account_session(bearer.user_id) as session:
        await set_password(session, bearer.user_id, body.new_password, pointer="/new_password")
        await forget_password_token(session, bearer.user_id)
        await sessions.end_sessions(
            session, bearer.user_id, services.clock.now(), EndReason.PASSWORD, but=bearer.session_id
        )
    services.authenticator.forget()


def _wrong_password() -> Unprocessable:
    return refuse("/current_password", "is not your password")


@router.get("/sessions", summary="Where one is signed in")
async def list_sessions(services: ServicesDep, bearer: AnyUser) -> list[SessionRead]:
    """The one used last first; at most fifty."""
    async with services.database.account_session(bearer.user_id) as session:
        found = await sessions.list_sessions(session, bearer.user_id, services.clock.now())
    return [
        SessionRead(
            id=one.session_id,
            client=one.client,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
            expires_at=one.expires_at,
            current=one.session_id == bearer.session_id,
        )
        for one in found
    ]


@router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out everywhere else")
async def end_other_sessions(services: ServicesDep, bearer: AnyUser) -> None:
    async with services.database.account_session(bearer.user_id) as session:
        await sessions.end_sessions(
            session, bearer.user_id, services.clock.now(), EndReason.ENDED, but=bearer.session_id
        )
    services.authenticator.forget()


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Sign out in one place")
async def end_session(session_id: UUID, services: ServicesDep, bearer: AnyUser) -> None:
    async with services.database.account_session(bearer.user_id) as session:
        ended = await sessions.end_sessions(
            session, bearer.user_id, services.clock.now(), EndReason.ENDED, only=session_id
        )
    services.authenticator.forget()
    if not ended:
        raise NotFound("There is no such session.")
