"""Requests with an `Idempotency-Key` that act in no tenant, such as the one that makes a tenant, are kept as well."""

from alembic import op

revision = "0170_platform_requests"
down_revision = "0160_recording_days"
branch_labels = None
depends_on = None

_OF_NO_TENANT = "tenant_id IS NULL AND NULLIF(current_setting('app.tenant_id', true), '') IS NULL"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE idempotent_requests
            DROP CONSTRAINT idempotent_requests_pkey,
            ALTER COLUMN tenant_id DROP NOT NULL,
            ADD CONSTRAINT idempotent_requests_once UNIQUE NULLS NOT DISTINCT (tenant_id, key_hash)
        """
    )
    op.execute(
        f"CREATE POLICY of_no_tenant ON idempotent_requests USING ({_OF_NO_TENANT}) WITH CHECK ({_OF_NO_TENANT})"
    )


def downgrade() -> None:
    op.execute("DROP POLICY of_no_tenant ON idempotent_requests")
    # The owner is bound by the policies too.
    op.execute("ALTER TABLE idempotent_requests NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM idempotent_requests WHERE tenant_id IS NULL")
    op.execute("ALTER TABLE idempotent_requests FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        ALTER TABLE idempotent_requests
            DROP CONSTRAINT idempotent_requests_once,
            ALTER COLUMN tenant_id SET NOT NULL,
            ADD PRIMARY KEY (tenant_id, key_hash)
        """
    )
