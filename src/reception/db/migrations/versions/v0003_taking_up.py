"""How often a call was taken up again, so that a connection which has lost it to another one does not close it."""

from alembic import op

revision = "0003_taking_up"
down_revision = "0002_workers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN taken_up integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN taken_up")
