"""How long what is recorded of a conversation is kept, as its agent said when it began."""

from alembic import op

revision = "0160_recording_days"
down_revision = "0120_stage_spreads"
branch_labels = None
depends_on = None

_BOUND = ("conversations", "agents")
_AS_THE_AGENT_SAYS = """
    UPDATE conversations c SET recording_days = coalesce(CAST(a.settings ->> 'recording_days' AS integer), 30)
    FROM agents a WHERE a.id = c.agent_id AND c.channel = 'voice'
"""


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN recording_days integer CHECK (recording_days BETWEEN 1 AND 3650)")
    # The owner is bound by the policies too, and has no tenant here.
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_AS_THE_AGENT_SAYS)
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN recording_days")
