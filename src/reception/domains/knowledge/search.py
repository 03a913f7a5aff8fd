"""Hybrid retrieval: meaning by pgvector, words by PostgreSQL full text, fused by reciprocal rank.

Each list gives a passage 1 / (60 + rank); the sums decide (Cormack, Clarke, Büttcher, SIGIR 2009).
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.knowledge.models import DIMENSIONS
from reception.ports.knowledge import Passage

_MOST_WORDS = 64
_SMALLEST_POOL = 24
_WORD = re.compile(r"[^\W_]+")

_ITERATE = text("SELECT set_config('hnsw.iterative_scan', 'strict_order', true)")
"""Row-level security filters what the index returns: it must go on until enough rows of this tenant have come."""

_SEARCH = text(
    """
    WITH asked AS (
        SELECT websearch_to_tsquery('english', :words) AS words, CAST(:vector AS vector) AS meaning
    ), nearest AS (
        SELECT id, row_number() OVER (ORDER BY distance, id) AS rank FROM (
            SELECT id, embedding <=> CAST(:vector AS vector) AS distance
            FROM knowledge_chunks
            WHERE CAST(:vector AS vector) IS NOT NULL
            ORDER BY embedding <=> CAST(:vector AS vector)
            LIMIT :pool
        ) AS found
    ), worded AS (
        SELECT id, row_number() OVER (ORDER BY weight DESC, id) AS rank FROM (
            SELECT id, ts_rank(search, words, 1) AS weight
            FROM knowledge_chunks, asked
            WHERE search @@ words
            ORDER BY weight DESC, id
            LIMIT :pool
        ) AS found
    ), fused AS (
        SELECT id, sum(1.0 / (60 + rank)) AS score
        FROM (SELECT * FROM nearest UNION ALL SELECT * FROM worded) AS ranked
        GROUP BY id
    )
    SELECT c.id, c.document_id, d.title, c.heading, c.text, fused.score::float8 AS score,
           (1 - (c.embedding <=> asked.meaning))::float8 AS similarity,
           CASE WHEN c.search @@ asked.words THEN ts_rank(c.search, asked.words, 1)::float8 END AS keyword_rank
    FROM fused
    JOIN knowledge_chunks c USING (id)
    JOIN knowledge_documents d ON d.id = c.document_id
    CROSS JOIN asked
    ORDER BY fused.score DESC, similarity DESC NULLS LAST, c.id
    LIMIT :limit
    """
)


async def search(
    session: AsyncSession, question: str, vector: NDArray[np.float32] | None, *, limit: int
) -> list[Passage]:
    """The tenant's best passages for `question`, best first.

    Args:
        vector: the question embedded, shape (384,), length 1; None looks for words only.
        limit: how many passages at most, 1 to 50.
    """
    if vector is not None:
        await session.execute(_ITERATE)
    limit = min(max(limit, 1), 50)
    rows = await session.execute(
        _SEARCH,
        {
            "words": any_of(question),
            "vector": None if vector is None else as_text(vector),
            "pool": max(_SMALLEST_POOL, 4 * limit),
            "limit": limit,
        },
    )
    return [
        Passage(
            chunk_id=row.id,
            document_id=row.document_id,
            document=row.title,
            heading=row.heading,
            text=row.text,
            score=row.score,
            similarity=row.similarity,
            keyword_rank=row.keyword_rank,
        )
        for row in rows
    ]


def any_of(question: str) -> str:
    """A web-search query that any word of `question` satisfies: nobody's question holds only words of the answer."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(question))
    return " or ".join([word for word in words if word != "or"][:_MOST_WORDS])


def as_text(vector: NDArray[np.float32] | Sequence[float]) -> str:
    """`vector` as pgvector reads it.

    Raises:
        ValueError: it has not 384 numbers.
    """
    if len(vector) != DIMENSIONS:
        raise ValueError(f"a vector of {DIMENSIONS} numbers is needed, not of {len(vector)}")
    return "[" + ",".join(f"{float(number):.7g}" for number in vector) + "]"
