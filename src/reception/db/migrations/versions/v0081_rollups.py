"""Figures added up as they come in: how long each stage of turns took, what providers were used, and what they cost.

A time is counted in a bin, by the hour and by the day of the tenant's zone: percentiles of any period are read from a
few thousand rows, however many turns there were.
"""

from alembic import op

revision = "0081_rollups"
down_revision = "0080_conversation_facts"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_TABLES = (
    """
    CREATE TABLE stage_times (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        grain varchar(4) NOT NULL CHECK (grain IN ('hour', 'day')),
        starts_at timestamptz NOT NULL,
        stage varchar(24) NOT NULL,
        bin smallint NOT NULL,
        agent_id uuid,
        turns bigint NOT NULL,
        total_ms double precision NOT NULL,
        CONSTRAINT stage_times_once UNIQUE NULLS NOT DISTINCT (tenant_id, grain, starts_at, stage, bin, agent_id)
    )
    """,
    """
    CREATE TABLE usage_hours (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        starts_at timestamptz NOT NULL,
        part varchar(16) NOT NULL,
        provider varchar(160) NOT NULL,
        agent_id uuid,
        requests bigint NOT NULL,
        units double precision NOT NULL,
        cost_usd double precision NOT NULL,
        unpriced bigint NOT NULL,
        CONSTRAINT usage_hours_once UNIQUE NULLS NOT DISTINCT (tenant_id, starts_at, part, provider, agent_id)
    )
    """,
    "CREATE INDEX conversation_events_when ON conversation_events (tenant_id, created_at)",
    "CREATE INDEX reservations_created ON reservations (tenant_id, created_at)",
    "CREATE INDEX unanswered_askings_asked ON unanswered_askings (tenant_id, asked_at)",
)

_BACKFILL = """
    INSERT INTO usage_hours (
        tenant_id, starts_at, part, provider, agent_id, requests, units, cost_usd, unpriced
    )
    SELECT tenant_id, day::timestamp AT TIME ZONE 'UTC', part, provider, agent_id, sum(requests), sum(units),
        coalesce(sum(cost_usd), 0), count(*) FILTER (WHERE cost_usd IS NULL)
    FROM provider_usage GROUP BY 1, 2, 3, 4, 5
"""


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    # The owner is bound by the policies too, and has no tenant here.
    op.execute("ALTER TABLE provider_usage NO FORCE ROW LEVEL SECURITY")
    op.execute(_BACKFILL)
    op.execute("ALTER TABLE provider_usage FORCE ROW LEVEL SECURITY")
    for table in ("stage_times", "usage_hours"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")


def downgrade() -> None:
    op.execute("DROP INDEX unanswered_askings_asked")
    op.execute("DROP INDEX reservations_created")
    op.execute("DROP INDEX conversation_events_when")
    op.execute("DROP TABLE usage_hours, stage_times")
