"""What answers depend on, and all that an agent knows in one order."""

from uuid import UUID

from sqlalchemy import text

from reception.core.errors import NotFound
from reception.db.reading import Reads
from reception.ports.knowledge import Passage, Versions

__all__ = ["read_all", "read_versions"]

_VERSIONS = text(
    """
    SELECT a.version AS agent, t.version AS business, t.knowledge_version AS knowledge
    FROM agents a JOIN tenants t ON t.id = a.tenant_id
    WHERE a.id = :agent_id
    """
)
_ALL = text(
    """
    WITH own AS (
        SELECT c.id, c.document_id, d.title, c.heading, c.text, c.position
        FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
        WHERE d.agent_id IS NULL OR d.agent_id = :agent_id
        LIMIT :most_chunks
    )
    SELECT id, document_id, title, heading, text FROM own
    WHERE (SELECT sum(length(text)) FROM own) <= :most_chars AND (SELECT count(*) FROM own) < :most_chunks
    ORDER BY title, document_id, position
    """
)
_MOST_CHUNKS = 2_000


async def read_versions(reads: Reads, agent_id: UUID) -> Versions:
    """The versions that an answer of this agent has now.

    Raises:
        NotFound: the tenant has no such agent.
    """
    row = (await reads.execute(_VERSIONS, {"agent_id": agent_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such agent")
    return Versions(row.agent, row.business, row.knowledge)


async def read_all(reads: Reads, agent_id: UUID, *, most_chars: int) -> list[Passage]:
    """Every passage that the agent may answer with, by document and place in it; none when they are longer together
    than `most_chars`."""
    rows = await reads.execute(_ALL, {"agent_id": agent_id, "most_chars": most_chars, "most_chunks": _MOST_CHUNKS})
    return [Passage(row.id, row.document_id, row.title, row.heading, row.text, 0.0, None, None) for row in rows]
