"""An embedder that is left alone while it fails, so that whoever has another way need not wait."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reception.core.errors import ProviderError
from reception.ports.speech import Embedder
from reception.providers.resilience.chain import Link, Probes


class GuardedEmbedder:
    """An `Embedder` behind a circuit breaker. No other can stand in for it: vectors of two models do not compare. A
    search goes on by words alone."""

    def __init__(self, link: Link[Embedder], probes: Probes) -> None:
        self._link = link
        self._probes = probes

    @property
    def model(self) -> str:
        return self._link.asked.model

    @property
    def dimensions(self) -> int:
        return self._link.asked.dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Embedder.embed`; fails at once while the circuit is open."""
        health = self._link.health
        if health.probe_due:
            self._probes.send(self._link)
        if not health.admits:
            raise ProviderError(self.model, f"{self.model} has failed just now and is left alone", retryable=True)
        try:
            rows = await self._link.asked.embed(texts)
        except ProviderError as error:
            health.failed(error)
            raise
        health.succeeded()
        return rows
