"""What came of conversations, and how much of each there was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.hours import COUNTED, COUNTS, FACTS, SETTLED, UNSETTLED, split_hours
from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report, ratio, report
from reception.domains.conversations.facts import Outcome

_INTENTS = text(
    f"""
    WITH {UNSETTLED}
    SELECT intent, sum(times) FILTER (WHERE here) AS times, sum(times) FILTER (WHERE NOT here) AS before
    FROM (
        SELECT one.intent, starts_at >= :start AS here, one.times
        FROM (SELECT starts_at, intents, intent_times FROM {SETTLED}) AS kept,
            unnest(intents, intent_times) AS one (intent, times)
        UNION ALL
        SELECT one.intent, lately.here, 1 FROM unsettled CROSS JOIN LATERAL (
            SELECT intents, started_at >= :start AS here FROM {FACTS} OFFSET 0
        ) AS lately, unnest(lately.intents) AS one (intent)
    ) AS wanted
    GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT 100
    """  # noqa: S608
)
_HOURS = text(
    f"""
    WITH {UNSETTLED}
    SELECT extract(isodow FROM local)::int AS weekday, extract(hour FROM local)::int AS hour, sum(times)::int AS times
    FROM (
        SELECT (starts_at + one.after) AT TIME ZONE :zone AS local, one.times
        FROM (
            SELECT starts_at, sum(at_00) AS at_00, sum(at_15) AS at_15, sum(at_30) AS at_30, sum(at_45) AS at_45
            FROM {SETTLED} GROUP BY 1
        ) AS kept, LATERAL (
            VALUES (interval '0 minutes', at_00), ('15 minutes', at_15), ('30 minutes', at_30), ('45 minutes', at_45)
        ) AS one (after, times)
        UNION ALL
        SELECT lately.started_at AT TIME ZONE :zone, 1
        FROM unsettled CROSS JOIN LATERAL (SELECT started_at FROM {FACTS} OFFSET 0) AS lately
    ) AS placed
    GROUP BY 1, 2 HAVING sum(times) > 0
    """  # noqa: S608
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
    rows = await session.execute(_INTENTS, _values(period, agent_id) | {"start": period.start})
    return [Intent(row.intent, int(row.times or 0), int(row.before or 0)) for row in rows]


async def busy_hours(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> list[BusyHour]:
    """The hours of the week in which conversations began, the busiest first."""
    values = _values(period, agent_id) | {"since": period.start, "zone": period.zone.key}
    rows = await session.execute(_HOURS, values)
    found = [BusyHour(row.weekday, row.hour, row.times) for row in rows]
    return sorted(found, key=lambda one: (-one.conversations, one.weekday, one.hour))


async def _counts(session: AsyncSession, period: Period, agent_id: UUID | None) -> Sequence[Row[Any]]:
    return (await session.execute(COUNTS, _values(period, agent_id))).all()


def _values(period: Period, agent_id: UUID | None) -> dict[str, Any]:
    values = period.parameters(agent_id)
    return {**values, "split": split_hours([*values["bounds"], period.end])}


def _call_figures(rows: Sequence[Row[Any]]) -> CallFigures:
    total = _totals(rows)
    conversations, chats = total["conversations"], total["chats"]
    calls = conversations - chats
    outcomes = {one.value: total[f"outcome_{one.value}"] for one in Outcome}
    return CallFigures(
        conversations=conversations,
        calls=calls,
        chats=chats,
        engaged=total["engaged"],
        contained=total["contained"],
        containment=ratio(total["contained"], total["engaged"]),
        handed_over=total["handed_over"],
        with_reservation=total["with_reservation"],
        with_lead=total["with_lead"],
        outcomes={outcome: times for outcome, times in sorted(outcomes.items()) if times},
        turns=total["turns"],
        turns_each=ratio(total["turns"], conversations),
        duration_s_each=ratio(total["call_seconds"], calls),
        call_seconds=round(total["call_seconds"], 1),
        interruptions=total["interruptions"],
        switches=total["switches"],
        faults=total["faults"],
    )


def _knowledge_figures(rows: Sequence[Row[Any]]) -> KnowledgeFigures:
    total = _totals(rows)
    questions, unanswered = total["questions"], total["unanswered"]
    hits, misses = total["cache_hits"], total["cache_misses"]
    return KnowledgeFigures(
        questions=questions,
        unanswered=unanswered,
        answered_share=ratio(max(0, questions - unanswered), questions),
        cache_hits=hits,
        cache_misses=misses,
        cache_share=ratio(hits, hits + misses),
    )


def _totals(rows: Sequence[Row[Any]]) -> Mapping[str, Any]:
    """What `COUNTS` yields, over several buckets; each row is the bucket and then `COUNTED`."""
    if not rows:
        return dict.fromkeys(COUNTED, 0)
    _, *columns = zip(*rows, strict=True)
    return dict(zip(COUNTED, map(sum, columns), strict=True))
