"""When a person read a message that was taken."""

from alembic import op

revision = "0082_messages_read"
down_revision = "0081_rollups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE leads ADD COLUMN read_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE leads DROP COLUMN read_at")
