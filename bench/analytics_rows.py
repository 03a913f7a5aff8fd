"""The rows of a year of calls, made by the database itself."""

from datetime import date
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from reception.db.embedded import DATABASE, EmbeddedPostgres

TENANTS = (UUID(int=1), UUID(int=2))
AGENT = UUID(int=16)
"""The busiest of three agents of the first tenant, who has six calls of ten."""
_SHARES = (1.0, 0.25)
_TURNS = 4
_BEFORE = (
    "SET session_replication_role = replica",
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '256MB'",
    "DROP INDEX messages_search",
)
_AFTER = ("CREATE INDEX messages_search ON messages USING gin (search)", "VACUUM ANALYZE", "CHECKPOINT")

_STATEMENTS = (
    """
    INSERT INTO tenants (id, slug, name, kind, timezone, region, locale, phone, address, hours, rules)
    VALUES (%(tenant)s, %(slug)s, 'The Bench', 'restaurant', 'America/New_York', 'US', 'en-US', '', '', '{}', '{}')
    """,
    # More calls at noon and in the evening than at other hours, and ids in the order of time.
    """
    CREATE TEMPORARY TABLE calls AS
    SELECT i, (
            lpad(to_hex((extract(epoch FROM started_at) * 1000)::bigint), 12, '0')
            || '7000a' || lpad(to_hex(%(number)s), 3, '0') || lpad(to_hex(i), 12, '0')
        )::uuid AS id,
        started_at, i %% 5 = 0 AS chat,
        lpad(%(number)s::text || (ARRAY[0, 0, 0, 0, 0, 0, 1, 1, 1, 2])[1 + i / 5 %% 10], 32, '0')::uuid AS agent_id,
        (ARRAY['booked', 'booked', 'booked', 'changed', 'cancelled', 'answered', 'answered', 'answered', 'lead',
            'message', 'handed_over', 'abandoned', 'unanswered', 'other'])[1 + i %% 14] AS outcome
    FROM (
        SELECT i, CAST(%(last)s AS date) + interval '1 day' - interval '1 second'
            - (i::float8 / %(count)s) * %(days)s * interval '1 day'
            + (sin(i) * 3) * interval '1 minute' AS started_at
        FROM generate_series(1, %(count)s) AS i
    ) AS spread
    """,
    """
    INSERT INTO conversations (
        id, tenant_id, agent_id, channel, caller_phone, started_at, ended_at, end_reason, last_turn, state
    )
    SELECT id, %(tenant)s, agent_id, CASE WHEN chat THEN 'chat' ELSE 'voice' END,
        '+1212555' || lpad((i %% 5000)::text, 4, '0'), started_at, started_at + interval '2 minutes', 'goodbye', 4,
        jsonb_build_object('details', repeat('x', 300))
    FROM calls
    """,
    """
    INSERT INTO conversation_facts
    SELECT id, %(tenant)s, agent_id, CASE WHEN chat THEN 'chat' ELSE 'voice' END, started_at, 60 + i %% 240, true,
        'goodbye', outcome, outcome = 'handed_over', outcome IN ('booked', 'changed', 'cancelled'),
        outcome IN ('lead', 'message'),
        CASE WHEN outcome = 'abandoned' THEN 0 ELSE 4 END,
        CASE i %% 4 WHEN 0 THEN ARRAY['new_reservation', 'question'] WHEN 1 THEN ARRAY['question']
            WHEN 2 THEN ARRAY['change_reservation'] ELSE ARRAY['leave_message'] END,
        i %% 3, (i %% 9 = 0)::int, (i %% 6 = 0)::int, (i %% 50 = 0)::int, 0, i %% 2, 1
    FROM calls
    """,
    """
    INSERT INTO stale_conversation_hours (tenant_id, starts_at)
    SELECT DISTINCT %(tenant)s::uuid, date_trunc('hour', started_at, 'UTC') FROM calls
    """,
    """
    INSERT INTO messages (id, tenant_id, conversation_id, turn, speaker, text, commands, metrics, created_at)
    SELECT gen_random_uuid(), %(tenant)s, id, turn, speaker,
        CASE WHEN i %% 20000 = 7 AND turn = 2 THEN 'Do you sell quince jam, by any chance?'
            WHEN speaker = 'caller' THEN (ARRAY['I would like a table for four people on Friday evening please',
                'Is there any parking near the house, or should we take the train?',
                'My name is Ann Example and my number is two one two', 'Yes, that is right, thank you very much'
            ])[1 + (i + turn) %% 4]
            ELSE (ARRAY['We have a table for four at half past seven on Friday, is that all right?',
                'You can leave your car in the yard behind the house, free of charge, all evening.',
                'Thank you. May I have your phone number for the booking, please?',
                'You are booked, and your reference is K seven Q two. We look forward to seeing you.'
            ])[1 + (i + turn) %% 4] END,
        '["SetSlot(party_size, 4)"]',
        CASE WHEN speaker = 'agent' THEN '{"stt_ms": 80.0, "voice_to_voice_ms": 420.0, "cache": "miss"}'::jsonb END,
        started_at + turn * interval '20 seconds'
    FROM calls, generate_series(1, %(turns)s) AS turn, (VALUES ('caller'), ('agent')) AS sides (speaker)
    """,
    # A bell of bins for each stage, by the hour and by the day.
    """
    INSERT INTO stage_times (tenant_id, agent_id, grain, starts_at, stage, bin, turns, total_ms)
    SELECT %(tenant)s, agent_id, grain, date_trunc(grain, started_at, 'America/New_York'), stage,
        centre + floor(4 * sqrt(-2 * ln(random() + 1e-9)) * cos(2 * pi() * random()))::int, count(*), 420.0 * count(*)
    FROM calls, generate_series(1, %(turns)s), (VALUES ('hour'), ('day')) AS grains (grain),
        (VALUES ('endpointing', 105), ('stt', 98), ('understanding', 60), ('retrieval', 50), ('llm_first_token', 120),
            ('tts_first_audio', 90), ('voice_to_voice', 123)) AS stages (stage, centre)
    WHERE NOT chat
    GROUP BY 1, 2, 3, 4, 5, 6
    """,
    """
    INSERT INTO usage_hours (tenant_id, agent_id, starts_at, part, provider, requests, units, cost_usd, unpriced)
    SELECT %(tenant)s, agent_id, date_trunc('hour', started_at, 'America/New_York'), part, provider, 4 * count(*),
        100.0 * count(*), 0.002 * count(*), 0
    FROM calls, (VALUES ('stt', 'deepgram:nova-3'), ('stt', 'embedded'), ('tts', 'deepgram:aura-2'),
        ('tts', 'embedded'), ('llm_in', 'groq:openai/gpt-oss-20b'), ('llm_out', 'groq:openai/gpt-oss-20b')
    ) AS used (part, provider)
    GROUP BY 1, 2, 3, 4, 5
    """,
    """
    INSERT INTO conversation_events (id, tenant_id, conversation_id, turn, kind, data, created_at)
    SELECT gen_random_uuid(), %(tenant)s, id, 1, 'switch', '{"part": "stt", "reason": "provider_timeout"}', started_at
    FROM calls WHERE i %% 50 = 0
    """,
    """
    INSERT INTO reservations (
        id, tenant_id, agent_id, conversation_id, status, reference, starts_at, ends_at, party_size, guest_name,
        guest_phone, created_at, updated_at
    )
    SELECT gen_random_uuid(), %(tenant)s, agent_id, id,
        (ARRAY['confirmed', 'seated', 'seated', 'no_show', 'cancelled'])[1 + i %% 5],
        upper(lpad(to_hex(i), 6, '0')), started_at + interval '3 days', started_at + interval '3 days 2 hours',
        1 + i %% 6, 'Ann Example', '+12125550101', started_at, started_at
    FROM calls WHERE outcome = 'booked'
    """,
    """
    INSERT INTO leads (id, tenant_id, agent_id, conversation_id, kind, name, phone, summary, details, stage, created_at)
    SELECT gen_random_uuid(), %(tenant)s, agent_id, id, CASE outcome WHEN 'lead' THEN 'large_party' ELSE 'message' END,
        'Ann Example', '+12125550101', 'Please call back', '{}',
        (ARRAY['new', 'contacted', 'won', 'lost'])[1 + i %% 4], started_at
    FROM calls WHERE outcome IN ('lead', 'message')
    """,
    """
    INSERT INTO unanswered_questions (id, tenant_id, agent_id, question, normalized, group_id)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(%(number)s * 1000 + n), 12, '0'))::uuid, %(tenant)s,
        lpad(%(number)s::text || (n %% 2)::text, 32, '0')::uuid, 'Question ' || n, 'question ' || n,
        ('00000000-0000-7000-8000-' || lpad(to_hex(%(number)s * 1000 + n), 12, '0'))::uuid
    FROM generate_series(1, 500) AS n
    """,
    """
    INSERT INTO unanswered_askings (id, tenant_id, question_id, asked_at)
    SELECT gen_random_uuid(), %(tenant)s,
        ('00000000-0000-7000-8000-' || lpad(to_hex(%(number)s * 1000 + 1 + i %% 500), 12, '0'))::uuid, started_at
    FROM calls WHERE i %% 9 = 0
    """,
    "DROP TABLE calls",
)
_TABLES = ("conversations", "conversation_facts", "messages", "stage_times", "usage_hours")


