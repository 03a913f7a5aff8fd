"""The answers kept in the database, and how often they were of use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.reading import Reads
from reception.domains.knowledge.models import DIMENSIONS
from reception.domains.knowledge.search import as_text
from reception.ports.dialogue import Json
from reception.ports.knowledge import Versions

MOST_ANSWERS = 2_000
"""Of one agent; the oldest go."""
_NEAREST = 5

_FIND = text(
    "SELECT id, question, key, answer, cost_ms, cost_tokens FROM answer_cache"
    " WHERE question_hash = :question_hash AND expires_at > :now"
)
_FIND_WITH_VERSIONS = text(
    """
    SELECT a.version AS agent, t.version AS business, t.knowledge_version AS knowledge,
           c.id, c.question, c.key, c.answer, c.cost_ms, c.cost_tokens
    FROM agents a JOIN tenants t ON t.id = a.tenant_id
        LEFT JOIN answer_cache c ON c.question_hash = :question_hash AND c.expires_at > :now
    WHERE a.id = :agent_id
    """
)
_NEAR = text(
    """
    SELECT id, question, key, answer, cost_ms, cost_tokens,
           (1 - (embedding <=> CAST(:vector AS halfvec)))::float8 AS similarity
    FROM answer_cache
    WHERE agent_id = :agent_id AND locale = :locale AND model = :model AND writer = :writer
      AND expires_at > :now
      AND agent_version = :agent AND business_version = :business AND knowledge_version = :knowledge
      AND embedding IS NOT NULL
    ORDER BY embedding <=> CAST(:vector AS halfvec)
    LIMIT :limit
    """
)
_KEEP = text(
    """
    INSERT INTO answer_cache (
        id, tenant_id, agent_id, locale, question, question_hash, key, agent_version, business_version,
        knowledge_version, writer, model, embedding, answer, cost_ms, cost_tokens, created_at, expires_at
    ) VALUES (
        :id, :tenant_id, :agent_id, :locale, :question, :question_hash, :key, :agent, :business,
        :knowledge, :writer, :model, CAST(:vector AS halfvec), :answer, :cost_ms, :cost_tokens, :now, :expires_at
    )
    ON CONFLICT (tenant_id, question_hash) DO UPDATE SET
        question = excluded.question, key = excluded.key, agent_version = excluded.agent_version,
        business_version = excluded.business_version, knowledge_version = excluded.knowledge_version,
        writer = excluded.writer, model = excluded.model, embedding = excluded.embedding, answer = excluded.answer,
        cost_ms = excluded.cost_ms,
        cost_tokens = excluded.cost_tokens, created_at = excluded.created_at, expires_at = excluded.expires_at
    RETURNING id
    """
).bindparams(bindparam("answer", type_=JSON))
_TRIM = text(
    """
    DELETE FROM answer_cache WHERE agent_id = :agent_id AND (
        expires_at <= :now
        OR id IN (
            SELECT id FROM answer_cache WHERE agent_id = :agent_id ORDER BY created_at DESC, id OFFSET :most
        )
    )
    """
)
_HUSH = text("DELETE FROM answer_speech WHERE answer_id = :answer_id")
_COUNT = text(
    """
    INSERT INTO answer_cache_stats AS kept (
        tenant_id, process_hits, database_hits, semantic_hits, misses, stale_prevented, saved_ms, saved_tokens
    )
    -- What a tenant that was deleted meanwhile leaves counts no more.
    SELECT
        id, :process_hits, :database_hits, :semantic_hits, :misses, :stale_prevented, :saved_ms, :saved_tokens
    FROM tenants WHERE id = :tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET
        process_hits = kept.process_hits + excluded.process_hits,
        database_hits = kept.database_hits + excluded.database_hits,
        semantic_hits = kept.semantic_hits + excluded.semantic_hits,
        misses = kept.misses + excluded.misses,
        stale_prevented = kept.stale_prevented + excluded.stale_prevented,
        saved_ms = kept.saved_ms + excluded.saved_ms,
        saved_tokens = kept.saved_tokens + excluded.saved_tokens
    """
)
_STATS = text(
    """
    SELECT coalesce(s.process_hits, 0) AS process_hits, coalesce(s.database_hits, 0) AS database_hits,
           coalesce(s.semantic_hits, 0) AS semantic_hits, coalesce(s.misses, 0) AS misses,
           coalesce(s.stale_prevented, 0) AS stale_prevented, coalesce(s.saved_ms, 0) AS saved_ms,
           coalesce(s.saved_tokens, 0) AS saved_tokens, s.since,
           (SELECT count(*) FROM answer_cache WHERE expires_at > :now) AS entries
    FROM (SELECT) AS one LEFT JOIN answer_cache_stats s ON true
    """
)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as stored; `similarity` is the cosine with what was asked, 1 where it was looked for by its hash."""

    answer_id: UUID
    question: str
    key: bytes
    answer: Mapping[str, Any]
    cost_ms: float
    cost_tokens: int
    similarity: float = 1.0


