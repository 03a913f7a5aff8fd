"""A real embedded PostgreSQL for tests: started and migrated once a session, a pool and tenants for each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.domains.tenants.service import TenantSpec, create_tenant
from reception.ports.business import Bookable, BookingRules, Business, BusinessKind, OpeningHours, OpenSpan

__all__ = ["EVENINGS", "business_spec", "data_dir", "database", "make_business", "postgres", "server_directory"]

EVENINGS = OpeningHours(weekly=((OpenSpan(time(17), time(23)),),) * 7)


@contextmanager
def server_directory() -> Iterator[Path]:
    """A directory for a server's data. Not pytest's own: every pytest that starts closes those to other accounts, and
    under root the server runs as one."""
    with TemporaryDirectory(prefix="reception-test-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory of one test's own."""
    with server_directory() as made:
        yield made


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The server of the whole test session, migrated."""
    with server_directory() as made:
        server = EmbeddedPostgres.start(made)
        try:
            migrate(server.owner_url)
            yield server
        finally:
            server.stop()


@pytest_asyncio.fixture
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    """A pool of the run-time role on the test's own event loop."""
    pool = Database(postgres.runtime_url)
    yield pool
    await pool.dispose()


def business_spec(**changes: Any) -> TenantSpec:
    """A restaurant in New York that is open every evening, with a slug of its own."""
    fields: dict[str, Any] = {
        "slug": f"test-{uuid7()}",
        "name": "The Test Table",
        "kind": BusinessKind.RESTAURANT,
        "timezone": "America/New_York",
        "region": "US",
        "locale": "en-US",
        "phone": "+12125550100",
        "address": "1 Example Street, New York",
        "hours": EVENINGS,
        "rules": BookingRules(bookable=Bookable.TABLE, lead_time=timedelta(minutes=30)),
    }
    return TenantSpec(**{**fields, **changes})


async def make_business(database: Database, *, tenant_id: UUID | None = None, **changes: Any) -> Business:
    """Store a tenant for one test, so that the order of tests does not matter."""
    own = tenant_id or uuid7()
    async with database.tenant_session(own) as session:
        return await create_tenant(session, own, business_spec(**changes))
