"""Which of an agent's tool secrets is in use: their number counts up, and the one before goes on for a while."""

from alembic import op

revision = "0090_tool_secrets"
down_revision = "0061_narrow_reembedding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE agents
            ADD COLUMN tool_secret_no integer NOT NULL DEFAULT 0 CHECK (tool_secret_no >= 0),
            ADD COLUMN tool_secret_before_until timestamptz
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE agents DROP COLUMN tool_secret_no, DROP COLUMN tool_secret_before_until")