@dataclass(slots=True)
class CacheCounts:
    """How often the cache was of use, and what it has saved."""

    process_hits: int = 0
    database_hits: int = 0
    semantic_hits: int = 0
    misses: int = 0
    stale_prevented: int = 0
    saved_ms: float = 0.0
    saved_tokens: int = 0


@dataclass(frozen=True, slots=True)
class CacheStats:
    """`since` is when counting began, None when nothing was counted yet; `entries` is how many answers are kept."""

    counts: CacheCounts
    since: datetime | None
    entries: int


async def find_answer(reads: Reads, question_hash: bytes, now: datetime) -> KeptAnswer | None:
    """The answer to this question under whatever versions it was given."""
    row = (await reads.execute(_FIND, {"question_hash": question_hash, "now": now})).one_or_none()
    return None if row is None else _kept(row)


async def find_answer_and_versions(
    reads: Reads, agent_id: UUID, question_hash: bytes, now: datetime
) -> tuple[Versions, KeptAnswer | None]:
    """As `read_versions` and `find_answer`, in one statement.

    Raises:
        NotFound: the tenant has no such agent.
    """
    values = {"agent_id": agent_id, "question_hash": question_hash, "now": now}
    row = (await reads.execute(_FIND_WITH_VERSIONS, values)).one_or_none()
    if row is None:
        raise NotFound("There is no such agent")
    return Versions(row.agent, row.business, row.knowledge), None if row.id is None else _kept(row)


async def find_near(
    reads: Reads,
    agent_id: UUID,
    locale: str,
    versions: Versions,
    vector: NDArray[np.float32],
    model: str,
    writer: str,
    now: datetime,
) -> list[KeptAnswer]:
    """The answers to the five questions nearest in meaning, nearest first, of exactly these versions and writer."""
    values = {
        "agent_id": agent_id,
        "locale": locale,
        "model": model,
        "writer": writer,
        "vector": as_text(vector),
        "now": now,
        "limit": _NEAREST,
        **_columns(versions),
    }
    return [_kept(row, row.similarity) for row in await reads.execute(_NEAR, values)]


async def keep_answer(
    session: AsyncSession,
    tenant_id: UUID,
    agent_id: UUID,
    *,
    locale: str,
    question: str,
    question_hash: bytes,
    key: bytes,
    versions: Versions,
    vector: NDArray[np.float32] | None,
    model: str,
    writer: str,
    answer: Mapping[str, Json],
    cost_ms: float,
    cost_tokens: int,
    now: datetime,
    expires_at: datetime,
) -> UUID:
    """Store an answer in place of an older one to the same question and its audio, and drop what is over. Returns the
    answer's id."""
    if vector is not None and len(vector) != DIMENSIONS:
        vector = None
    kept = await session.execute(
        _KEEP,
        {
            "id": uuid7(),
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "locale": locale,
            "question": question,
            "question_hash": question_hash,
            "key": key,
            "model": model,
            "writer": writer,
            "vector": None if vector is None else as_text(vector),
            "answer": answer,
            "cost_ms": cost_ms,
            "cost_tokens": cost_tokens,
            "now": now,
            "expires_at": expires_at,
            **_columns(versions),
        },
    )
    answer_id: UUID = kept.scalar_one()
    await session.execute(_HUSH, {"answer_id": answer_id})
    await session.execute(_TRIM, {"agent_id": agent_id, "now": now, "most": MOST_ANSWERS})
    return answer_id


async def clear_answers(session: AsyncSession) -> None:
    """Forget the tenant's answers. The new version makes every process forget its own."""
    await session.execute(text("UPDATE tenants SET knowledge_version = knowledge_version + 1"))
    await session.execute(text("DELETE FROM answer_cache"))


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Delete the tenant's answers that are given no longer, with their audio."""
    await session.execute(text("DELETE FROM answer_cache WHERE expires_at <= :now"), {"now": now})


async def add_counts(session: AsyncSession, tenant_id: UUID, counts: CacheCounts) -> None:
    await session.execute(
        _COUNT, {"tenant_id": tenant_id, **{name: getattr(counts, name) for name in CacheCounts.__slots__}}
    )


async def read_stats(session: AsyncSession, now: datetime) -> CacheStats:
    row = (await session.execute(_STATS, {"now": now})).one()
    counts = CacheCounts(**{name: getattr(row, name) for name in CacheCounts.__slots__})
    return CacheStats(counts, row.since, row.entries)


def _kept(row: Any, similarity: float = 1.0) -> KeptAnswer:
    return KeptAnswer(row.id, row.question, row.key, row.answer, row.cost_ms, row.cost_tokens, similarity)


def _columns(versions: Versions) -> dict[str, int]:
    return {"agent": versions.agent, "business": versions.business, "knowledge": versions.knowledge}
