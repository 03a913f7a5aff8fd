"""Conversations: begin, record turn by turn, take up again, end."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, bounded_json, clipped, storable
from reception.db.violations import is_violation
from reception.domains.conversations.facts import refresh
from reception.domains.conversations.models import ConversationRow, EffectRun, MessageRow
from reception.ports.dialogue import Channel, Citation, Json, Say
from reception.ports.tools import TurnRecord

LONGEST_MESSAGE = 20_000
_LONGEST_STATE = 200_000
_MOST_SENTENCES = 100
_LONGEST_QUESTION = 300


@dataclass(frozen=True, slots=True)
class Message:
    """One side of a turn. `heard` is what of the agent's text the caller heard, None while that is not known. Each of
    `sentences`, those of the agent, has the passages that it rests on; `unanswered` are the caller's questions that
    nothing was known to."""

    turn: int
    speaker: str
    text: str
    commands: Sequence[str]
    citations: Sequence[UUID]
    heard: str | None
    interrupted: bool
    metrics: Mapping[str, Json] | None
    created_at: datetime
    sentences: Sequence[Say] = ()
    unanswered: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """`agent_id` is None once the agent was deleted; `ended_at` None while it goes on. `agent_version` is the version
    of the agent that it has, None for one from before versions were kept."""

    conversation_id: UUID
    agent_id: UUID | None
    channel: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str
    last_turn: int
    agent_version: int | None = None


async def start(
    session: AsyncSession,
    tenant_id: UUID,
    agent_id: UUID,
    *,
    conversation_id: UUID,
    channel: Channel,
    caller_phone: str = "",
    agent_version: int | None = None,
    recording_days: int | None = None,
    carrier_call_id: str | None = None,
) -> None:
    """Store a new conversation; starting one that exists changes nothing. What is recorded of it is kept for
    `recording_days`, whatever becomes of its agent. `carrier_call_id` is what the carrier of a telephone call calls it.

    Raises:
        NotFound: the tenant has no such agent.
        Conflict: that telephone call has a conversation already.
        Unprocessable: the phone number is too long.
    """
    row = insert(ConversationRow).values(
        id=conversation_id,
        tenant_id=tenant_id,
        agent_id=agent_id,
        agent_version=agent_version,
        recording_days=recording_days,
        channel=channel,
        caller_phone=bounded(caller_phone, "/caller/phone", longest=32),
        carrier_call_id=carrier_call_id,
    )
    try:
        async with session.begin_nested():
            await session.execute(row.on_conflict_do_nothing(index_elements=["id"]))
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such agent") from error
        if is_violation(error, UniqueViolation):
            raise Conflict("This telephone call has been connected already.") from error
        raise
    await refresh(session, conversation_id)


async def get(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """One conversation of the tenant.

    Raises:
        NotFound: the tenant has no such conversation.
    """
    found = await session.execute(
        select(ConversationRow).where(ConversationRow.id == conversation_id).execution_options(populate_existing=True)
    )
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such conversation")
    return Conversation(
        row.id,
        row.agent_id,
        row.channel,
        row.started_at,
        row.ended_at,
        row.end_reason,
        row.last_turn,
        row.agent_version,
    )


async def recording_days_of(session: AsyncSession, conversation_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many days what is recorded of each conversation is kept; those that nothing is known of are left out."""
    found = await session.execute(
        select(ConversationRow.id, ConversationRow.recording_days).where(
            ConversationRow.id.in_(conversation_ids), ConversationRow.recording_days.is_not(None)
        )
    )
    return {row.id: row.recording_days for row in found}


async def count_by_version(session: AsyncSession, agent_id: UUID, versions: Collection[int]) -> dict[int, int]:
    """How many conversations each of these versions of an agent has had; those without any are left out."""
    found = await session.execute(
        select(ConversationRow.agent_version, func.count())
        .where(ConversationRow.agent_id == agent_id, ConversationRow.agent_version.in_(versions))
        .group_by(ConversationRow.agent_version)
    )
    return {version: count for version, count in found if version is not None}


