"""`ReadTools` on the domains: each read in a short session of its own."""

from collections.abc import Collection, Sequence
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.clock import Clock
from reception.core.errors import ProviderError, Unavailable
from reception.core.telemetry import PROVIDER_FAILED
from reception.db.database import Database
from reception.domains.access.attempts import Tried, begin_attempt
from reception.domains.knowledge.retrieval import reranked
from reception.domains.knowledge.search import Scope, search
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import renewed
from reception.ports.booking import Availability, GuestHistory, Reservation, ReservationQuery, SlotQuery
from reception.ports.business import Business
from reception.ports.knowledge import Passage, Reranker
from reception.ports.speech import Embedder
from reception.ports.tools import Standing

_log = structlog.get_logger(__name__)

_PROOFS = 4
"""Tries to prove a reservation one's own, in a minute; then ever longer waits."""
_MEANINGS = 4
"""A question is looked for among answers, then among passages, and prepared more than once."""


class DomainReadTools:
    """Implements `ports.tools.ReadTools` for one conversation, whose own hold does not count as busy.

    Documents of other agents than `agent_id` are not read.
    """

    def __init__(
        self,
        database: Database,
        business: Business,
        embedder: Embedder,
        clock: Clock,
        conversation_id: UUID,
        agent_id: UUID | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._database = database
        self._business = business
        self._embedder = embedder
        self._clock = clock
        self._conversation_id = conversation_id
        self._scope = Scope(agent_id=agent_id, model=embedder.model)
        self._reranker = reranker
        self._meanings: dict[str, NDArray[np.float32]] = {}
        self._tried: set[tuple[UUID, str]] = set()

    async def stands(self, reservation_ids: Collection[UUID]) -> Standing:
        """Raises `Unavailable`."""
        async with self._database.tenant_session(self._business.tenant_id) as session:
            self._business = await renewed(session, self._business)
            found = await reservations.get_reservations(session, self._business, reservation_ids)
        return Standing(self._business, {row.reservation_id: row for row in found})

    async def availability(self, query: SlotQuery) -> Availability:
        """By the hours and rules as they are now. Raises `Unavailable`, and `Unprocessable` for a query without
        people."""
        async with self._database.tenant_session(self._business.tenant_id) as session:
            self._business = await renewed(session, self._business)
            return await reservations.availability(
                session,
                self._business,
                query,
                self._clock.now(),
                conversation_id=self._conversation_id,
                reservation_id=query.moving,
            )

    async def find_reservations(self, query: ReservationQuery) -> Sequence[Reservation]:
        """Raises `Unavailable`."""
        async with self._database.tenant_session(self._business.tenant_id) as session:
            return await reservations.find(session, self._business, query, self._clock.now())

    async def may_prove(self, reservation_id: UUID, digits: str) -> bool:
        """Raises `Unavailable`. The same digits count once in a conversation, as turns are prepared more than once."""
        if (reservation_id, digits) in self._tried:
            return True
        tried = Tried(f"proof {self._business.tenant_id} {reservation_id}", _PROOFS)
        async with self._database.unscoped_session() as session:
            wait_s = await begin_attempt(session, [tried], self._clock.now())
        if not wait_s:
            self._tried.add((reservation_id, digits))
        return not wait_s

    async def guest_history(self, phone: str) -> GuestHistory:
        """Raises `Unavailable`."""
        async with self._database.tenant_session(self._business.tenant_id) as session:
            return await reservations.guest_history(session, self._business, phone, self._clock.now())

    async def passages(self, question: str, *, limit: int = 4) -> Sequence[Passage]:
        """By meaning and words; by words alone while the embedder fails. Raises `Unavailable`."""
        vector = await self.meaning(question)
        reader = self._database.tenant_reader(self._business.tenant_id)
        found = await search(reader, question, vector, limit=limit, scope=self._scope)
        ordered, _ = await reranked(question, found, self._reranker)
        return ordered

    async def meaning(self, question: str) -> NDArray[np.float32] | None:
        """The vector of `question`, shape (384,); None while the embedder fails. The last few are remembered."""
        known = self._meanings.get(question)
        if known is not None:
            return known
        try:
            vectors = await self._embedder.embed([question])
        except (ProviderError, Unavailable) as error:
            _log.warning(PROVIDER_FAILED, code=error.code, provider=self._embedder.model)
            return None
        vector: NDArray[np.float32] = vectors[0]
        while len(self._meanings) >= _MEANINGS:
            del self._meanings[next(iter(self._meanings))]
        self._meanings[question] = vector
        return vector
