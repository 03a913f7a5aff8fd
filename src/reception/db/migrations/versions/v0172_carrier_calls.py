"""Which telephone call a conversation is, in the words of its carrier, so that the call can be gone on with."""

from alembic import op

revision = "0172_carrier_calls"
down_revision = "0171_foreign_key_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN carrier_call_id varchar(64)")
    op.execute("CREATE UNIQUE INDEX conversations_carrier_call ON conversations (tenant_id, carrier_call_id)")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN carrier_call_id")
