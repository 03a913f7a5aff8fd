"""Joined tables, people with working hours as resources of their own, services, prices."""

from alembic import op

revision = "0011_booking_rules"
down_revision = "0010_reservation_life"
branch_labels = None
depends_on = None

_STAFF_OF = "left(coalesce(nullif(l.attributes->>'staff', ''), l.attributes->>'agent'), 120)"

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
    f"""
    INSERT INTO resources (id, tenant_id, kind, name, place, capacity)
    SELECT gen_random_uuid(), tenant_id, 'staff', staff, '', 1 FROM (
        SELECT l.tenant_id, {_STAFF_OF} AS staff, min(l.resource_no) AS first FROM resources l
        WHERE l.kind = 'viewing' AND {_STAFF_OF} <> '' GROUP BY 1, 2 ORDER BY 3
    ) people
    """,
    f"""
    UPDATE allocations a SET resource_no = s.resource_no
    FROM resources l JOIN resources s ON s.tenant_id = l.tenant_id AND s.kind = 'staff' AND s.name = {_STAFF_OF}
    WHERE l.kind = 'viewing' AND a.tenant_id = l.tenant_id AND a.resource_no = l.resource_no
    """,
    "ALTER TABLE allocations FORCE ROW LEVEL SECURITY",
    "ALTER TABLE resources FORCE ROW LEVEL SECURITY",
)

_DOWN = (
    "ALTER TABLE resources NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE allocations NO FORCE ROW LEVEL SECURITY",
    f"""
    UPDATE allocations a SET resource_no = f.first
    FROM resources s JOIN (
        SELECT l.tenant_id, {_STAFF_OF} AS staff, min(l.resource_no) AS first FROM resources l
        WHERE l.kind = 'viewing' GROUP BY 1, 2
    ) f ON f.tenant_id = s.tenant_id AND f.staff = s.name
    WHERE s.kind = 'staff' AND a.tenant_id = s.tenant_id AND a.resource_no = s.resource_no
    """,
    "DELETE FROM allocations a USING resources s WHERE s.kind = 'staff' AND a.resource_no = s.resource_no",
    "DELETE FROM resources WHERE kind = 'staff' OR joins <> '{}'",
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
