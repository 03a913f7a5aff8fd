"""Conversations added up by the hour of UTC, so that a report reads thousands of rows and not all conversations.

An hour is read from `conversation_hours` unless something in it has changed since it was added up, or a bound of what
is asked lies within it: such an hour is counted from the facts. So every figure is that of the facts at this moment,
in whatever zone the days are.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.conversations.facts import Outcome

HOURS_AT_ONCE = 500
_HOUR = timedelta(hours=1)
_FACTS = {
    "conversations": "count(*)::int",
    "chats": "(count(*) FILTER (WHERE channel = 'chat'))::int",
    "engaged": "(count(*) FILTER (WHERE turns > 0))::int",
    "contained": "(count(*) FILTER (WHERE turns > 0 AND NOT handed_over))::int",
    "handed_over": "(count(*) FILTER (WHERE handed_over))::int",
    "with_reservation": "(count(*) FILTER (WHERE has_reservation))::int",
    "with_lead": "(count(*) FILTER (WHERE has_lead))::int",
    "call_seconds": "coalesce(sum(duration_s::float8) FILTER (WHERE channel <> 'chat'), 0)",
    **{
        name: f"sum({name})::int"
        for name in (
            "turns", "questions", "unanswered", "interruptions", "switches", "faults", "cache_hits", "cache_misses"
        )
    },
    **{f"outcome_{one.value}": f"(count(*) FILTER (WHERE outcome = '{one.value}'))::int" for one in Outcome},
}  # fmt: skip
"""What each column of the same name amounts to in `conversation_facts`."""
_QUARTERS = {
    f"at_{minute:02}": f"(count(*) FILTER (WHERE extract(minute FROM started_at)::int / 15 = {index}))::int"
    for index, minute in enumerate(range(0, 60, 15))
}
COUNTED = tuple(_FACTS)
_ADDED = {**_FACTS, **_QUARTERS}

UNSETTLED = """
    unsettled AS MATERIALIZED (
        SELECT starts_at FROM stale_conversation_hours
        WHERE starts_at > CAST(:since AS timestamptz) - interval '1 hour' AND starts_at < :until
        UNION
        SELECT unnest(CAST(:split AS timestamptz[]))
    )
"""
"""The hours that are counted from the facts; for `WITH`, with the values of `bounded`."""
SETTLED = """
    conversation_hours AS hours
    WHERE hours.starts_at >= :since AND hours.starts_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR hours.agent_id = CAST(:agent_id AS uuid))
        AND NOT EXISTS (SELECT FROM unsettled WHERE unsettled.starts_at = hours.starts_at)
"""
"""The hours that are read as they were added up; for `FROM`."""
FACTS = """
    conversation_facts AS facts
    WHERE facts.started_at >= unsettled.starts_at AND facts.started_at < unsettled.starts_at + interval '1 hour'
        AND facts.started_at >= :since AND facts.started_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR facts.agent_id = CAST(:agent_id AS uuid))
"""
"""The facts of one unsettled hour; for `FROM` in a subquery beside it, which reads that hour alone."""
COUNTS = text(
    f"""
    WITH {UNSETTLED}
    SELECT bucket, {", ".join(f"sum({name}) AS {name}" for name in COUNTED)}
    FROM (
        SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])) AS bucket, {", ".join(COUNTED)} FROM {SETTLED}
        UNION ALL
        SELECT counted.* FROM unsettled CROSS JOIN LATERAL (
            SELECT width_bucket(started_at, CAST(:bounds AS timestamptz[])),
                {", ".join(f"{how} AS {name}" for name, how in _FACTS.items())}
            FROM {FACTS} GROUP BY 1
        ) AS counted
    ) AS together
    GROUP BY 1
    """  # noqa: S608
)
"""Of each bucket, what conversations amount to: `COUNTED`."""

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:tenant_id, 5108))")
_TAKE = text(
    """
    WITH oldest AS (SELECT DISTINCT starts_at FROM stale_conversation_hours ORDER BY 1 LIMIT :at_once)
    DELETE FROM stale_conversation_hours AS stale USING oldest WHERE stale.starts_at = oldest.starts_at
    RETURNING stale.starts_at
    """
)
_FORGET = text("DELETE FROM conversation_hours WHERE starts_at = ANY(CAST(:hours AS timestamptz[]))")
_ADD_UP = text(
    f"""
    WITH facts AS MATERIALIZED (
        SELECT hour.starts_at, facts.* FROM unnest(CAST(:hours AS timestamptz[])) AS hour (starts_at)
        CROSS JOIN LATERAL (
            SELECT * FROM conversation_facts
            WHERE started_at >= hour.starts_at AND started_at < hour.starts_at + interval '1 hour' OFFSET 0
        ) AS facts
    ), wanted AS (
        SELECT starts_at, agent_id, intent, count(*)::int AS times FROM facts, unnest(intents) AS intent
        GROUP BY 1, 2, 3
    ), listed AS (
        SELECT starts_at, agent_id, array_agg(intent) AS intents, array_agg(times) AS intent_times
        FROM wanted GROUP BY 1, 2
    ), counted AS (
        SELECT tenant_id, starts_at, agent_id, {", ".join(f"{how} AS {name}" for name, how in _ADDED.items())}
        FROM facts GROUP BY 1, 2, 3
    )
    INSERT INTO conversation_hours (
        tenant_id, starts_at, agent_id, {", ".join(_ADDED)}, intents, intent_times
    )
    SELECT tenant_id, counted.starts_at, counted.agent_id, {", ".join(_ADDED)},
        coalesce(intents, '{{}}'), coalesce(intent_times, '{{}}')
    FROM counted LEFT JOIN listed
        ON listed.starts_at = counted.starts_at AND listed.agent_id IS NOT DISTINCT FROM counted.agent_id
    """  # noqa: S608
)
_STALE_TENANTS = text("SELECT tenants_with_stale_hours()")


def split_hours(bounds: Sequence[datetime]) -> list[datetime]:
    """The hours of UTC within which one of `bounds` lies."""
    starts = {bound.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for bound in bounds if _is_within(bound)}
    return sorted(starts)


async def tenants_with_stale_hours(session: AsyncSession) -> list[UUID]:
    """Whose conversations are to be added up; `session` may be of no tenant."""
    return list((await session.execute(_STALE_TENANTS)).scalars())


async def add_up_hours(session: AsyncSession, tenant_id: UUID) -> int:
    """Add up the oldest hours in which something has changed, in the tenant's own session. Returns how many they were,
    `HOURS_AT_ONCE` at most; none while another process is at it."""
    if not (await session.execute(_LOCK, {"tenant_id": str(tenant_id)})).scalar_one():
        return 0
    # What changes after these rows are taken names its hour again, and what is read next is at least as new.
    hours = sorted(set((await session.execute(_TAKE, {"at_once": HOURS_AT_ONCE})).scalars()))
    if hours:
        await session.execute(_FORGET, {"hours": hours})
        await session.execute(_ADD_UP, {"hours": hours})
    return len(hours)


def _is_within(bound: datetime) -> bool:
    return bool(bound.astimezone(UTC).timestamp() % _HOUR.total_seconds())
