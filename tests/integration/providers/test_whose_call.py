"""Calls of several tenants at once, whose audio is read and judged together: each is on its own tenant's account."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from reception.runtime.principal import Principal, Scope
from tests.integration.api.installation import Installation, Shop
from tests.integration.providers.conftest import GREETING, OWNERS, WHOSE, Owner, Vendor
from tests.support.caller_voice import speak
from tests.support.telephone import RATE_HZ, Telephone, answered

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTS = {
    "/audio/transcriptions": "stt",
    "/audio/speech": "tts",
    "/embeddings": "embeddings",
    "/chat/completions": "llm",
}


@asynccontextmanager
async def ring(installation: Installation, shop: Shop) -> AsyncIterator[Telephone]:
    caller = Principal("test", shop.tenant_id, frozenset({Scope.CALL}), shop.agent_id)
    ticket = installation.services.tickets.issue(caller).value
    url = installation.url.replace("http://", "ws://") + f"/telephony/twilio/media/{ticket}"
    async with answered(url) as telephone:
        yield telephone
        await telephone.hang_up()


async def open_house(installation: Installation, owner: Owner) -> Shop:
    """A tenant with a key of its own, whose agent knows of one thing, and of another by examples."""
    shop = await installation.open_shop()
    key = await installation.http.put("/provider-keys/openai", json={"key": owner.key}, headers=shop.headers)
    assert key.status_code == 200, key.text
    text = f"{owner.question} Everything about the {owner.word} is told at the desk."
    document = {"title": f"The {owner.word}", "text": text, "kind": "faq"}
    kept = await installation.http.post("/knowledge/ingest", json=document, headers=shop.headers)
    assert kept.status_code == 201, kept.text
    examples = [f"I would like {owner.word} lessons", f"Who teaches the {owner.word}?"]
    intents = [{"name": "lessons", "examples": examples, "say": f"There are {owner.word} lessons on Mondays."}]
    model = f"openai:{WHOSE}"
    change = {"settings": {"stt": model, "tts": model, "llm": model}, "definition": {"intents": intents}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    return shop


async def call(installation: Installation, shop: Shop, owner: Owner, all_answered: asyncio.Barrier) -> None:
    """Ask the owner's question once everybody is on the line, and hear the answer."""
    async with ring(installation, shop) as telephone:
        await telephone.listen(GREETING)
        await all_answered.wait()
        spoken = speak(owner.question, RATE_HZ).astype(np.float32)
        before = telephone.heard_bytes
        telephone.saying = (spoken * owner.peak / np.abs(spoken).max()).astype(np.int16)
        await telephone.listen(1)
        assert telephone.heard_bytes > before


async def test_calls_of_two_tenants_at_once_go_with_their_own_keys_and_on_their_own_accounts(
    installation: Installation, vendor: Vendor
) -> None:
    shops = [await open_house(installation, owner) for owner in OWNERS]
    idle = await installation.open_shop()
    vendor.asked.clear()
    all_answered = asyncio.Barrier(len(OWNERS))
    await asyncio.gather(
        *[call(installation, shop, owner, all_answered) for shop, owner in zip(shops, OWNERS, strict=True)]
    )
    await installation.services.readiness._live._idle.wait()

    assert not vendor.complaints
    asked: dict[str, Counter[str]] = {owner.key: Counter() for owner in OWNERS}
    for one in vendor.asked:
        asked[one.headers["authorization"].removeprefix("Bearer ")][PARTS[one.path]] += 1
    await installation.services.usage.flush()
    for shop, owner in zip(shops, OWNERS, strict=True):
        assert set(asked[owner.key]) == set(PARTS.values())
        used: Counter[str] = Counter()
        for line in (await installation.http.get("/usage", headers=shop.headers)).json()["lines"]:
            assert line["agent_id"] == str(shop.agent_id)
            used[line["part"].removesuffix("_out")] += line["requests"]
        del used["llm_in"]
        assert used == asked[owner.key], owner
    assert (await installation.http.get("/usage", headers=idle.headers)).json()["lines"] == []
