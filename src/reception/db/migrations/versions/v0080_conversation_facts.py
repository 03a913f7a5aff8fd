"""What is told of conversations: their words to be searched, what happened in them, and a narrow row of facts for each.

`conversation_facts` holds nothing that tells who called, and so outlives its conversation, under another id. What a
fact means is said once, in `refresh_conversation_facts`: see docs/ANALYTICS.md.

A tenant is a lexeme of its messages: the index is of all tenants' words, and a search goes to those of one. Row-level
security keeps such an index from being used, as the operator might tell of rows that are not to be seen; the function
that searches is its owner's, and names the tenant itself.
"""

from alembic import op

revision = "0080_conversation_facts"
down_revision = "0071_api_keys"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_TABLES = (
    """
    CREATE TABLE conversation_events (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        conversation_id uuid NOT NULL,
        turn integer NOT NULL CHECK (turn >= 0),
        kind varchar(24) NOT NULL,
        data jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX conversation_events_of ON conversation_events (tenant_id, conversation_id, id)",
    """
    CREATE TABLE conversation_facts (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        agent_id uuid,
        channel varchar(16) NOT NULL,
        started_at timestamptz NOT NULL,
        duration_s real NOT NULL,
        ended boolean NOT NULL,
        end_reason varchar(40) NOT NULL,
        outcome varchar(16) NOT NULL,
        handed_over boolean NOT NULL,
        has_reservation boolean NOT NULL,
        has_lead boolean NOT NULL,
        turns integer NOT NULL,
        intents text[] NOT NULL,
        questions integer NOT NULL,
        unanswered integer NOT NULL,
        interruptions integer NOT NULL,
        switches integer NOT NULL,
        faults integer NOT NULL,
        cache_hits integer NOT NULL,
        cache_misses integer NOT NULL
    )
    """,
    "CREATE INDEX conversation_facts_recent ON conversation_facts (tenant_id, started_at, id)",
    "CREATE INDEX conversation_facts_outcome ON conversation_facts (tenant_id, outcome, started_at, id)",
    "CREATE INDEX conversations_phone ON conversations (tenant_id, caller_phone)",
)

_WORDS = (
    """
    ALTER TABLE messages
        ADD COLUMN unanswered jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
            to_tsvector('english', text) || array_to_tsvector(ARRAY[tenant_id::text])
        ) STORED
    """,
    "CREATE INDEX messages_search ON messages USING gin (search)",
    "CREATE POLICY full_text ON messages FOR SELECT TO CURRENT_USER USING (true)",
    """
    CREATE FUNCTION conversations_with_words(words text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT conversation_id FROM messages
        WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid
            AND numnode(websearch_to_tsquery('english', words)) > 0
            AND search @@ (
                quote_literal(current_setting('app.tenant_id', true))::tsquery
                && websearch_to_tsquery('english', words)
            )
    $$
    """,
    "REVOKE ALL ON FUNCTION conversations_with_words(text) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION conversations_with_words(text) TO reception_app",
)

_FACTS = """
    CREATE FUNCTION refresh_conversation_facts(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        -- Whoever comes second waits here, and then sees what the first has written.
        PERFORM FROM conversations WHERE id = wanted FOR NO KEY UPDATE;
        INSERT INTO conversation_facts AS kept (
            id, tenant_id, agent_id, channel, started_at, duration_s, ended, end_reason, outcome, handed_over,
            has_reservation, has_lead, turns, intents, questions, unanswered, interruptions, switches, faults,
            cache_hits, cache_misses
        )
        SELECT c.id, c.tenant_id, c.agent_id, c.channel, c.started_at,
            greatest(0, extract(epoch FROM coalesce(c.ended_at, said.last_at, c.started_at) - c.started_at)),
            c.ended_at IS NOT NULL, left(c.end_reason, 40),
            CASE
                WHEN c.end_reason = 'transfer' OR done.handoff OR said.for_person THEN 'handed_over'
                WHEN done.booked THEN 'booked'
                WHEN done.changed THEN 'changed'
                WHEN done.cancelled THEN 'cancelled'
                WHEN done.waitlisted THEN 'waitlisted'
                WHEN done.lead THEN 'lead'
                WHEN done.message THEN 'message'
                WHEN done.task THEN 'task'
                WHEN said.turns = 0 THEN 'abandoned'
                WHEN said.questions > said.unanswered THEN 'answered'
                WHEN said.unanswered > 0 THEN 'unanswered'
                ELSE 'other'
            END,
            c.end_reason = 'transfer' OR done.handoff OR said.for_person,
            done.booked OR done.changed OR done.cancelled,
            done.lead OR done.message OR done.handoff,
            said.turns,
            ARRAY(
                SELECT DISTINCT CASE
                    WHEN command LIKE 'StartFlow(%' THEN
                        coalesce(nullif(split_part(trim(trailing ')' FROM substr(command, 11)), ', ', 2), ''),
                            split_part(trim(trailing ')' FROM substr(command, 11)), ', ', 1))
                    WHEN command LIKE 'AskKnowledge(%' THEN 'question'
                    ELSE 'person' END
                FROM messages m, jsonb_array_elements_text(m.commands) AS command
                WHERE m.conversation_id = c.id
                    AND (command LIKE 'StartFlow(%' OR command LIKE 'AskKnowledge(%' OR command LIKE 'RequestHuman(%')
                ORDER BY 1 LIMIT 20
            ),
            said.questions, said.unanswered, said.interruptions, told.switches, told.faults,
            said.cache_hits, said.cache_misses
        FROM conversations c
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE speaker = 'caller')::int AS turns,
                max(created_at) AS last_at,
                coalesce(bool_or(commands::text LIKE '%"RequestHuman(%'), false) AS for_person,
                coalesce(sum((
                    SELECT count(*) FROM jsonb_array_elements_text(commands) AS command
                    WHERE command LIKE 'AskKnowledge(%'
                )), 0)::int AS questions,
                coalesce(sum(jsonb_array_length(m.unanswered)), 0)::int AS unanswered,
                count(*) FILTER (WHERE interrupted)::int AS interruptions,
                count(*) FILTER (WHERE metrics->>'cache' IN ('process', 'database', 'semantic'))::int AS cache_hits,
                count(*) FILTER (WHERE metrics->>'cache' = 'miss')::int AS cache_misses
            FROM messages m WHERE m.conversation_id = c.id
        ) AS said
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_or(what IN ('CommitReservation', 'AcceptOffer')), false) AS booked,
                coalesce(bool_or(what IN (
                    'MoveReservation', 'NoteLate', 'NoteRequests', 'ReconfirmReservation'
                )), false) AS changed,
                coalesce(bool_or(what IN ('CancelReservation', 'LeaveWaitlist')), false) AS cancelled,
                coalesce(bool_or(what = 'JoinWaitlist'), false) AS waitlisted,
                coalesce(bool_or(what = 'CallTool'), false) AS task,
                coalesce(bool_or(what = 'CreateLead' AND kind = 'handoff'), false) AS handoff,
                coalesce(bool_or(what = 'CreateLead' AND kind IN ('message', 'callback')), false) AS message,
                coalesce(bool_or(what = 'CreateLead' AND kind NOT IN ('message', 'callback', 'handoff')), false) AS lead
            FROM (
                SELECT split_part(outcome->>'effect', ' ', 1) AS what, split_part(outcome->>'effect', ' ', 2) AS kind
                FROM effect_runs WHERE conversation_id = c.id AND outcome->>'kind' = 'done'
            ) AS effects
        ) AS done
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE kind = 'switch')::int AS switches,
                count(*) FILTER (WHERE kind = 'fault')::int AS faults
            FROM conversation_events e WHERE e.tenant_id = c.tenant_id AND e.conversation_id = c.id
        ) AS told
        WHERE c.id = wanted
        ON CONFLICT (id) DO UPDATE SET
            agent_id = excluded.agent_id, duration_s = excluded.duration_s, ended = excluded.ended,
            end_reason = excluded.end_reason, outcome = excluded.outcome, handed_over = excluded.handed_over,
            has_reservation = excluded.has_reservation, has_lead = excluded.has_lead, turns = excluded.turns,
            intents = excluded.intents, questions = excluded.questions, unanswered = excluded.unanswered,
            interruptions = excluded.interruptions, switches = excluded.switches, faults = excluded.faults,
            cache_hits = excluded.cache_hits, cache_misses = excluded.cache_misses;
    END $$
"""

_BOUND = ("conversations", "messages", "effect_runs", "conversation_events", "conversation_facts")


def upgrade() -> None:
    for statement in (*_TABLES, *_WORDS, _FACTS):
        op.execute(statement)
    for table in ("conversation_events", "conversation_facts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    # The owner is bound by the policies too, and has no tenant here.
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("SELECT refresh_conversation_facts(id) FROM conversations")
    for table in _BOUND:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP FUNCTION refresh_conversation_facts(uuid)")
    op.execute("DROP FUNCTION conversations_with_words(text)")
    op.execute("DROP POLICY full_text ON messages")
    op.execute("ALTER TABLE messages DROP COLUMN search, DROP COLUMN unanswered")
    op.execute("DROP INDEX conversations_phone")
    op.execute("DROP TABLE conversation_facts, conversation_events")
