"""Joined tables, people with working hours as resources of their own, services, prices."""

from alembic import op

revision = "0011_booking_rules"
down_revision = "0041_exact_search"
branch_labels = None
depends_on = None

_LISTINGS = """
    CREATE VIEW listings_shown AS SELECT tenant_id, resource_no,
        left(coalesce(nullif(attributes->>'staff', ''), attributes->>'agent'), 120) AS staff
    FROM resources WHERE kind = 'viewing'
"""
"""Listings with who shows them, for as long as the migration takes."""

_UP = (
    """
    ALTER TABLE resources
        DROP CONSTRAINT resources_kind_check,
        ADD CONSTRAINT resources_kind_check CHECK (kind IN ('table', 'room', 'viewing', 'staff')),
        ADD COLUMN smallest_party integer NOT NULL DEFAULT 1 CHECK (smallest_party BETWEEN 1 AND capacity),
        ADD COLUMN joins bigint[] NOT NULL DEFAULT '{}',
        ADD COLUMN hours jsonb NOT NULL DEFAULT '{}'
    """,
    """
    ALTER TABLE reservations
        ADD COLUMN service varchar(120) NOT NULL DEFAULT '',
        ADD COLUMN price numeric(12, 2),
        ADD COLUMN currency varchar(3),
        ADD CHECK ((price IS NULL) = (currency IS NULL))
    """,
    """
    ALTER TABLE waitlist
        ADD COLUMN service varchar(120) NOT NULL DEFAULT '',
        ADD COLUMN staff varchar(120) NOT NULL DEFAULT ''
    """,
    # Whoever owns the tables is bound by their policies, and sees every tenant's rows only while not forced to.
    "ALTER TABLE resources NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE allocations NO FORCE ROW LEVEL SECURITY",
    _LISTINGS,
    """
    INSERT INTO resources (id, tenant_id, kind, name, place, capacity)
    SELECT gen_random_uuid(), tenant_id, 'staff', staff, '', 1
    FROM listings_shown WHERE staff <> '' GROUP BY tenant_id, staff ORDER BY min(resource_no)
    """,
    """
    UPDATE allocations a SET resource_no = s.resource_no
    FROM listings_shown l JOIN resources s ON s.tenant_id = l.tenant_id AND s.kind = 'staff' AND s.name = l.staff
    WHERE a.tenant_id = l.tenant_id AND a.resource_no = l.resource_no
    """,
    "DROP VIEW listings_shown",
    # A table is not altered while checks of its rows are put off.
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE allocations FORCE ROW LEVEL SECURITY",
    "ALTER TABLE resources FORCE ROW LEVEL SECURITY",
)

_DOWN = (
    "ALTER TABLE resources NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE allocations NO FORCE ROW LEVEL SECURITY",
    _LISTINGS,
    """
    UPDATE allocations a SET resource_no = f.first
    FROM resources s JOIN (
        SELECT tenant_id, staff, min(resource_no) AS first FROM listings_shown GROUP BY 1, 2
    ) f ON f.tenant_id = s.tenant_id AND f.staff = s.name
    WHERE s.kind = 'staff' AND a.tenant_id = s.tenant_id AND a.resource_no = s.resource_no
    """,
    "DROP VIEW listings_shown",
    "DELETE FROM allocations a USING resources s WHERE s.kind = 'staff' AND a.resource_no = s.resource_no",
    "DELETE FROM resources WHERE kind = 'staff' OR joins <> '{}'",
    # A table is not altered while checks of its rows are put off.
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE allocations FORCE ROW LEVEL SECURITY",
    "ALTER TABLE resources FORCE ROW LEVEL SECURITY",
    "ALTER TABLE waitlist DROP COLUMN service, DROP COLUMN staff",
    "ALTER TABLE reservations DROP COLUMN service, DROP COLUMN price, DROP COLUMN currency",
    """
    ALTER TABLE resources DROP COLUMN smallest_party, DROP COLUMN joins, DROP COLUMN hours,
        DROP CONSTRAINT resources_kind_check,
        ADD CONSTRAINT resources_kind_check CHECK (kind IN ('table', 'room', 'viewing'))
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
