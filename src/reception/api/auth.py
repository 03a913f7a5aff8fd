"""`POST /auth/login`: a token for an e-mail and a password."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.access.service import authenticate
from reception.runtime.principal import ROLE_SCOPES, Principal

router = APIRouter(prefix="/auth", tags=["auth"])


class Login(Request):
    email: Annotated[Text, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    password: str = Field(min_length=1, max_length=256)


class Token(Response):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme
    expires_in: int


@router.post("/login", summary="Log in")
async def login(body: Login, services: ServicesDep) -> Token:
    async with services.database.login_session(body.email) as session:
        user = await authenticate(session, body.email, body.password)
    principal = Principal(str(user.user_id), user.tenant_id, ROLE_SCOPES[user.role])
    issued = services.tokens.issue(principal, services.token_lifetime)
    return Token(access_token=issued.value, expires_in=issued.expires_in_s)
