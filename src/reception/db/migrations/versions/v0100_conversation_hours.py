"""Conversations added up by the hour, and which agent took a reservation or lead.

`conversation_hours` is what `conversation_facts` amount to in an hour of UTC. It is right but for the hours that
`stale_conversation_hours` names, which are told from the facts themselves: whatever changes a fact names its hour in
the same transaction, by a new row, so that nobody waits for anybody.
"""

from alembic import op

revision = "0100_conversation_hours"
down_revision = "0090_tool_secrets"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_OUTCOMES = (
    "handed_over", "booked", "changed", "cancelled", "waitlisted", "lead", "message", "task", "abandoned", "answered",
    "unanswered", "other",
)  # fmt: skip
_COUNTS = (
    "conversations", "chats", "engaged", "contained", "handed_over", "with_reservation", "with_lead", "turns",
    "questions", "unanswered", "interruptions", "switches", "faults", "cache_hits", "cache_misses",
    *(f"outcome_{name}" for name in _OUTCOMES), "at_00", "at_15", "at_30", "at_45",
)  # fmt: skip

_TABLES = (
    f"""
    CREATE TABLE conversation_hours (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        starts_at timestamptz NOT NULL,
        agent_id uuid,
        {", ".join(f"{name} integer NOT NULL" for name in _COUNTS)},
        call_seconds double precision NOT NULL,
        intents text[] NOT NULL,
        intent_times integer[] NOT NULL,
        CONSTRAINT conversation_hours_once UNIQUE NULLS NOT DISTINCT (tenant_id, starts_at, agent_id)
    )
    """,
    """
    CREATE TABLE stale_conversation_hours (
        id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        starts_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX stale_conversation_hours_when ON stale_conversation_hours (tenant_id, starts_at)",
    "ALTER TABLE reservations ADD COLUMN agent_id uuid",
    "ALTER TABLE leads ADD COLUMN agent_id uuid",
)

_STALE = (
    """
    CREATE FUNCTION name_stale_conversation_hour() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            -- Where the tenant is being deleted there is none any more.
            INSERT INTO stale_conversation_hours (tenant_id, starts_at)
            SELECT id, date_trunc('hour', OLD.started_at, 'UTC') FROM tenants WHERE id = OLD.tenant_id;
        END IF;
        IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.started_at <> OLD.started_at) THEN
            INSERT INTO stale_conversation_hours (tenant_id, starts_at)
            VALUES (NEW.tenant_id, date_trunc('hour', NEW.started_at, 'UTC'));
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER conversation_facts_counted AFTER INSERT OR DELETE ON conversation_facts
    FOR EACH ROW EXECUTE FUNCTION name_stale_conversation_hour()
    """,
    # Not of `id`: facts that outlive their conversation count as before.
    """
    CREATE TRIGGER conversation_facts_recounted AFTER UPDATE OF
        agent_id, channel, started_at, duration_s, outcome, handed_over, has_reservation, has_lead, turns, intents,
        questions, unanswered, interruptions, switches, faults, cache_hits, cache_misses
    ON conversation_facts FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION name_stale_conversation_hour()
    """,
    "CREATE POLICY adding_up ON stale_conversation_hours FOR SELECT TO CURRENT_USER USING (true)",
    """
    CREATE FUNCTION tenants_with_stale_hours() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT tenant_id FROM stale_conversation_hours
    $$
    """,
    "REVOKE ALL ON FUNCTION tenants_with_stale_hours() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION tenants_with_stale_hours() TO reception_app",
)

_AGENTS = (
    """
    CREATE FUNCTION name_agent_of_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.agent_id := (SELECT agent_id FROM conversations WHERE id = NEW.conversation_id);
        RETURN NEW;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_agent BEFORE INSERT ON {table}
        FOR EACH ROW WHEN (NEW.agent_id IS NULL AND NEW.conversation_id IS NOT NULL)
        EXECUTE FUNCTION name_agent_of_conversation()
        """
        for table in ("reservations", "leads")
    ),
)

_BACKFILL = (
    "INSERT INTO stale_conversation_hours (tenant_id, starts_at)"
    " SELECT DISTINCT tenant_id, date_trunc('hour', started_at, 'UTC') FROM conversation_facts",
    *(
        f"UPDATE {table} AS kept SET agent_id = c.agent_id FROM conversations c WHERE c.id = kept.conversation_id"  # noqa: S608
        for table in ("reservations", "leads")
    ),
)
_BOUND = ("conversations", "conversation_facts", "reservations", "leads", "stale_conversation_hours")


def upgrade() -> None:
    for statement in (*_TABLES, *_STALE, *_AGENTS):
        op.execute(statement)
    for table in ("conversation_hours", "stale_conversation_hours"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    # The owner is bound by the policies too, and has no tenant here.
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for statement in _BACKFILL:
        op.execute(statement)
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in ("reservations", "leads"):
        op.execute(f"DROP TRIGGER {table}_agent ON {table}")
        op.execute(f"ALTER TABLE {table} DROP COLUMN agent_id")
    op.execute("DROP FUNCTION name_agent_of_conversation()")
    op.execute("DROP FUNCTION tenants_with_stale_hours()")
    op.execute("DROP TRIGGER conversation_facts_counted ON conversation_facts")
    op.execute("DROP TRIGGER conversation_facts_recounted ON conversation_facts")
    op.execute("DROP FUNCTION name_stale_conversation_hour()")
    op.execute("DROP TABLE stale_conversation_hours, conversation_hours")