def fill(server: EmbeddedPostgres, conversations: int, days: int, last: date) -> None:
    """Put so many conversations of the first tenant over the days up to `last`, and a quarter as many of the second."""
    with _superuser(server) as connection:
        for statement in _BEFORE:
            connection.execute(statement)
        for number, (tenant, share) in enumerate(zip(TENANTS, _SHARES, strict=True), start=1):
            values = {
                "tenant": tenant,
                "slug": f"bench-{number}",
                "number": number,
                "count": int(conversations * share),
                "days": days,
                "last": last,
                "turns": _TURNS,
            }
            for statement in _STATEMENTS:
                connection.execute(statement, values)
        for statement in _AFTER:
            connection.execute(statement)


def settle(server: EmbeddedPostgres) -> None:
    """What the server would do in a quiet minute."""
    with _superuser(server) as connection:
        connection.execute("VACUUM ANALYZE")
        # Times are packed by the hour, as they come; so many at once leave room behind that is never there.
        connection.execute("VACUUM FULL ANALYZE stage_times")


def sizes_mb(server: EmbeddedPostgres) -> dict[str, float]:
    """The sizes of the tables with their indexes, in megabytes."""
    sizes = {}
    with _superuser(server) as connection:
        for table in _TABLES:
            found = connection.execute("SELECT pg_total_relation_size(%s::regclass)", (table,)).fetchone()
            sizes[table] = round((found[0] if found else 0) / 2**20, 1)
    return sizes


def _superuser(server: EmbeddedPostgres) -> psycopg.Connection:
    host = make_url(server.owner_url).query["host"]
    whole = psycopg.conninfo.make_conninfo(host=str(host), user="postgres", dbname=DATABASE)
    return psycopg.connect(whole, autocommit=True, cursor_factory=psycopg.ClientCursor)