async def load_state(session: AsyncSession, conversation_id: UUID) -> tuple[int, Mapping[str, Json]] | None:
    """The last turn that was recorded and the dialogue's state after it; None for an unknown conversation."""
    found = await session.execute(
        select(ConversationRow.last_turn, ConversationRow.state).where(ConversationRow.id == conversation_id)
    )
    row = found.one_or_none()
    return None if row is None else (row.last_turn, row.state)


async def record_turn(session: AsyncSession, tenant_id: UUID, conversation_id: UUID, record: TurnRecord) -> None:
    """Store what was heard and said in a turn, and the state after it. Storing a turn again replaces it; what the
    caller heard of it, and its metrics, stay. Texts beyond 20,000 characters are cut.

    Raises:
        NotFound: there is no such conversation.
        Unprocessable: the state is too large.
    """
    state = bounded_json(record.state, "/state", longest=_LONGEST_STATE)
    is_newest = ConversationRow.last_turn <= record.turn
    kept = await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id)
        .values(
            last_turn=func.greatest(ConversationRow.last_turn, record.turn),
            state=case((is_newest, bindparam("state", state, ConversationRow.state.type)), else_=ConversationRow.state),
        )
        .returning(ConversationRow.id)
        .execution_options(synchronize_session=False)
    )
    if kept.first() is None:
        raise NotFound("There is no such conversation")
    caller_side = {
        "commands": [clipped(command, 200) for command in record.commands],
        "unanswered": [clipped(question, _LONGEST_QUESTION) for question in record.unanswered[:_MOST_SENTENCES]],
    }
    agent_side = {
        "citations": [str(chunk_id) for chunk_id in record.citations],
        "sentences": [_written_sentence(sentence) for sentence in record.sentences[:_MOST_SENTENCES]],
    }
    for speaker, text, values in (("caller", record.heard, caller_side), ("agent", record.said, agent_side)):
        if record.turn > 0 or text:
            said = {"text": clipped(text, LONGEST_MESSAGE), **values}
            await _put(session, tenant_id, conversation_id, record.turn, speaker, said)
    await refresh(session, conversation_id)


async def mark_heard(session: AsyncSession, conversation_id: UUID, turn: int, text: str, *, interrupted: bool) -> None:
    """Store what the caller heard of the reply to `turn`; the turn need not have been recorded yet.

    Raises:
        NotFound: there is no such conversation.
    """
    values = {"heard": clipped(text, LONGEST_MESSAGE), "interrupted": interrupted}
    await _put(session, await _tenant_of(session, conversation_id), conversation_id, turn, "agent", values)


async def record_metrics(session: AsyncSession, conversation_id: UUID, turn: int, metrics: Mapping[str, Json]) -> None:
    """Store where the time of a turn went.

    Raises:
        NotFound: there is no such conversation.
        Unprocessable: more than 10,000 characters of JSON.
    """
    values = {"metrics": bounded_json(metrics, "/metrics", longest=10_000)}
    await _put(session, await _tenant_of(session, conversation_id, lock=True), conversation_id, turn, "agent", values)
    await refresh(session, conversation_id)


async def list_turns(session: AsyncSession, conversation_id: UUID, *, after: int | None, limit: int) -> list[int]:
    """The numbers of the turns in which something was said, in order; `after` is the last of the page before."""
    wanted = select(MessageRow.turn).where(MessageRow.conversation_id == conversation_id).distinct()
    if after is not None:
        wanted = wanted.where(MessageRow.turn > after)
    return [*(await session.execute(wanted.order_by(MessageRow.turn).limit(limit))).scalars()]


