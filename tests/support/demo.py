"""The demo businesses in tests: a database without them, and an embedder that does its work once."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from reception.core.errors import NotFound
from reception.db.database import Database
from reception.domains.tenants import service as tenants
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.demo.businesses import demo_businesses

__all__ = ["NOW", "RememberingEmbedder", "embedder", "unseeded"]

NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
"""A Wednesday, 10 in the morning in California."""


class RememberingEmbedder:
    """The real embedder, which remembers what it has embedded; `asked` counts every text that it was given."""

    def __init__(self) -> None:
        self._inner = MiniLmEmbedder()
        self._known: dict[str, NDArray[np.float32]] = {}
        self.asked = 0

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, await self._inner.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@pytest.fixture(scope="module")
def embedder() -> RememberingEmbedder:
    return RememberingEmbedder()


@pytest_asyncio.fixture
async def unseeded(database: Database) -> Database:
    """The database without the demo businesses."""
    for demo in demo_businesses(date(2027, 1, 1)):
        try:
            async with database.tenant_session(demo.tenant_id) as session:
                await tenants.delete_tenant(session)
        except NotFound:
            continue
    return database
