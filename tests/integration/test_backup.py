"""A whole installation goes into one file, and comes out of it as it was."""

import asyncio
import hashlib
import json
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, make_url, text
from typer.testing import CliRunner

from reception.cli.app import app
from reception.core.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from reception.core.ids import uuid7
from reception.core.vault import Vault
from reception.db.database import Database
from reception.db.dump import open_snapshot
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate, prepare_server, schema_state, to_revision
from reception.domains.access.service import Role, check_password, create_user, find_login
from reception.domains.agents.service import create_agent
from reception.domains.credentials.service import keep_key, open_keys
from reception.domains.knowledge.service import ingest
from reception.domains.reservations.service import create_resource
from reception.domains.tenants.service import get_business
from reception.ports.booking import SlotQuery
from reception.ports.business import AgentKind, AgentSettings, Bookable, Business
from reception.runtime.backup.restoring import restore, verify
from reception.runtime.recording.store import RecordingStore
from tests.support.databases import OtherDatabase, other_database
from tests.support.embedders import HashEmbedder
from tests.support.postgres import make_business, server_directory
from tests.support.reservations import EVENING, ask, book, refusal, restaurant

PASSWORD = "a long enough password"
ENCRYPTION_KEY = "a" * 43
VAULT = Vault.parse(ENCRYPTION_KEY)
SOUND = b"RIFF" + bytes(range(256)) * 50


@dataclass(frozen=True, slots=True)
class Filled:
    """A database in use, of which a backup was made."""

    database: OtherDatabase
    business: Business
    email: str
    conversation_id: UUID
    file: Path
    told: str
    contents: "Contents"


Contents = dict[str, list[tuple[object, ...]]]
"""The rows of each table, as JSON."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Another installation, on a PostgreSQL of its own, that the backup was restored to and that runs; `contents` are
    those of before it was used."""

    database: OtherDatabase
    data_dir: Path
    contents: Contents


def _contents(database: OtherDatabase) -> Contents:
    query = 'SELECT to_jsonb(t) FROM "{}" t ORDER BY to_jsonb(t)::text'
    return {name: database.rows(query.format(name)) for name in database.counts()}


