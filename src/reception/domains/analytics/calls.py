"""What came of conversations, and how much of each there was."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report, ratio, report

_COUNTS = text(
    """
    SELECT width_bucket(started_at, CAST(:bounds AS timestamptz[])) AS bucket, channel, outcome,
        count(*) AS conversations, count(*) FILTER (WHERE turns > 0) AS engaged,
        count(*) FILTER (WHERE turns > 0 AND NOT handed_over) AS contained,
        count(*) FILTER (WHERE handed_over) AS handed_over,
        count(*) FILTER (WHERE has_reservation) AS with_reservation, count(*) FILTER (WHERE has_lead) AS with_lead,
        sum(duration_s)::float8 AS duration_s, sum(turns) AS turns, sum(questions) AS questions,
        sum(unanswered) AS unanswered, sum(interruptions) AS interruptions, sum(switches) AS switches,
        sum(faults) AS faults, sum(cache_hits) AS cache_hits, sum(cache_misses) AS cache_misses
    FROM conversation_facts
    WHERE started_at >= :since AND started_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2, 3
    """
)
_IN_MEMORY = text("SET LOCAL work_mem = '64MB'")
_INTENTS = text(
    """
    SELECT intent, sum(times) FILTER (WHERE here) AS times, sum(times) FILTER (WHERE NOT here) AS before
    FROM (
        SELECT intents, started_at >= :start AS here, count(*) AS times
        FROM conversation_facts
        WHERE started_at >= :since AND started_at < :until
            AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
        GROUP BY 1, 2
    ) AS together, unnest(intents) AS intent
    GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT 100
    """
)
_HOURS = text(
    """
    SELECT extract(isodow FROM local)::int AS weekday, extract(hour FROM local)::int AS hour, sum(times)::int AS times
    FROM (
        SELECT date_bin('15 minutes', started_at, 'epoch') AS quarter, count(*) AS times
        FROM conversation_facts
        WHERE started_at >= :start AND started_at < :until
            AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
        GROUP BY 1
    ) AS counted, LATERAL (SELECT quarter AT TIME ZONE :zone AS local) AS placed
    GROUP BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class CallFigures:
    """`engaged` are conversations in which the caller said something; `contained` are those of them that ended without
    a person, and `containment` is their share. `interruptions` are replies that were interrupted, `switches` fallbacks
    to another provider."""

    conversations: int = 0
    calls: int = 0
    chats: int = 0
    engaged: int = 0
    contained: int = 0
    containment: float | None = None
    handed_over: int = 0
    with_reservation: int = 0
    with_lead: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    turns: int = 0
    turns_each: float | None = None
    duration_s_each: float | None = None
    call_seconds: float = 0.0
    interruptions: int = 0
    switches: int = 0
    faults: int = 0


@dataclass(frozen=True, slots=True)
class KnowledgeFigures:
    """`questions` were asked of the business's knowledge, and to `unanswered` of them nothing was known;
    `answered_share` is the rest's. `cache_hits` were answered from the answers that are kept."""

    questions: int = 0
    unanswered: int = 0
    answered_share: float | None = None
    cache_hits: int = 0
    cache_misses: int = 0
    cache_share: float | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What callers wanted: the name of a flow, `question`, or `person`; in how many conversations."""

    intent: str
    times: int
    before: int


@dataclass(frozen=True, slots=True)
class BusyHour:
    """`weekday` is 1 for Monday; `hour` is local, of 24."""

    weekday: int
    hour: int
    conversations: int


async def count_calls(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> Report[CallFigures]:
    rows = await _counts(session, period, agent_id)
    return report(period, rows, _call_figures)


async def count_questions(
    session: AsyncSession, period: Period, agent_id: UUID | None = None
) -> Report[KnowledgeFigures]:
    rows = await _counts(session, period, agent_id)
    return report(period, rows, _knowledge_figures)


async def count_intents(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> list[Intent]:
    """The commonest first."""
    rows = await session.execute(_INTENTS, {**period.parameters(agent_id), "start": period.start})
    return [Intent(row.intent, int(row.times or 0), int(row.before or 0)) for row in rows]


async def busy_hours(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> list[BusyHour]:
    """The hours of the week in which conversations began, the busiest first."""
    values = {**period.parameters(agent_id), "start": period.start, "zone": period.zone.key}
    rows = await session.execute(_HOURS, values)
    found = [BusyHour(row.weekday, row.hour, row.times) for row in rows]
    return sorted(found, key=lambda one: (-one.conversations, one.weekday, one.hour))


async def _counts(session: AsyncSession, period: Period, agent_id: UUID | None) -> Sequence[Row[Any]]:
    # The number of groups is guessed much too high, and would be sorted on disk in less.
    await session.execute(_IN_MEMORY)
    return (await session.execute(_COUNTS, period.parameters(agent_id))).all()


def _call_figures(rows: Sequence[Row[Any]]) -> CallFigures:
    columns = _columns(rows)
    outcomes: Counter[str] = Counter()
    for outcome, times in zip(columns["outcome"], columns["conversations"], strict=True):
        outcomes[outcome] += times
    spoken = [channel != "chat" for channel in columns["channel"]]
    calls = sum(compress(columns["conversations"], spoken))
    call_seconds = sum(compress(columns["duration_s"], spoken))
    conversations, engaged, contained, turns = (
        sum(columns[name]) for name in ("conversations", "engaged", "contained", "turns")
    )
    return CallFigures(
        conversations=conversations,
        calls=calls,
        chats=conversations - calls,
        engaged=engaged,
        contained=contained,
        containment=ratio(contained, engaged),
        handed_over=sum(columns["handed_over"]),
        with_reservation=sum(columns["with_reservation"]),
        with_lead=sum(columns["with_lead"]),
        outcomes=dict(sorted(outcomes.items())),
        turns=turns,
        turns_each=ratio(turns, conversations),
        duration_s_each=ratio(call_seconds, calls),
        call_seconds=round(call_seconds, 1),
        interruptions=sum(columns["interruptions"]),
        switches=sum(columns["switches"]),
        faults=sum(columns["faults"]),
    )


def _knowledge_figures(rows: Sequence[Row[Any]]) -> KnowledgeFigures:
    columns = _columns(rows)
    questions, unanswered, hits, misses = (
        sum(columns[name]) for name in ("questions", "unanswered", "cache_hits", "cache_misses")
    )
    return KnowledgeFigures(
        questions=questions,
        unanswered=unanswered,
        answered_share=ratio(max(0, questions - unanswered), questions),
        cache_hits=hits,
        cache_misses=misses,
        cache_share=ratio(hits, hits + misses),
    )


_COLUMNS = (
    "bucket", "channel", "outcome", "conversations", "engaged", "contained", "handed_over", "with_reservation",
    "with_lead", "duration_s", "turns", "questions", "unanswered", "interruptions", "switches", "faults",
    "cache_hits", "cache_misses",
)  # fmt: skip
"""What `_COUNTS` yields, in order."""


def _columns(rows: Sequence[Row[Any]]) -> Mapping[str, Sequence[Any]]:
    return dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(_COLUMNS, ())
