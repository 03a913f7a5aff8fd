"""Credentials that were good are refused once they are revoked, on every process of an installation."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from reception.app.foundation import Login, ensure_platform_admin
from reception.core.clock import FixedClock
from reception.core.errors import Unauthenticated, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.access.api_keys import create_key, list_keys, revoke_key
from reception.domains.access.service import Role, User, create_user, find_login
from reception.domains.access.sessions import (
    EndReason,
    Renewal,
    Reuse,
    end_sessions,
    list_sessions,
    read_refresh_token,
    renew,
    start_session,
)
from reception.domains.access.users import change_user
from reception.runtime.authentication import BELIEVED_S, Authenticator
from reception.runtime.principal import ROLE_SCOPES, Principal, Scope
from reception.runtime.tokens import SigningKeys, Tokens
from tests.support.postgres import make_business

MONTH = timedelta(days=30)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2027, 3, 1, tzinfo=UTC))


async def _somebody(database: Database, role: Role = Role.OWNER) -> User:
    """A user with a password that nobody knows."""
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        return await create_user(
            session,
            tenant_id=business.tenant_id,
            email=f"{uuid7()}@example.com",
            password=None,
            role=role,
            bcrypt_hash="$2b$12$" + "a" * 53,
        )


async def _signed_in(database: Database, user: User, clock: FixedClock) -> Renewal:
    async with database.account_session(user.user_id) as session:
        return await start_session(session, user, client="test", now=clock.now(), lifetime=MONTH)


def _token(tokens: Tokens, renewal: Renewal) -> str:
    user = renewal.user
    bearer = Principal(
        str(user.user_id), user.tenant_id, ROLE_SCOPES[user.role], role=user.role, session_id=renewal.session_id
    )
    return tokens.issue(bearer, MONTH * 2).value


async def test_what_one_process_ends_another_refuses_within_seconds(database: Database, clock: FixedClock) -> None:
    tokens = Tokens(SigningKeys("k" * 48), clock)
    here, elsewhere = (Authenticator(database, tokens, clock) for _ in range(2))
    user = await _somebody(database, Role.MANAGER)
    renewal = await _signed_in(database, user, clock)
    token = _token(tokens, renewal)
    for process in (here, elsewhere):
        assert Scope.AGENTS_WRITE in (await process.verify(token)).scopes
    assert user.tenant_id is not None
    async with database.tenant_session(user.tenant_id) as session:
        await change_user(session, user.user_id, {"role": "staff"}, Role.OWNER, clock.now())
    here.forget()
    assert Scope.AGENTS_WRITE not in (await here.verify(token)).scopes
    clock.advance(timedelta(seconds=BELIEVED_S))
    assert (await elsewhere.verify(token)).role is Role.STAFF
    async with database.account_session(user.user_id) as session:
        await end_sessions(session, user.user_id, clock.now(), EndReason.LOGOUT)
    here.forget()
    with pytest.raises(Unauthenticated):
        await here.verify(token)
    clock.advance(timedelta(seconds=BELIEVED_S))
    with pytest.raises(Unauthenticated):
        await elsewhere.verify(token)


async def test_a_session_ends_when_its_time_is_over(database: Database, clock: FixedClock) -> None:
    tokens = Tokens(SigningKeys("k" * 48), clock)
    token = _token(tokens, await _signed_in(database, await _somebody(database), clock))
    clock.advance(MONTH)
    with pytest.raises(Unauthenticated, match="signed out"):
        await Authenticator(database, tokens, clock).verify(token)


async def test_a_key_is_noted_as_used_once_an_hour(database: Database, clock: FixedClock) -> None:
    user = await _somebody(database)
    assert user.tenant_id is not None
    async with database.tenant_session(user.tenant_id) as session:
        made = await create_key(
            session, user.tenant_id, name="Page", scopes=["chat", "no:more"], created_by=user.user_id, now=clock.now()
        )
    authenticator = Authenticator(database, Tokens(SigningKeys("k" * 48), clock), clock)
    used = []
    for _ in range(4):
        bearer = await authenticator.verify(made.value)
        assert (bearer.tenant_id, bearer.scopes, bearer.session_id) == (user.tenant_id, frozenset({Scope.CHAT}), None)
        async with database.tenant_session(user.tenant_id) as session:
            used.append((await list_keys(session, limit=1))[0].last_used_at)
        clock.advance(timedelta(minutes=25))
    began = datetime(2027, 3, 1, tzinfo=UTC)
    assert used == [began] * 3 + [began + timedelta(minutes=75)]
    async with database.tenant_session(user.tenant_id) as session:
        await revoke_key(session, made.key.key_id, clock.now())
    with pytest.raises(Unauthenticated):
        await authenticator.verify(made.value)


async def test_of_two_refreshes_at_once_one_counts_and_the_session_ends(database: Database, clock: FixedClock) -> None:
    user = await _somebody(database)
    renewal, other = await _signed_in(database, user, clock), await _signed_in(database, user, clock)
    presented = read_refresh_token(renewal.refresh_token)
    assert presented is not None

    async def refresh() -> Renewal | Reuse | None:
        async with database.account_session(user.user_id) as session:
            return await renew(session, presented, clock.now())

    outcomes = await asyncio.gather(refresh(), refresh())
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Renewal", "Reuse"]
    async with database.account_session(user.user_id) as session:
        left = await list_sessions(session, user.user_id, clock.now())
    assert [one.session_id for one in left] == [other.session_id]


async def test_sessions_of_a_user_are_bounded(database: Database, clock: FixedClock) -> None:
    user = await _somebody(database)
    for _ in range(53):
        newest = await _signed_in(database, user, clock)
        clock.advance(timedelta(seconds=1))
    async with database.account_session(user.user_id) as session:
        left = await list_sessions(session, user.user_id, clock.now())
    assert (len(left), left[0].session_id) == (50, newest.session_id)


async def test_an_administrator_whose_password_is_set_anew_is_signed_out(
    postgres: EmbeddedPostgres, database: Database, clock: FixedClock
) -> None:
    user_id, email = uuid7(), f"{uuid7()}@example.com"
    with pytest.raises(Unprocessable):
        await ensure_platform_admin(postgres.owner_url, Login(email, "password1234"), user_id)
    await ensure_platform_admin(postgres.owner_url, Login(email, "seven green kettles"), user_id)
    async with database.unscoped_session() as session:
        found = await find_login(session, email)
    assert found is not None
    renewal = await _signed_in(database, found.user, clock)
    tokens = Tokens(SigningKeys("k" * 48), clock)
    bearer = await Authenticator(database, tokens, clock).verify(_token(tokens, renewal))
    assert Scope.PLATFORM in bearer.scopes
    await ensure_platform_admin(postgres.owner_url, Login(email, "eight blue teapots"), user_id)
    with pytest.raises(Unauthenticated):
        await Authenticator(database, tokens, clock).verify(_token(tokens, renewal))