async def list_messages(
    session: AsyncSession, conversation_id: UUID, *, first: int = 0, last: int = 2**31 - 1
) -> list[Message]:
    """What was said in the turns from `first` to `last`, in order: for each turn the caller, then the agent."""
    rows = await session.execute(
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.turn.between(first, last))
        .order_by(MessageRow.turn, MessageRow.speaker.desc())
        .execution_options(populate_existing=True)
    )
    return [
        Message(
            turn=row.turn,
            speaker=row.speaker,
            text=row.text,
            commands=cast("Sequence[str]", row.commands),
            citations=[UUID(cast("str", chunk_id)) for chunk_id in row.citations],
            heard=row.heard,
            interrupted=row.interrupted,
            metrics=row.metrics,
            created_at=row.created_at,
            sentences=[_read_sentence(sentence) for sentence in row.sentences],
            unanswered=cast("Sequence[str]", row.unanswered),
        )
        for row in rows.scalars()
    ]


async def close(session: AsyncSession, conversation_id: UUID, reason: str, now: datetime) -> None:
    """Mark a conversation ended at `now` (aware). The first reason stays."""
    await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id, ConversationRow.ended_at.is_(None))
        .values(ended_at=now, end_reason=clipped(reason, 200))
        .execution_options(synchronize_session=False)
    )
    await refresh(session, conversation_id)


async def find_outcome(
    session: AsyncSession, conversation_id: UUID, turn: int, index: int
) -> Mapping[str, Json] | None:
    """What came of an effect that ran before, or None. Until the transaction ends, no other one gets past this point
    for the same conversation, so that an effect which is run twice at once waits for its own outcome."""
    await session.execute(
        select(ConversationRow.id).where(ConversationRow.id == conversation_id).with_for_update(key_share=True)
    )
    found = await session.execute(
        select(EffectRun.outcome).where(
            EffectRun.conversation_id == conversation_id, EffectRun.turn == turn, EffectRun.index == index
        )
    )
    return found.scalar_one_or_none()


async def record_outcome(
    session: AsyncSession,
    tenant_id: UUID,
    conversation_id: UUID,
    turn: int,
    index: int,
    outcome: Mapping[str, Json],
) -> None:
    """Store what came of an effect, in its own transaction, so that both are there or neither.

    Raises:
        Conflict: the effect has an outcome already; what this transaction did is rolled back.
        NotFound: there is no such conversation.
    """
    try:
        await session.execute(
            insert(EffectRun).values(
                conversation_id=conversation_id,
                turn=turn,
                index=index,
                tenant_id=tenant_id,
                outcome=storable(outcome),
            )
        )
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such conversation") from error
        if is_violation(error, UniqueViolation):
            raise Conflict("This effect has run before") from error
        raise


def _written_sentence(sentence: Say) -> Json:
    cited: list[Json] = [{"chunk_id": str(one.chunk_id), "document": one.document} for one in sentence.citations]
    return {"text": clipped(sentence.text, LONGEST_MESSAGE), "citations": cited}


def _read_sentence(stored: Any) -> Say:
    cited = (Citation(UUID(one["chunk_id"]), one["document"]) for one in stored["citations"])
    return Say(stored["text"], tuple(cited))


async def _tenant_of(session: AsyncSession, conversation_id: UUID, *, lock: bool = False) -> UUID:
    """Whoever goes on to refresh the facts locks the conversation before its messages, as `record_turn` does."""
    wanted = select(ConversationRow.tenant_id).where(ConversationRow.id == conversation_id)
    found = await session.execute(wanted.with_for_update(key_share=True) if lock else wanted)
    tenant_id = found.scalar_one_or_none()
    if tenant_id is None:
        raise NotFound("There is no such conversation")
    return tenant_id


async def _put(
    session: AsyncSession,
    tenant_id: UUID,
    conversation_id: UUID,
    turn: int,
    speaker: str,
    values: Mapping[str, object],
) -> None:
    row = insert(MessageRow).values(
        id=uuid7(),
        tenant_id=tenant_id,
        conversation_id=conversation_id,
        turn=turn,
        speaker=speaker,
        **{"text": "", **values},
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["conversation_id", "turn", "speaker"],
            set_={name: row.excluded[name] for name in values},
        )
    )
