"""How often the passage that answers is found in documents of many pages: a handbook, policies, a price list."""

import pytest

from reception.core.errors import NotFound
from reception.db.database import Database
from reception.domains.knowledge import service as knowledge
from reception.domains.tenants.service import delete_tenant
from tests.support.demo import RememberingEmbedder, embedder
from tests.support.houses import LARGER, House, LargerHouse, open_larger
from tests.support.questions import questions

__all__ = ["embedder"]


async def _open(database: Database, embedder: RememberingEmbedder, larger: LargerHouse) -> House:
    house = larger.tenant_id
    try:
        async with database.tenant_session(house) as session:
            await delete_tenant(session)
    except NotFound:
        pass
    return await open_larger(database, embedder, larger)


@pytest.mark.parametrize("larger", LARGER, ids=[house.slug for house in LARGER])
async def test_the_right_passage_is_among_the_first_three(
    database: Database, embedder: RememberingEmbedder, larger: LargerHouse
) -> None:
    house = await _open(database, embedder, larger)
    asked = [one for slug in (house.slug, f"{house.slug}-later") for one in questions(slug) if one.kind == "answerable"]
    vectors = await embedder.embed([question.text for question in asked])
    found_at: list[int] = []
    async with database.tenant_session(house.tenant_id) as session:
        for question, vector in zip(asked, vectors, strict=True):
            found = await knowledge.search(session, question.text, vector, limit=5)
            found_at.append(next((at for at, one in enumerate(found, 1) if question.rests_on(one)), 99))
            if found_at[-1] > 3:
                print(f"{house.slug} {found_at[-1]:>2} {question.text}")
    assert len(asked) >= 50
    assert sum(at == 1 for at in found_at) / len(asked) >= 0.88
    assert sum(at <= 3 for at in found_at) / len(asked) >= 0.95
