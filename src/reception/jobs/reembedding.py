"""Embeds a tenant's passages anew after the operator has chosen another model."""

from uuid import UUID

import numpy as np

from reception.db.database import Database
from reception.domains.knowledge import reembedding
from reception.jobs.worker import JobTask
from reception.ports.speech import Embedder

_BATCH = 64


class Reembedding:
    """One tenant a call of `run`."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    @property
    def task(self) -> JobTask:
        return JobTask(reembedding.REEMBED, self.run)

    async def schedule(self) -> None:
        """Put every tenant into the queue whose passages another model has embedded.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.unscoped_session() as session:
            tenants = await reembedding.tenants_embedded_otherwise(session, self._embedder.model)
        for tenant_id in tenants:
            async with self._database.tenant_session(tenant_id) as session:
                await reembedding.schedule(session, tenant_id)

    async def run(self, tenant_id: UUID) -> None:
        """Embed what is stale, document by document, each of them replaced at once.

        Raises:
            ProviderError: the embedder failed; what was done stays, the rest is tried again.
        """
        model = self._embedder.model
        while True:
            async with self._database.tenant_session(tenant_id) as session:
                stale = await reembedding.next_stale(session, model)
            if stale is None:
                return
            parts = [
                await self._embedder.embed(stale.texts[start : start + _BATCH])
                for start in range(0, len(stale.texts), _BATCH)
            ]
            async with self._database.tenant_session(tenant_id) as session:
                await reembedding.put_vectors(session, stale, np.concatenate(parts), model)
