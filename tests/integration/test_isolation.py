"""No tenant sees another's rows: by policy, as the role that the service runs as."""

from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from reception.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.access.service import Role, check_password, create_user, find_login, set_password
from reception.domains.agents.service import create_agent, get_agent, list_agents
from reception.domains.conversations import service as conversations
from reception.domains.leads.service import create_lead, list_leads
from reception.domains.reservations.service import create_resource, list_resources
from reception.domains.tenants.service import delete_tenant, get_business
from reception.ports.business import AgentKind, AgentSettings, Bookable
from reception.ports.tools import CreateLead
from tests.support.postgres import make_business

PASSWORD = "a long enough password"


def _owner_rows(postgres: EmbeddedPostgres, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(postgres.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def test_every_tenant_table_is_guarded(postgres: EmbeddedPostgres) -> None:
    tables = _owner_rows(
        postgres,
        """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.qual, p.with_check, p.cmd
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        LEFT JOIN pg_policies p ON p.tablename = c.relname AND p.policyname = 'tenant_isolation'
        WHERE c.relkind IN ('r', 'p') AND (c.relname = 'tenants' OR EXISTS (
            SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
        """,
    )
    assert len(tables) > 12
    for name, enabled, forced, using, check, command in tables:
        assert enabled, f"{name} has no row-level security"
        assert forced, f"{name} exempts its owner"
        assert command == "ALL", f"{name} has no policy for all commands"
        assert "app.tenant_id" in str(using), f"{name} does not filter"
        assert "app.tenant_id" in str(check), f"{name} does not check what is written"


def test_the_only_tables_without_a_tenant_are_known(postgres: EmbeddedPostgres) -> None:
    tables = _owner_rows(
        postgres, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    guarded = _owner_rows(postgres, "SELECT tablename FROM pg_policies WHERE policyname = 'tenant_isolation'")
    unguarded = {name for (name,) in tables} - {name for (name,) in guarded}
    queue = {f"procrastinate_{name}" for name in ("workers", "jobs", "events", "periodic_defers")}
    assert unguarded == {"alembic_version", "login_attempts", *queue}


async def test_the_runtime_role_owns_nothing(database: Database) -> None:
    async with database.tenant_session(uuid7()) as session:
        role = (
            await session.execute(
                text(
                    "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
                    " FROM pg_roles WHERE rolname = current_user"
                )
            )
        ).one()
        owned = (
            await session.execute(text("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"))
        ).scalar_one()
    assert tuple(role) == ("reception_app", False, False, False, False)
    assert owned == 0


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "DROP TABLE leads",
        "TRUNCATE reservations",
        "CREATE TABLE loot (id int)",
        "UPDATE alembic_version SET version_num = 'x'",
        "SET ROLE reception_owner",
        "SET ROLE postgres",
    ],
)
async def test_the_runtime_role_cannot_change_the_schema(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.tenant_session(uuid7()) as session:
            await session.execute(text(statement))


async def _furnish(database: Database, tenant_id: UUID) -> UUID:
    """One row in every table that a stranger might want."""
    async with database.tenant_session(tenant_id) as session:
        agent = await create_agent(
            session, tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        conversation_id = uuid7()
        await conversations.start(
            session, tenant_id, agent.agent_id, conversation_id=conversation_id, channel="chat", caller_phone=""
        )
        await create_resource(session, tenant_id, kind=Bookable.TABLE, name="1", place="", capacity=2)
        await create_lead(session, tenant_id, conversation_id, CreateLead("message", "Ann", "+12125550101", "Hi", {}))
        await create_user(
            session, tenant_id=tenant_id, email=f"{tenant_id}@example.com", password=PASSWORD, role=Role.OWNER
        )
    return agent.agent_id


async def test_a_stranger_reads_changes_and_adds_nothing(database: Database) -> None:
    ours, theirs = await make_business(database), await make_business(database)
    agent_id = await _furnish(database, theirs.tenant_id)
    async with database.tenant_session(ours.tenant_id) as session:
        assert await list_agents(session) == []
        assert await list_leads(session) == []
        assert await list_resources(session) == []
        with pytest.raises(NotFound):
            await get_agent(session, agent_id)
        for table, column in (("tenants", "name"), ("agents", "name"), ("leads", "name"), ("users", "email")):
            own = "id" if table == "tenants" else "tenant_id"
            statement = f"UPDATE {table} SET {column} = {column} WHERE {own} = :theirs RETURNING 1"
            assert (await session.execute(text(statement), {"theirs": theirs.tenant_id})).all() == []
            deleted = f"DELETE FROM {table} WHERE {own} = :theirs RETURNING 1"
            assert (await session.execute(text(deleted), {"theirs": theirs.tenant_id})).all() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant_session(ours.tenant_id) as session:
            await create_lead(session, theirs.tenant_id, None, CreateLead("message", "", "", "", {}))
    foreign_agent = text("INSERT INTO agents VALUES (:id, :t, 'x', 'receptionist', '{}')")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant_session(ours.tenant_id) as session:
            await session.execute(foreign_agent, {"id": uuid7(), "t": theirs.tenant_id})
    async with database.tenant_session(theirs.tenant_id) as session:
        assert len(await list_leads(session)) == 1


async def test_a_session_without_a_tenant_sees_nothing(database: Database) -> None:
    business = await make_business(database)
    await _furnish(database, business.tenant_id)
    async with database.unscoped_session() as session:
        for table in ("tenants", "users", "agents", "conversations", "resources", "leads"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_the_tenant_does_not_outlive_its_session(postgres: EmbeddedPostgres) -> None:
    narrow = Database(postgres.runtime_url, pool_size=1)
    business = await make_business(narrow)
    async with narrow.tenant_session(business.tenant_id) as session:
        assert (await get_business(session)).slug == business.slug
    async with narrow.unscoped_session() as session:
        assert (await session.execute(text("SELECT count(*) FROM tenants"))).scalar_one() == 0
    await narrow.dispose()


async def test_login_finds_one_user_and_sees_nothing_else(database: Database) -> None:
    business = await make_business(database)
    email = f"{uuid7()}@Example.com"
    async with database.tenant_session(business.tenant_id) as session:
        user = await create_user(
            session, tenant_id=business.tenant_id, email=email, password=PASSWORD, role=Role.MANAGER
        )
        await _other_user(database, business.tenant_id)
    async with database.unscoped_session() as session:
        found = await find_login(session, email.upper())
        assert found is not None
        assert (found.user.user_id, found.user.tenant_id) == (user.user_id, business.tenant_id)
        for table in ("users", "tenants", "api_keys", "user_sessions"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
        assert await find_login(session, "unknown@example.com") is None
        # What lets the function of the owner's look is of no use to the run-time role.
        for value in ("login", "key", "tenants"):
            await session.execute(text("SELECT set_config('app.finding', :value, true)"), {"value": value})
            for table in ("users", "tenants", "api_keys"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_an_account_sees_itself_and_rises_no_higher(database: Database) -> None:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        user = await create_user(
            session, tenant_id=business.tenant_id, email=f"{uuid7()}@example.com", password=PASSWORD, role=Role.OWNER
        )
        await _other_user(database, business.tenant_id)
    async with database.account_session(user.user_id) as session:
        assert (await session.execute(text("SELECT id FROM users"))).scalars().all() == [user.user_id]
        assert (await session.execute(text("SELECT count(*) FROM tenants"))).scalar_one() == 0
    for change in ("role = 'platform_admin', tenant_id = NULL", f"tenant_id = '{uuid7()}'"):
        with pytest.raises(DBAPIError):
            async with database.account_session(user.user_id) as session:
                await session.execute(text(f"UPDATE users SET {change}"))


async def _other_user(database: Database, tenant_id: UUID) -> None:
    async with database.tenant_session(tenant_id) as session:
        await create_user(
            session, tenant_id=tenant_id, email=f"{uuid7()}@example.com", password=PASSWORD, role=Role.STAFF
        )


async def test_a_changed_password_is_the_one_that_counts(database: Database) -> None:
    business = await make_business(database)
    email = f"{uuid7()}@example.com"
    async with database.tenant_session(business.tenant_id) as session:
        user = await create_user(session, tenant_id=business.tenant_id, email=email, password=PASSWORD, role=Role.STAFF)
        await set_password(session, user.user_id, "another long password")
        with pytest.raises(NotFound):
            await set_password(session, uuid7(), PASSWORD)
        with pytest.raises(Unprocessable):
            await set_password(session, user.user_id, "short")
    async with database.unscoped_session() as session:
        stored = await find_login(session, email)
    assert (await check_password(stored, "another long password")).user.user_id == user.user_id
    with pytest.raises(Unauthenticated):
        await check_password(stored, PASSWORD)


async def test_only_the_owner_of_the_database_makes_platform_administrators(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    business = await make_business(database)
    email = f"{uuid7()}@example.com"
    admin = {"email": email, "password": PASSWORD, "role": Role.PLATFORM_ADMIN}
    async with database.unscoped_session() as session:
        with pytest.raises(Forbidden):
            await create_user(session, tenant_id=None, **admin)  # type: ignore[arg-type]
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Forbidden):
            await create_user(session, tenant_id=None, **admin)  # type: ignore[arg-type]
    owner = Database(postgres.owner_url, pool_size=1)
    async with owner.unscoped_session() as session:
        created = await create_user(session, tenant_id=None, **admin)  # type: ignore[arg-type]
    await owner.dispose()
    async with database.unscoped_session() as session:
        found = await find_login(session, email)
    assert (await check_password(found, PASSWORD)).user.user_id == created.user_id
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Conflict):
            await create_user(session, tenant_id=business.tenant_id, email=email, password=PASSWORD, role=Role.STAFF)


async def test_deleting_a_tenant_takes_everything_with_it(database: Database, postgres: EmbeddedPostgres) -> None:
    business, other = await make_business(database), await make_business(database)
    await _furnish(database, business.tenant_id)
    await _furnish(database, other.tenant_id)
    async with database.tenant_session(business.tenant_id) as session:
        await delete_tenant(session)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(NotFound):
            await get_business(session)
        for table in ("users", "agents", "conversations", "resources", "leads"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
    async with database.tenant_session(other.tenant_id) as session:
        assert len(await list_resources(session)) == 1