@pytest.fixture(scope="module")
def filled(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Made by the command, on an installation of the command's own environment."""
    place = tmp_path_factory.mktemp("backup")
    with other_database(postgres) as source:
        migrate(source.owner_url)
        business, email = asyncio.run(_filled(source))
        conversation_id = uuid7()
        (place / "sound.wav").write_bytes(SOUND)
        RecordingStore(str(place / "data" / "recordings")).keep(
            place / "sound.wav", business.tenant_id, conversation_id
        )
        told = _run("backup", place / "all.zip", source, place / "data")
        yield Filled(source, business, email, conversation_id, place / "all.zip", told, _contents(source))


async def _filled(source: OtherDatabase) -> tuple[Business, str]:
    database = Database(source.runtime_url, pool_size=2)
    try:
        return await _fill(database)
    finally:
        await database.dispose()


async def _fill(database: Database) -> tuple[Business, str]:
    business = await restaurant(database, 2)
    await make_business(database, name='Line\nbreaks, tabs\t, back\\slashes, "quotes" and 日本語 ✓')
    email = f"{uuid7()}@example.com"
    await book(database, business, await ask(database, business))
    async with database.tenant_session(business.tenant_id) as session:
        await create_agent(
            session, business.tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        await create_user(session, tenant_id=business.tenant_id, email=email, password=PASSWORD, role=Role.OWNER)
        await keep_key(session, VAULT, business.tenant_id, "openai", "the vendor's key")
        await ingest(
            session,
            business.tenant_id,
            title="House",
            text="## Parking\nIn the yard behind the kitchen.",
            kind="general",
            embedder=HashEmbedder(),
        )
    return business, email


def _run(command: str, file: Path, database: OtherDatabase | None, data_dir: Path, *more: str, code: int = 0) -> str:
    """What the command prints, standard error included."""
    arguments = [command, str(file), "--data-dir", str(data_dir), *more]
    environment = {
        "DATABASE_URL": database.owner_url if database else "",
        "RECEPTION_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "RECEPTION_RECORDINGS_URL": "",
    }
    done = CliRunner().invoke(app, arguments, env=environment)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[OtherDatabase]:
    with other_database(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def restored(filled: Filled) -> Iterator[Restored]:
    with server_directory() as data_dir:
        told = _run("restore", filled.file, None, data_dir)
        assert "was restored" in told
        assert "sealed under another key" not in told
        server = EmbeddedPostgres.start(data_dir)
        try:
            host = str(make_url(server.owner_url).query["host"])
            database = OtherDatabase(server.owner_url, server.runtime_url, "", host, "reception")
            yield Restored(database, data_dir, _contents(database))
        finally:
            server.stop()


def test_every_row_and_every_recording_comes_back(filled: Filled, restored: Restored) -> None:
    assert restored.contents == filled.contents
    for name in ("tenants", "users", "reservations", "allocations", "knowledge_chunks", "provider_keys"):
        assert filled.contents[name], f"nothing was in {name} to begin with"
    # Without statistics the first plans are bad ones, and what touches much runs into its time limit.
    counted = create_engine(make_url(restored.database.owner_url).set(drivername="postgresql+psycopg"))
    with counted.connect() as connection:
        rows = connection.execute(text("SELECT reltuples FROM pg_class WHERE relname = 'knowledge_chunks'"))
        assert rows.scalar_one() == len(filled.contents["knowledge_chunks"])
    counted.dispose()
    store = RecordingStore(str(restored.data_dir / "recordings"))
    (recording,) = store.of(filled.business.tenant_id, filled.conversation_id)
    assert b"".join(store.read(recording, 0, 1 << 20)) == SOUND


def test_an_installation_that_runs_on_its_own_postgresql_is_backed_up(
    filled: Filled, restored: Restored, tmp_path: Path
) -> None:
    made = restored.database
    _run("backup", tmp_path / "again.zip", None, restored.data_dir)
    again = verify(tmp_path / "again.zip", lambda _: None)
    assert {table.name: table.rows for table in again.tables} == {
        name: count for name, count in made.counts().items() if name != "alembic_version"
    }
    assert again.recordings == verify(filled.file, lambda _: None).recordings


def test_the_file_is_its_owner_s_alone_and_holds_no_secret_in_clear(filled: Filled) -> None:
    assert stat.S_IMODE(filled.file.stat().st_mode) == 0o600
    with zipfile.ZipFile(filled.file) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"the vendor's key", PASSWORD.encode(), ENCRYPTION_KEY.encode()):
        assert secret not in everything
    assert "1 recordings" in filled.told
    assert "Keep the keys too" in filled.told


async def test_what_was_restored_is_in_use_again(filled: Filled, restored: Restored) -> None:
    made = restored.database
    database = Database(made.runtime_url, pool_size=2)
    try:
        async with database.unscoped_session() as session:
            found = await find_login(session, filled.email)
        assert (await check_password(found, PASSWORD)).user.tenant_id == filled.business.tenant_id
        with pytest.raises(Unauthenticated):
            await check_password(found, "another password")
        async with database.tenant_session(filled.business.tenant_id) as session:
            assert await open_keys(session, VAULT) == {"openai": "the vendor's key"}
            business = await get_business(session)
            await create_resource(session, business.tenant_id, kind=Bookable.TABLE, name="New", place="", capacity=6)
        taken, _ = await refusal(database, filled.business, SlotQuery(EVENING, 7))
        assert taken is not None
        slot = await ask(database, filled.business, party=6)
        booked = await book(database, filled.business, slot)
        assert booked.reference
        async with database.unscoped_session() as session:
            assert (await session.execute(text("SELECT count(*) FROM tenants"))).scalar_one() == 0
    finally:
        await database.dispose()
    guarded = made.rows(
        "SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        " AND relnamespace = 'public'::regnamespace"
    )
    policies = made.rows("SELECT count(*) FROM pg_policies WHERE policyname = 'tenant_isolation'")
    assert guarded == policies
    assert made.rows("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'") == [(0,)]


async def test_an_installation_is_replaced_only_when_told_to_and_never_by_half(
    filled: Filled, empty: OtherDatabase, tmp_path: Path
) -> None:
    migrate(empty.owner_url)
    _insert_tenant(empty, "theirs")
    with pytest.raises(Conflict, match="--force"):
        restore(filled.file, empty.owner_url, RecordingStore(str(tmp_path / "r")), lambda _: None, replace=False)
    database = Database(empty.runtime_url, pool_size=1)
    await database.ping()
    with pytest.raises(Conflict, match="stop the service first"):
        restore(filled.file, empty.owner_url, RecordingStore(str(tmp_path / "r")), lambda _: None, replace=True)
    await database.dispose()
    # Users of no tenant that is there: the foreign key refuses them, after much was put in already.
    bad = _tampered(filled.file, tmp_path / "bad.zip", "tables/tenants.copy", b"", own_sum=True)
    with pytest.raises(InvalidInput, match="do not fit the schema"):
        restore(bad, empty.owner_url, None, lambda _: None, replace=True)
    assert empty.rows("SELECT slug FROM tenants") == [("theirs",)]
    assert schema_state(empty.owner_url).current
    assert not (tmp_path / "r").exists()

    arguments = ["restore", str(filled.file), "--data-dir", str(tmp_path), "--force"]
    another_key = {"DATABASE_URL": empty.owner_url, "RECEPTION_ENCRYPTION_KEY": "b" * 43}
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=another_key)
    assert done.exit_code == 0, done.output
    assert "sealed under another key" in done.output
    assert _contents(empty) == filled.contents


def _insert_tenant(database: OtherDatabase, slug: str) -> None:
    database.rows(
        "INSERT INTO tenants (id, slug, name, kind, timezone, region, locale, phone, address, hours, rules)"
        " VALUES (%s, %s, 'x', 'restaurant', 'UTC', 'US', 'en-US', '', '', '{}', '{}')",
        uuid7(),
        slug,
    )


def _tampered(original: Path, changed: Path, member: str, content: bytes, *, own_sum: bool = False) -> Path:
    """The backup with another content of one member; `own_sum` mends the manifest to match."""
    with zipfile.ZipFile(original) as archive, zipfile.ZipFile(changed, "w") as out:
        manifest = json.loads(archive.read("manifest.json"))
        for table in manifest["tables"]:
            if own_sum and f"tables/{table['name']}.copy" == member:
                table.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), rows=content.count(b"\n"))
        for name in archive.namelist():
            if name != "manifest.json":
                out.writestr(name, content if name == member else archive.read(name))
        out.writestr("manifest.json", content if member == "manifest.json" else json.dumps(manifest))
    return changed


