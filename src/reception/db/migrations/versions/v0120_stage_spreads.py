"""How long stages of turns took, packed: one row for each stage of an hour or day that is over, in place of one a bin.

`turns` is a list of pairs, a byte for the bin and four for the turns in it, the most significant first
(domains/analytics/spreads.py). What is still coming in stays in `stage_times`.
"""

from alembic import op

revision = "0120_stage_spreads"
down_revision = "0091_idempotency"
branch_labels = None
depends_on = None

_BOUND = ("stage_times", "stage_spreads")
_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_STATEMENTS = (
    """
    CREATE TABLE stage_spreads (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        grain varchar(4) NOT NULL CHECK (grain IN ('hour', 'day')),
        stage varchar(24) NOT NULL,
        starts_at timestamptz NOT NULL,
        agent_id uuid,
        turns bytea NOT NULL CHECK (length(turns) % 5 = 0),
        total_ms double precision NOT NULL,
        CONSTRAINT stage_spreads_once UNIQUE NULLS NOT DISTINCT (tenant_id, grain, stage, starts_at, agent_id)
    )
    """,
    "ALTER TABLE stage_spreads ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE stage_spreads FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON stage_spreads USING ({_OWN}) WITH CHECK ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON stage_spreads TO reception_app",
    "CREATE POLICY packing ON stage_times FOR SELECT TO CURRENT_USER USING (true)",
    """
    CREATE FUNCTION tenants_with_loose_times(hours_before timestamptz, days_before timestamptz) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT tenant_id FROM stage_times
        WHERE starts_at < CASE grain WHEN 'hour' THEN hours_before ELSE days_before END
    $$
    """,
    "REVOKE ALL ON FUNCTION tenants_with_loose_times(timestamptz, timestamptz) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION tenants_with_loose_times(timestamptz, timestamptz) TO reception_app",
)
_BEFORE = "now() - interval '2 days'"
_PACK = (
    f"""
    INSERT INTO stage_spreads (tenant_id, grain, stage, starts_at, agent_id, turns, total_ms)
    SELECT tenant_id, grain, stage, starts_at, agent_id,
        string_agg(substring(int2send(bin) FROM 2) || int4send(turns::integer), ''::bytea ORDER BY bin), sum(total_ms)
    FROM stage_times WHERE starts_at < {_BEFORE} GROUP BY 1, 2, 3, 4, 5
    """,  # noqa: S608
    f"CREATE TEMPORARY TABLE loose_times ON COMMIT DROP AS SELECT * FROM stage_times WHERE starts_at >= {_BEFORE}",  # noqa: S608
    # Deleting them would leave the file as large as it was.
    "TRUNCATE stage_times",
    "INSERT INTO stage_times SELECT * FROM loose_times",
)
_UNPACK = """
    INSERT INTO stage_times AS kept (tenant_id, grain, starts_at, stage, bin, agent_id, turns, total_ms)
    SELECT tenant_id, grain, starts_at, stage, get_byte(packed, 0), agent_id,
        (get_byte(packed, 1)::bigint << 24) + (get_byte(packed, 2) << 16) + (get_byte(packed, 3) << 8)
            + get_byte(packed, 4),
        CASE number WHEN 0 THEN total_ms ELSE 0 END
    FROM stage_spreads, generate_series(0, length(stage_spreads.turns) / 5 - 1) AS number,
        substring(stage_spreads.turns FROM number * 5 + 1 FOR 5) AS packed
    ON CONFLICT ON CONSTRAINT stage_times_once
        DO UPDATE SET turns = kept.turns + excluded.turns, total_ms = kept.total_ms + excluded.total_ms
"""


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    # The owner is bound by the policies too, and has no tenant here.
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for statement in _PACK:
        op.execute(statement)
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP FUNCTION tenants_with_loose_times(timestamptz, timestamptz)")
    op.execute("DROP POLICY packing ON stage_times")
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_UNPACK)
    op.execute("ALTER TABLE stage_times FORCE ROW LEVEL SECURITY")
    op.execute("DROP TABLE stage_spreads")
