"""One installation for every test of this directory: starting it takes seconds."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.api.installation import Installation, Shop, serve_installation


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    async with serve_installation(tmp_path_factory.mktemp("reception")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def shop(installation: Installation) -> Shop:
    return await installation.open_shop()
