"""Whoever shows listings becomes a resource of their own, and keeps what was booked with them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from reception.db import address
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate

_BEFORE = "0041_exact_search"
_ACT_AS = text("SELECT set_config('app.tenant_id', :tenant_id, false)")
_TENANT = "00000000-0000-7000-8000-00000000000a"
_SETUP = """
INSERT INTO tenants (id, slug, name, kind, timezone, region, locale, phone, address, hours, rules)
VALUES ('00000000-0000-7000-8000-00000000000a', 'a', 'A', 'real_estate', 'UTC', 'US', 'en', '', '', '{}', '{}');
INSERT INTO resources (id, tenant_id, kind, name, place, capacity, attributes)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-00000000000a', 'viewing', name, name, 6, attributes::jsonb
FROM (VALUES ('Elm', '{"staff": "Dana"}'), ('Quay', '{"agent": "Dana"}'), ('Mill', '{"staff": "Eli"}'), ('Own', '{}'))
    AS listing (name, attributes);
INSERT INTO reservations (id, tenant_id, status, reference, starts_at, ends_at, party_size, place, guest_name)
VALUES ('00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-00000000000a', 'confirmed', 'AB12CD',
    '2027-03-12T10:00Z', '2027-03-12T11:00Z', 2, 'Quay', 'Ann');
INSERT INTO allocations (tenant_id, reservation_id, resource_no, period)
SELECT tenant_id, '00000000-0000-7000-8000-00000000000b', resource_no, '[2027-03-12T10:00Z,2027-03-12T11:00Z)'
FROM resources WHERE name = 'Elm';
"""


def _to(connection: Connection, revision: str) -> None:
    """Migrate as whoever owns the tables, who acts for no tenant."""
    connection.execute(_ACT_AS, {"tenant_id": ""})
    connection.commit()
    config = Config()
    config.set_main_option("script_location", "reception.db:migrations")
    config.attributes["connection"] = connection
    step = command.downgrade if revision == _BEFORE else command.upgrade
    step(config, revision)
    connection.commit()
    connection.execute(_ACT_AS, {"tenant_id": _TENANT})


def _taken(connection: Connection) -> tuple[str, str]:
    found = connection.execute(
        text("SELECT r.kind, r.name FROM allocations a JOIN resources r ON r.resource_no = a.resource_no")
    ).one()
    return str(found.kind), str(found.name)


def test_people_are_made_of_listings_and_back(data_dir: Path) -> None:
    server = EmbeddedPostgres.start(data_dir)
    try:
        migrate(server.owner_url)
        engine = create_engine(address.parse(server.owner_url), poolclass=NullPool)
        with engine.connect() as connection:
            _to(connection, _BEFORE)
            for statement in _SETUP.strip().split(";\n"):
                connection.exec_driver_sql(statement)
            connection.commit()
            _to(connection, "0011_booking_rules")
            people = connection.execute(text("SELECT name FROM resources WHERE kind = 'staff' ORDER BY resource_no"))
            assert people.scalars().all() == ["Dana", "Eli"]
            assert _taken(connection) == ("staff", "Dana")
            _to(connection, _BEFORE)
            assert _taken(connection) == ("viewing", "Elm")
        engine.dispose()
    finally:
        server.stop()
