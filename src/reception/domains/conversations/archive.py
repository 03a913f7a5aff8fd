"""Conversations to look through: found by what happened in them and by their words, read whole, and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.domains.conversations.erasure import QUIET, forget
from reception.domains.conversations.facts import Outcome
from reception.domains.conversations.models import ConversationRow, EffectRun, FactsRow, MessageRow
from reception.ports.dialogue import Json

_LATELY = 1000
_NEWEST_FIRST = (FactsRow.started_at.desc(), FactsRow.id.desc())


@dataclass(frozen=True, slots=True)
class Overview:
    """One conversation and what came of it. `duration_s` runs to its end, or so far to what was said last."""

    conversation_id: UUID
    agent_id: UUID | None
    agent_version: int | None
    channel: str
    caller_phone: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str
    duration_s: float
    outcome: Outcome
    handed_over: bool
    has_reservation: bool
    has_lead: bool
    turns: int
    intents: Sequence[str]
    questions: int
    unanswered: int
    interruptions: int
    switches: int
    faults: int
    cache_hits: int
    cache_misses: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations: what is None or empty does not narrow. Begun from `since` to before `until` (aware);
    `words` as one types them into a web search, all in what one side said at a time."""

    agent_id: UUID | None = None
    channel: str = ""
    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    caller_phone: str = ""
    has_lead: bool | None = None
    has_reservation: bool | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """An effect that ran in `turn`. `what` names it, as `CommitReservation`."""

    turn: int
    what: str
    done: bool
    refused_for: str
    reservation_id: UUID | None
    lead_id: UUID | None


async def list_conversations(
    session: AsyncSession, wanted: Wanted, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Overview]:
    """The newest first; those begun before `before`, the beginning and id of another, where it is given."""
    conditions = list(_conditions(wanted))
    if before is not None:
        conditions.append(tuple_(FactsRow.started_at, FactsRow.id) < tuple_(literal(before[0]), literal(before[1])))
    if not wanted.words:
        return await _newest(session, conditions, limit)
    # Words that many have said are soon found among the newest; others are few, and the index knows them.
    found = await _newest(session, [_said_lately(wanted.words, conditions), *conditions], limit)
    if len(found) < limit:
        everywhere = FactsRow.id.in_(select(func.conversations_with_words(wanted.words)))
        found = await _newest(session, [everywhere, *conditions], limit)
    return found


async def _newest(session: AsyncSession, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Overview]:
    newest = _overviews().where(*conditions).order_by(*_NEWEST_FIRST).limit(limit)
    return [_overview(row) for row in await session.execute(newest)]


def _said_lately(words: str, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether `words` were said in one of the newest conversations that meet `conditions`."""
    newest = (
        select(FactsRow.id)
        .join(ConversationRow, ConversationRow.id == FactsRow.id)
        .where(*conditions)
        .order_by(*_NEWEST_FIRST)
        .limit(_LATELY)
    )
    said = literal_column("messages.search").op("@@")(func.websearch_to_tsquery("english", words))
    return FactsRow.id.in_(select(MessageRow.conversation_id).where(MessageRow.conversation_id.in_(newest), said))


async def get_overview(session: AsyncSession, conversation_id: UUID) -> Overview:
    """One conversation of the tenant.

    Raises:
        NotFound: the tenant has no such conversation.
    """
    row = (await session.execute(_overviews().where(FactsRow.id == conversation_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such conversation")
    return _overview(row)


async def list_deeds(
    session: AsyncSession, conversation_id: UUID, *, first: int = 0, last: int | None = None
) -> list[Deed]:
    """What ran in a conversation, in order, from turn `first` to turn `last`, or to its end."""
    wanted = select(EffectRun.turn, EffectRun.outcome).where(
        EffectRun.conversation_id == conversation_id, EffectRun.turn >= first
    )
    if last is not None:
        wanted = wanted.where(EffectRun.turn <= last)
    rows = await session.execute(wanted.order_by(EffectRun.turn, EffectRun.index))
    return [_deed(row.turn, row.outcome) for row in rows]


async def delete_conversation(session: AsyncSession, conversation_id: UUID, now: datetime) -> None:
    """Delete a conversation and all that was said and recorded in it. What it was counted as stays, with nothing left
    by which it could be known; so do reservations and leads, which are the business's.

    Raises:
        NotFound: the tenant has no such conversation.
        Conflict: it is a call that is going on.
    """
    found = await session.execute(
        select(ConversationRow).where(ConversationRow.id == conversation_id).with_for_update()
    )
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such conversation")
    if row.channel == "voice" and row.ended_at is None:
        latest = await session.execute(
            select(func.max(MessageRow.created_at)).where(MessageRow.conversation_id == conversation_id)
        )
        if now - (latest.scalar_one_or_none() or row.started_at) < QUIET:
            raise Conflict("This call is going on: delete it once it has ended.")
    await forget(session, [conversation_id])


def _overviews() -> Select[FactsRow, int | None, str, datetime | None, str]:
    return select(
        FactsRow,
        ConversationRow.agent_version,
        ConversationRow.caller_phone,
        ConversationRow.ended_at,
        ConversationRow.end_reason,
    ).join(ConversationRow, ConversationRow.id == FactsRow.id)


def _conditions(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool] | None] = [
        FactsRow.agent_id == wanted.agent_id if wanted.agent_id else None,
        FactsRow.channel == wanted.channel if wanted.channel else None,
        FactsRow.started_at >= wanted.since if wanted.since else None,
        FactsRow.started_at < wanted.until if wanted.until else None,
        FactsRow.outcome == wanted.outcome.value if wanted.outcome else None,
        ConversationRow.caller_phone == wanted.caller_phone if wanted.caller_phone else None,
        FactsRow.has_lead == wanted.has_lead if wanted.has_lead is not None else None,
        FactsRow.has_reservation == wanted.has_reservation if wanted.has_reservation is not None else None,
    ]
    return [condition for condition in narrowed if condition is not None]


def _overview(row: Row[FactsRow, int | None, str, datetime | None, str]) -> Overview:
    facts: FactsRow = row.FactsRow
    return Overview(
        conversation_id=facts.id,
        agent_id=facts.agent_id,
        agent_version=row.agent_version,
        channel=facts.channel,
        caller_phone=row.caller_phone,
        started_at=facts.started_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        duration_s=facts.duration_s,
        outcome=Outcome(facts.outcome),
        handed_over=facts.handed_over,
        has_reservation=facts.has_reservation,
        has_lead=facts.has_lead,
        turns=facts.turns,
        intents=facts.intents,
        questions=facts.questions,
        unanswered=facts.unanswered,
        interruptions=facts.interruptions,
        switches=facts.switches,
        faults=facts.faults,
        cache_hits=facts.cache_hits,
        cache_misses=facts.cache_misses,
    )


def _deed(turn: int, outcome: Mapping[str, Json]) -> Deed:
    value = outcome.get("value")
    value = value if isinstance(value, Mapping) else {}
    reservation, lead_id = value.get("reservation"), value.get("lead_id")
    reservation_id = reservation.get("reservation_id") if isinstance(reservation, Mapping) else None
    return Deed(
        turn=turn,
        what=str(outcome.get("effect", "")).partition(" ")[0],
        done=outcome.get("kind") == "done",
        refused_for=str(value.get("code", "")) if outcome.get("kind") == "refused" else "",
        reservation_id=UUID(str(reservation_id)) if reservation_id else None,
        lead_id=UUID(str(lead_id)) if lead_id else None,
    )
