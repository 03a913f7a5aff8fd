"""Takes in documents of any length without keeping a transaction open while they are embedded."""

import asyncio
from functools import partial
from uuid import UUID

from reception.db.database import Database
from reception.domains.agents.service import get_agent
from reception.domains.knowledge import service as knowledge
from reception.domains.knowledge.chunking import DEFAULT_CHUNKING, Chunking
from reception.ports.speech import Embedder


async def take_in(
    database: Database,
    embedder: Embedder,
    tenant_id: UUID,
    *,
    title: str,
    text: str,
    kind: str,
    agent_id: UUID | None = None,
    chunking: Chunking = DEFAULT_CHUNKING,
    source: str = "text",
) -> knowledge.Document:
    """Store a document as `domains.knowledge.service.store` does, or leave the one there that says the same.

    Raises:
        Unprocessable: a field is too long, or the text holds nothing.
        NotFound: the tenant has no such agent.
        ProviderError: the embedder failed.
        Unavailable: the database cannot be reached.
    """
    draft = partial(knowledge.draft, title=title, text=text, kind=kind, embedder=embedder, chunking=chunking)
    document = await asyncio.to_thread(draft)
    async with database.tenant_session(tenant_id) as session:
        if agent_id is not None:
            await get_agent(session, agent_id)
        known = await knowledge.find_same(session, document, agent_id)
    if known is not None:
        return known
    vectors = await knowledge.embed_chunks(document.title, document.chunks, embedder)
    async with database.tenant_session(tenant_id) as session:
        return await knowledge.store(
            session, tenant_id, document, vectors, agent_id, model=embedder.model, source=source
        )
