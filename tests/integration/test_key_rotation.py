"""Another key for what is sealed in the database, over every tenant, by the database's owner alone."""

from pathlib import Path

import pytest
from sqlalchemy import text

from reception.cli.doctor import State, _tenant_keys
from reception.core.errors import Unavailable
from reception.core.vault import Vault
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.credentials.service import keep_key, open_keys, rotate
from reception.settings import load_settings
from tests.support.postgres import make_business
from tests.support.vendors.faults import Fault
from tests.support.vendors.openai_like import OpenAiServer

OLD, NEW = Vault((b"o" * 32,)), Vault((b"n" * 32, b"o" * 32))


async def test_every_tenant_s_keys_are_sealed_anew_and_open_with_the_new_key_alone(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    businesses = [await make_business(database) for _ in range(2)]
    for number, business in enumerate(businesses):
        async with database.tenant_session(business.tenant_id) as session:
            await keep_key(session, OLD, business.tenant_id, "openai", f"key {number}")
    owner = Database(postgres.owner_url, pool_size=1)
    try:
        async with owner.unscoped_session() as session:
            assert await rotate(session, NEW) >= 2
        async with owner.unscoped_session() as session:
            assert await rotate(session, NEW) == 0
    finally:
        await owner.dispose()
    for number, business in enumerate(businesses):
        async with database.tenant_session(business.tenant_id) as session:
            assert await open_keys(session, Vault((b"n" * 32,))) == {"openai": f"key {number}"}
            with pytest.raises(Unavailable):
                await open_keys(session, OLD)


async def test_the_service_cannot_see_all_tenants_keys_by_saying_that_it_rotates(database: Database) -> None:
    business, other = await make_business(database), await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        await keep_key(session, NEW, business.tenant_id, "openai", "key")
    async with database.tenant_session(other.tenant_id) as session:
        await session.execute(text("SELECT set_config('app.rotating', 'on', true)"))
        assert (await session.execute(text("SELECT count(*) FROM provider_keys"))).scalar_one() == 0
        assert await rotate(session, OLD) == 0


async def test_a_tenant_s_key_is_tried_and_never_shown(
    postgres: EmbeddedPostgres, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    business, vault = await make_business(database), Vault.parse("a" * 43)
    async with database.tenant_session(business.tenant_id) as session:
        await keep_key(session, vault, business.tenant_id, "openai", "wrong-key")
        await keep_key(session, Vault((b"x" * 32,)), business.tenant_id, "groq", "sealed-otherwise")
    async with OpenAiServer("text-embedding-3-small") as server:
        server.fault = Fault.UNAUTHORIZED
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        settings = load_settings(data_dir=tmp_path, database_url=postgres.owner_url, encryption_key="a" * 43)
        findings = {one.what: one for one in await _tenant_keys(settings)}
        server.complaints.clear()
        assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer wrong-key"]
    refused = findings[f"key of tenant {business.tenant_id} for openai"]
    sealed = findings[f"key of tenant {business.tenant_id} for groq"]
    assert (refused.state, sealed.state) == (State.FAILED, State.FAILED)
    assert "401" in refused.detail
    assert "does not open" in sealed.detail
    assert "wrong-key" not in str(findings)
