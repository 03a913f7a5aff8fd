"""Another key for what is sealed in the database, over every tenant, by the database's owner alone."""

import pytest
from sqlalchemy import text

from reception.core.errors import Unavailable
from reception.core.vault import Vault
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.credentials.service import keep_key, open_keys, rotate
from tests.support.postgres import make_business

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
