"""What several worker processes must agree on: which tickets were used, and whose turn a conversation is."""

from alembic import op

revision = "0002_workers"
down_revision = "0001_initial"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE used_tickets (
            id uuid PRIMARY KEY,
            tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
            expires_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX used_tickets_expiry ON used_tickets (tenant_id, expires_at)")
    op.execute("ALTER TABLE used_tickets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE used_tickets FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON used_tickets USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON used_tickets TO reception_app")
    op.execute("ALTER TABLE conversations ADD COLUMN turn_holder uuid, ADD COLUMN turn_held_until timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN turn_holder, DROP COLUMN turn_held_until")
    op.execute("DROP TABLE used_tickets")
