"""An embedder that is left alone while it fails, so that whoever has another way need not wait."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from reception.core.errors import ProviderError, ProviderTimeout
from reception.ports.speech import Embedder
from reception.providers.resilience.chain import Link, Probes
from reception.providers.unforeseen import provider_errors


class GuardedEmbedder:
    """An `Embedder` behind a circuit breaker. No other can stand in for it: vectors of two models do not compare. A
    search goes on by words alone.

    One that is too slow is left alone at once: whatever it is given again, it takes from a caller's turn.
    """

    def __init__(self, present: Callable[[], Link[Embedder]], probes: Probes) -> None:
        """`present` gives the model with the key that is to be used now; all it gives make the same vectors."""
        self._present = present
        self._probes = probes
        self.model = present().asked.model
        self.dimensions = present().asked.dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Embedder.embed`; fails at once while the circuit is open."""
        link = self._present()
        health = link.health
        if health.probe_due:
            self._probes.send(link)
        if not health.admits or health.refuses(""):
            raise ProviderError(self.model, f"{self.model} has failed just now and is left alone", retryable=True)
        try:
            with provider_errors(self.model):
                rows = await link.asked.embed(texts)
        except ProviderTimeout as error:
            health.failed(error, at_once=True)
            raise
        except ProviderError as error:
            health.failed(error)
            raise
        health.succeeded()
        return rows
