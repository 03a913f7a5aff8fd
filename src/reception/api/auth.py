"""`POST /auth/login`: a token for an e-mail and a password."""

from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.access.service import check_password, find_login
from reception.runtime.principal import ROLE_SCOPES, Principal

router = APIRouter(prefix="/auth", tags=["auth"])


class Login(Request):
    email: Annotated[Text, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    password: str = Field(min_length=1, max_length=256)


class Token(Response):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme
    expires_in: int


@router.post("/login", summary="Log in", responses={429: {"description": "Too many logins have failed"}})
async def login(body: Login, request: HttpRequest, services: ServicesDep) -> Token:
    client = request.client.host if request.client else ""
    services.attempts.begin(body.email, client)
    async with services.database.login_session(body.email) as session:
        stored = await find_login(session, body.email)
    user = await check_password(stored, body.password)
    services.attempts.succeed(body.email, client)
    principal = Principal(str(user.user_id), user.tenant_id, ROLE_SCOPES[user.role])
    issued = services.tokens.issue(principal, services.token_lifetime)
    return Token(access_token=issued.value, expires_in=issued.expires_in_s)
