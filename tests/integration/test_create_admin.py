"""`reception create-admin`: the first administrator of an installation, and a new password for one."""

import asyncio

import pytest
from typer.testing import CliRunner

from reception.cli.app import app
from reception.core.errors import Unauthenticated
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.access.service import Role, check_password, find_login

FIRST, SECOND = "seven green kettles", "eight yellow teapots"


async def create(postgres: EmbeddedPostgres, email: str, password: str) -> tuple[int, str]:
    environment = {"DATABASE_URL": postgres.owner_url, "NO_COLOR": "1", "COLUMNS": "200"}
    typed = f"{password}\n{password}\n"
    result = await asyncio.to_thread(CliRunner().invoke, app, ["create-admin", email], input=typed, env=environment)
    return result.exit_code, result.output


async def role_of(database: Database, email: str, password: str) -> Role:
    async with database.unscoped_session() as session:
        stored = await find_login(session, email)
    return (await check_password(stored, password)).user.role


async def test_an_administrator_is_made_and_gets_a_new_password(postgres: EmbeddedPostgres, database: Database) -> None:
    email = f"ada-{uuid7()}@example.com"
    for password in (FIRST, SECOND):
        code, printed = await create(postgres, email, password)
        assert code == 0, printed
        assert f"{email} can now log in." in printed
        assert password not in printed
        assert await role_of(database, email, password) is Role.PLATFORM_ADMIN
    with pytest.raises(Unauthenticated):
        await role_of(database, email, FIRST)


async def test_a_bad_password_is_refused_with_what_is_wrong(postgres: EmbeddedPostgres) -> None:
    code, printed = await create(postgres, "ada@example.com", "short")
    assert code == 1
    assert "Not created" in printed
    assert "12" in printed
