"""The whole life of a reservation: seated and missed guests, what they ask for, the waitlist; and leads with stages."""

from alembic import op

revision = "0010_reservation_life"
down_revision = "0020_agent_versions"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_STATUSES = "'held', 'confirmed', 'seated', 'no_show', 'cancelled', 'expired'"

_UP = (
    f"""
    ALTER TABLE reservations
        DROP CONSTRAINT reservations_status_check,
        ADD CONSTRAINT reservations_status_check CHECK (status IN ({_STATUSES})),
        DROP CONSTRAINT reservations_check1,
        ADD CONSTRAINT reservations_held CHECK (status <> 'held' OR hold_expires_at IS NOT NULL),
        DROP CONSTRAINT reservations_check2,
        ADD CONSTRAINT reservations_named CHECK (
            status NOT IN ('confirmed', 'seated', 'no_show') OR (reference IS NOT NULL AND guest_name <> '')),
        ADD COLUMN requests jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN reconfirmed_at timestamptz,
        ADD COLUMN late_minutes integer NOT NULL DEFAULT 0 CHECK (late_minutes >= 0),
        ADD COLUMN request_key varchar(200),
        ADD CONSTRAINT reservations_request_key UNIQUE (tenant_id, request_key)
    """,
    """
    CREATE TABLE waitlist (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        conversation_id uuid,
        status varchar(16) NOT NULL
            CHECK (status IN ('waiting', 'offered', 'accepted', 'left', 'expired')),
        wanted timestamptz NOT NULL,
        earliest timestamptz NOT NULL,
        latest timestamptz NOT NULL,
        day date NOT NULL,
        party_size integer NOT NULL CHECK (party_size > 0),
        nights integer NOT NULL DEFAULT 0 CHECK (nights >= 0),
        place varchar(200) NOT NULL DEFAULT '',
        guest_name varchar(120) NOT NULL CHECK (guest_name <> ''),
        guest_phone varchar(32) NOT NULL,
        guest_email varchar(254) NOT NULL DEFAULT '',
        notes varchar(1000) NOT NULL DEFAULT '',
        requests jsonb NOT NULL DEFAULT '[]',
        reservation_id uuid,
        offer_expires_at timestamptz,
        offers integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (latest >= earliest),
        CHECK (status <> 'offered' OR (reservation_id IS NOT NULL AND offer_expires_at IS NOT NULL)),
        UNIQUE (tenant_id, id),
        FOREIGN KEY (tenant_id, reservation_id) REFERENCES reservations (tenant_id, id)
            ON DELETE SET NULL (reservation_id)
    )
    """,
    "CREATE INDEX waitlist_line ON waitlist (tenant_id, id) WHERE status IN ('waiting', 'offered')",
    "CREATE INDEX waitlist_phone ON waitlist (tenant_id, guest_phone)",
    """
    CREATE UNIQUE INDEX waitlist_once ON waitlist (tenant_id, guest_phone, day) WHERE status IN ('waiting', 'offered')
    """,
    "ALTER TABLE waitlist ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE waitlist FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON waitlist USING ({_OWN}) WITH CHECK ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON waitlist TO reception_app",
    """
    ALTER TABLE leads
        ADD COLUMN stage varchar(16) NOT NULL DEFAULT 'new'
            CHECK (stage IN ('new', 'contacted', 'qualified', 'won', 'lost')),
        ADD COLUMN recipient varchar(120) NOT NULL DEFAULT '',
        ADD COLUMN assignee varchar(120) NOT NULL DEFAULT '',
        ADD COLUMN notes varchar(4000) NOT NULL DEFAULT '',
        ADD COLUMN times integer NOT NULL DEFAULT 1,
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
        ADD UNIQUE (tenant_id, id)
    """,
    "CREATE INDEX leads_phone ON leads (tenant_id, phone)",
)

_DOWN = (
    "DELETE FROM reservations WHERE status IN ('seated', 'no_show')",
    "DELETE FROM reservations WHERE status = 'held' AND conversation_id IS NULL",
    "DROP INDEX leads_phone",
    """
    ALTER TABLE leads DROP COLUMN stage, DROP COLUMN recipient, DROP COLUMN assignee, DROP COLUMN notes,
        DROP COLUMN times, DROP COLUMN updated_at, DROP CONSTRAINT leads_tenant_id_id_key
    """,
    "DROP TABLE waitlist",
    """
    ALTER TABLE reservations
        DROP CONSTRAINT reservations_request_key, DROP COLUMN request_key, DROP COLUMN late_minutes,
        DROP COLUMN reconfirmed_at, DROP COLUMN requests,
        DROP CONSTRAINT reservations_named,
        ADD CONSTRAINT reservations_check2
            CHECK (status <> 'confirmed' OR (reference IS NOT NULL AND guest_name <> '')),
        DROP CONSTRAINT reservations_held,
        ADD CONSTRAINT reservations_check1
            CHECK (status <> 'held' OR (hold_expires_at IS NOT NULL AND conversation_id IS NOT NULL)),
        DROP CONSTRAINT reservations_status_check,
        ADD CONSTRAINT reservations_status_check CHECK (status IN ('held', 'confirmed', 'cancelled', 'expired'))
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
