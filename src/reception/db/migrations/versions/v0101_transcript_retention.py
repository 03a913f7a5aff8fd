"""How long a business keeps what was said in its conversations."""

from alembic import op

revision = "0101_transcript_retention"
down_revision = "0100_conversation_hours"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE tenants ADD COLUMN transcript_retention_days integer
        CHECK (transcript_retention_days BETWEEN 1 AND 3650)
    """,
    """
    CREATE FUNCTION tenants_with_retention() RETURNS SETOF uuid
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM set_config('app.finding', 'tenants', true);
        RETURN QUERY SELECT t.id FROM public.tenants t WHERE t.transcript_retention_days IS NOT NULL ORDER BY t.id;
        PERFORM set_config('app.finding', '', true);
    END $$
    """,
    "REVOKE ALL ON FUNCTION tenants_with_retention() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION tenants_with_retention() TO reception_app",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION tenants_with_retention()")
    op.execute("ALTER TABLE tenants DROP COLUMN transcript_retention_days")
