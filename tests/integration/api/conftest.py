"""One installation for every test of this directory: starting it takes seconds."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from tests.integration.api.installation import Installation, Shop, serve_installation
from tests.support.postgres import server_directory


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation() -> AsyncIterator[Installation]:
    with server_directory() as made:
        async with serve_installation(made) as served:
            yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the application in process, for tests that send much."""
    transport = httpx.ASGITransport(app=installation.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://reception.test") as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def shop(installation: Installation) -> Shop:
    return await installation.open_shop()
