"""A tenant that is deleted leaves nothing behind, in any table or folder."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from reception.db.database import Database
from tests.integration.api.furnished import furnish
from tests.integration.api.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'"
    " AND NOT a.attisdropped ORDER BY 1"
)
_NOT_CASCADED = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'"
    " AND f.confdeltype = 'c' AND f.confrelid = 'tenants'::regclass AND f.conkey = ARRAY[a.attnum])"
)


async def _rows(database: Database, tenant_id: UUID) -> dict[str, int]:
    """How many rows of a tenant there are in each table, as the catalogue names them."""
    async with database.tenant_session(tenant_id) as session:
        tables = (await session.execute(_TABLES)).scalars().all()
        counted = {
            table: (await session.execute(text(f'SELECT count(*) FROM "{table}"'))).scalar_one() for table in tables
        }
        return counted | {"tenants": (await session.execute(text("SELECT count(*) FROM tenants"))).scalar_one()}


def _files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


async def test_a_deleted_tenant_leaves_nothing(installation: Installation, http: httpx.AsyncClient) -> None:
    gone, stays = await furnish(installation, http), await furnish(installation, http)
    database = installation.services.database
    folders = [installation.data_dir / part / str(gone.tenant_id) for part in ("recordings", "recording")]
    kept = installation.data_dir / "recordings" / str(stays.tenant_id)
    # What the call that still runs has recorded up to now.
    folders[1].mkdir(parents=True)
    (folders[1] / f"{gone.ids['conversation_id']}.12345678.wav").write_bytes(b"RIFF")
    assert [_files(folder) for folder in (*folders, kept)] == [1, 1, 1]
    before, others = await _rows(database, gone.tenant_id), await _rows(database, stays.tenant_id)
    assert sum(1 for count in before.values() if count) >= 18, before
    path = f"/tenants/{gone.tenant_id}"
    for confirm in ({}, {"confirm": gone.name.upper()}, {"confirm": stays.name}):
        assert (await http.delete(path, params=confirm, headers=dict(gone.owner))).status_code in (409, 422)
    assert await _rows(database, gone.tenant_id) == before
    deleted = await http.delete(path, params={"confirm": gone.name}, headers=dict(gone.owner))
    assert deleted.status_code == 204, deleted.text
    assert set((await _rows(database, gone.tenant_id)).values()) == {0}
    assert await _rows(database, stays.tenant_id) == others
    assert [_files(folder) for folder in (*folders, kept)] == [0, 0, 1]
    for credentials in (gone.owner, {"Authorization": f"Bearer {gone.key}"}):
        assert (await http.get("/agents", headers=dict(credentials))).status_code == 401


async def test_every_table_of_tenants_goes_with_them(installation: Installation) -> None:
    async with installation.services.database.unscoped_session() as session:
        assert (await session.execute(_NOT_CASCADED)).scalars().all() == []


async def test_operators_list_tenants_page_by_page(installation: Installation, http: httpx.AsyncClient) -> None:
    shops = [await installation.open_shop() for _ in range(2)]
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", "cursor": cursor} if cursor else {"limit": "2"}
        page = (await http.get("/tenants", params=params, headers=dict(installation.admin))).json()
        listed += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert listed == sorted(listed)
    assert {str(shop.tenant_id) for shop in shops} <= set(listed)


async def test_a_tenant_that_has_changed_is_not_changed_unread(
    installation: Installation, http: httpx.AsyncClient
) -> None:
    shop = await installation.open_shop()
    path = f"/tenants/{shop.tenant_id}"
    tag = (await http.get(path, headers=shop.headers)).headers["etag"]
    first = await http.patch(path, json={"phone": "+12125550101"}, headers={**shop.headers, "If-Match": tag})
    assert first.status_code == 200
    late = await http.patch(path, json={"phone": "+12125550102"}, headers={**shop.headers, "If-Match": tag})
    assert late.status_code == 412
    again = {**shop.headers, "If-Match": first.headers["etag"]}
    assert (await http.patch(path, json={"phone": "+12125550102"}, headers=again)).status_code == 200
