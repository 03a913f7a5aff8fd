"""Tenants' own keys for providers, sealed, and what their calls have used of providers.

The owner of the tables, and never the run-time role, may see the sealed keys of all tenants in a transaction that says
it seals them anew.
"""

from alembic import op

revision = "0050_provider_keys"
down_revision = "0011_booking_rules"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_ROTATING = "current_user <> 'reception_app' AND current_setting('app.rotating', true) = 'on'"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE provider_keys (
            tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
            vendor varchar(32) NOT NULL,
            key_id varchar(16) NOT NULL,
            sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 28 AND 16384),
            updated_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, vendor)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE provider_usage (
            tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
            id uuid NOT NULL,
            conversation_id uuid,
            agent_id uuid,
            turn integer NOT NULL DEFAULT 0,
            part varchar(16) NOT NULL,
            provider varchar(160) NOT NULL,
            requests integer NOT NULL,
            units double precision NOT NULL,
            cost_usd double precision,
            day date NOT NULL,
            PRIMARY KEY (tenant_id, id)
        )
        """
    )
    op.execute("CREATE INDEX provider_usage_by_day ON provider_usage (tenant_id, day, agent_id)")
    op.execute("CREATE INDEX provider_usage_by_call ON provider_usage (tenant_id, conversation_id)")
    for table in ("provider_keys", "provider_usage"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    op.execute(f"CREATE POLICY rotation ON provider_keys USING ({_ROTATING}) WITH CHECK ({_ROTATING})")


def downgrade() -> None:
    op.execute("DROP TABLE provider_usage")
    op.execute("DROP TABLE provider_keys")