@pytest.mark.parametrize(
    ("member", "content", "sentence"),
    [
        ("tables/users.copy", b"something else\n", "tables/users.copy is not what was written"),
        ("manifest.json", b"{}", "no backup of Reception"),
        ("manifest.json", b'{"format": 2}', "a newer Reception made it"),
    ],
)
def test_a_damaged_or_foreign_file_is_told_of(
    filled: Filled, tmp_path: Path, member: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        verify(_tampered(filled.file, tmp_path / "bad.zip", member, content), lambda _: None)


def test_a_file_that_was_cut_short_or_is_no_archive_is_told_of(filled: Filled, tmp_path: Path) -> None:
    whole = filled.file.read_bytes()
    bad = tmp_path / "bad.zip"
    for content in (whole[: len(whole) // 2], b"hello", b""):
        bad.write_bytes(content)
        with pytest.raises(InvalidInput, match="no backup of Reception"):
            verify(bad, lambda _: None)
    middle = len(whole) // 3
    bad.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    with pytest.raises(InvalidInput, match="damaged"):
        verify(bad, lambda _: None)
    with pytest.raises(InvalidInput, match="cannot be read"):
        verify(tmp_path / "none.zip", lambda _: None)


def test_a_backup_of_a_schema_not_known_here_is_refused(filled: Filled, tmp_path: Path) -> None:
    with zipfile.ZipFile(filled.file) as archive:
        manifest = archive.read("manifest.json")
    newest = str(schema_state(filled.database.owner_url).present).encode()
    bad = _tampered(
        filled.file, tmp_path / "new.zip", "manifest.json", manifest.replace(newest, b"9999_from_the_future")
    )
    with pytest.raises(InvalidInput, match="install that version or a later one"):
        verify(bad, lambda _: None)


def test_an_older_backup_is_migrated_after_it(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """Of a time before owners could read every row: there a login that row-level security does not bind makes it."""
    with other_database(postgres, owner="postgres") as old, other_database(postgres) as new:
        prepare_server(old.all_seeing_url)
        engine = create_engine(old.all_seeing_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            to_revision(connection, "0001_initial")
        engine.dispose()
        _insert_tenant(old, "of-long-ago")
        old = OtherDatabase(old.all_seeing_url, "", "", old.host, old.name)
        _run("backup", tmp_path / "old.zip", old, tmp_path)
        told = _run("restore", tmp_path / "old.zip", new, tmp_path)
        assert "was restored" in told
        assert new.rows("SELECT slug FROM tenants") == [("of-long-ago",)]
        assert schema_state(new.owner_url).current


def test_a_backup_is_of_one_moment(filled: Filled) -> None:
    with open_snapshot(filled.database.owner_url) as snapshot:
        _insert_tenant(filled.database, "after-the-moment")
        (tenants,) = (table for table in snapshot.tables if table.name == "tenants")
        rows = b"".join(snapshot.rows(tenants))
    filled.database.rows("DELETE FROM tenants WHERE slug = 'after-the-moment'")
    assert filled.business.slug.encode() in rows
    assert b"after-the-moment" not in rows


def test_a_file_that_exists_is_not_written_over(filled: Filled) -> None:
    before = filled.file.read_bytes()
    told = _run("backup", filled.file, filled.database, filled.file.parent / "data", code=1)
    assert "--force" in told
    assert filled.file.read_bytes() == before
    assert [path.name for path in filled.file.parent.glob("*.part")] == []


async def test_the_service_reads_no_more_by_saying_that_it_makes_a_backup(filled: Filled) -> None:
    database = Database(filled.database.runtime_url, pool_size=1)
    try:
        async with database.tenant_session(uuid7()) as session:
            await session.execute(text("SELECT set_config('app.finding', 'backup', true)"))
            for table in ("tenants", "users", "provider_keys", "messages"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
            with pytest.raises(NotFound):
                await get_business(session)
    finally:
        await database.dispose()


def test_every_guarded_table_can_be_backed_up(filled: Filled) -> None:
    without = filled.database.rows(
        "SELECT relname FROM pg_class c WHERE relrowsecurity AND NOT EXISTS"
        " (SELECT 1 FROM pg_policy WHERE polrelid = c.oid AND polname = 'backup')"
    )
    assert without == []
