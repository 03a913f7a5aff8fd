"""The users of a tenant. There is no mail server here: an invitation is told to whoever makes it, to be passed on."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.auth import Email
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.access import users
from reception.domains.access.password_tokens import INVITATION_LIFETIME, RESET_LIFETIME, issue_password_token
from reception.domains.access.service import Role, User, create_user
from reception.runtime.principal import Scope

router = APIRouter(prefix="/users", tags=["users"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.USERS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.USERS_WRITE))]
_Name = Annotated[Text, Field(max_length=120, examples=["Ann Example"])]


class NewUser(Request):
    """`bcrypt_hash` keeps the password that they have in another system; without it they choose one by invitation."""

    email: Email
    role: Role
    name: _Name = ""
    bcrypt_hash: str | None = Field(default=None, max_length=100)


class UserChange(Request):
    """Only what is present changes. Who is not `active` cannot log in, and is signed out everywhere."""

    name: _Name = ""
    role: Role = Role.READ_ONLY
    active: bool = True


class UserRead(Response):
    """`invited`: they have not chosen a password yet."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    invited: bool
    created_at: datetime | None
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "UserRead":
        return cls(
            id=user.user_id,
            email=user.email,
            name=user.name,
            role=user.role,
            active=user.active,
            invited=user.invited,
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )


class PasswordToken(Response):
    """For `POST /auth/password/choose`, once. It is told only here: pass it on over a way that only the user reads."""

    token: str
    expires_at: datetime


class NewUserRead(UserRead):
    """`invitation` is null for a user who brought a password."""

    invitation: PasswordToken | None


@router.post("", status_code=status.HTTP_201_CREATED, summary="Add a user, and get their invitation")
@done_once
async def create(body: NewUser, services: ServicesDep, where: _Writer, answer: Answer) -> NewUserRead:
    """Owners add whom they like, managers those below them. 409 when the e-mail address is taken. The invitation is
    good for seven days; `POST /users/{user_id}/password-token` makes another."""
    users.check_manages(where.bearer.role, body.role)
    expires_at = services.clock.now() + INVITATION_LIFETIME
    async with services.database.tenant_session(where.tenant_id) as session:
        user = await create_user(
            session,
            tenant_id=where.tenant_id,
            email=body.email,
            password=None,
            role=body.role,
            name=body.name,
            bcrypt_hash=body.bcrypt_hash,
        )
        token = await issue_password_token(session, user, expires_at) if user.invited else None
    answer.headers["ETag"] = tag_of(user.version)
    invitation = PasswordToken(token=token, expires_at=expires_at) if token else None
    return NewUserRead(**dict(UserRead.of(user)), invitation=invitation)


@router.get("", summary="List the tenant's users")
async def list_all(
    services: ServicesDep,
    where: _Reader,
    role: Role | None = None,
    active: Annotated[bool | None, Query(description="Only those who are, or are not")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[UserRead]:
    """In the order in which they were added."""
    after = id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await users.list_users(session, limit=limit + 1, after=after, role=role, active=active)
    items = found[:limit]
    more = cursor_of(str(items[-1].user_id)) if len(found) > limit else None
    return Page[UserRead](items=tuple(UserRead.of(user) for user in items), next_cursor=more)


@router.get("/{user_id}", summary="Read a user")
async def read(user_id: UUID, services: ServicesDep, where: _Reader, answer: Answer) -> UserRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        user = await users.get_user(session, user_id)
    answer.headers["ETag"] = tag_of(user.version)
    return UserRead.of(user)


@router.patch("/{user_id}", summary="Change a user's name or role, or deactivate them")
async def change(
    user_id: UUID, body: UserChange, services: ServicesDep, where: _Writer, answer: Answer, if_match: IfMatch = None
) -> UserRead:
    """Owners change everybody, managers those below them. 409 for the last owner who can log in. With another role a
    token to choose a password, or an invitation, is good no more: make another."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    async with services.database.tenant_session(where.tenant_id) as session:
        user = await users.lock_user(session, user_id)
        users.check_manages(where.bearer.role, user.role)
        check_unchanged(tag_of(user.version), if_match)
        user = await users.change_user(session, user_id, changes, where.bearer.role, services.clock.now())
    services.authenticator.forget()
    answer.headers["ETag"] = tag_of(user.version)
    return UserRead.of(user)


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a user")
async def delete(user_id: UUID, services: ServicesDep, where: _Writer) -> None:
    """With their sessions; what they did, and the API keys they made, stay with the tenant."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await users.delete_user(session, user_id, where.bearer.role)
    services.authenticator.forget()


@router.post("/{user_id}/password-token", summary="A token by which a user chooses a new password")
@done_once
async def reset_password(user_id: UUID, services: ServicesDep, where: _Writer, answer: Answer) -> PasswordToken:
    """Good for a day, or seven for who has never had a password; the token before is good no more. The password of now
    stays until the token is used."""
    async with services.database.tenant_session(where.tenant_id) as session:
        user = await users.lock_user(session, user_id)
        users.check_manages(where.bearer.role, user.role)
        users.check_active(user)
        expires_at = services.clock.now() + (INVITATION_LIFETIME if user.invited else RESET_LIFETIME)
        token = await issue_password_token(session, user, expires_at)
    return PasswordToken(token=token, expires_at=expires_at)
