"""Which reservation is to move to what is held, so that its guests are not counted twice."""

from alembic import op

revision = "0173_held_for_a_move"
down_revision = "0172_carrier_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE reservations ADD COLUMN moving uuid")
    op.execute("CREATE INDEX reservations_moving ON reservations (tenant_id, starts_at) WHERE moving IS NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE reservations DROP COLUMN moving")
