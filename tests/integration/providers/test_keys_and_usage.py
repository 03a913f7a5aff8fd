"""Tenants' own keys, and what calls use."""

import pytest
from sqlalchemy import text

from reception.core.errors import Unavailable
from reception.core.ids import uuid7
from reception.core.vault import Vault
from reception.domains.access.service import Role
from reception.domains.credentials.service import keep_key, open_keys
from reception.domains.usage.service import Used, record
from reception.runtime.warming import load_packages
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import dial, start
from tests.integration.providers.conftest import GOOD, MINE, TENANTS_KEY

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def call_with(installation: Installation, shop: Shop, tts: str, llm: str = "") -> str:
    """A short call with an agent that speaks and words its answers like this; the id of its conversation."""
    change = {"settings": {"tts": tts, "llm": llm}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    async with dial(installation, shop.token) as socket:
        caller = await start(socket, shop.agent_id)
        await caller.until("mark")
        await caller.type("Do you have any parking?")
        await caller.until_said("information")
        await caller.until("mark")
        await caller.stop()
        assert not [message for message in caller.messages if message["type"] == "provider"]
        return caller.conversation_id


async def test_a_tenant_s_own_key_goes_before_the_installation_s_and_is_never_shown(installation: Installation) -> None:
    shop, other = await installation.open_shop(), await installation.open_shop()
    put = await installation.http.put("/provider-keys/openai", json={"key": TENANTS_KEY}, headers=shop.headers)
    assert put.status_code == 200
    listed = await installation.http.get("/provider-keys", headers=shop.headers)
    assert [one["vendor"] for one in listed.json()] == ["openai"]
    assert TENANTS_KEY not in put.text + listed.text
    assert (await installation.http.get("/provider-keys", headers=other.headers)).json() == []
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        stored = (await session.execute(text("SELECT sealed FROM provider_keys"))).scalar_one()
    assert TENANTS_KEY.encode() not in stored

    # The vendor takes no other key for this model.
    await call_with(installation, shop, f"openai:{MINE}", f"openai:{MINE}")

    gone = await installation.http.delete("/provider-keys/openai", headers=shop.headers)
    assert gone.status_code == 204
    assert (await installation.http.delete("/provider-keys/openai", headers=shop.headers)).status_code == 404
    await call_with(installation, shop, f"openai:{GOOD}")


async def test_keys_are_for_owners_and_for_providers_that_there_are(installation: Installation) -> None:
    shop = await installation.open_shop()
    manager = {"Authorization": f"Bearer {installation.token(shop.tenant_id, Role.MANAGER)}"}
    refused = await installation.http.put("/provider-keys/openai", json={"key": "k"}, headers=manager)
    unknown = await installation.http.put("/provider-keys/nobody", json={"key": "k"}, headers=shop.headers)
    empty = await installation.http.put("/provider-keys/openai", json={"key": ""}, headers=shop.headers)
    assert (refused.status_code, unknown.status_code, empty.status_code) == (403, 404, 422)
    assert "deepgram" in unknown.json()["detail"]


async def test_models_that_agents_have_chosen_are_loaded_when_the_server_starts_and_when_they_are_chosen(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    language = installation.services.language
    monkeypatch.setattr(language, "load", lambda settings: loaded.append(settings.llm))
    spoken: list[str] = []
    monkeypatch.setattr(installation.services.desk, "load", lambda stt, tts: spoken.append(tts))
    shop = await installation.open_shop()
    chosen = f"openai:{GOOD}, groq:some-model"
    change = {"settings": {"llm": chosen, "tts": "polly"}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    assert loaded[-1:] == [chosen]
    again = {"settings": {"llm": f"openai:{GOOD}"}}
    (await installation.http.patch(f"/agents/{shop.agent_id}", json=again, headers=shop.headers)).raise_for_status()
    loaded.clear()
    back = await installation.http.post(f"/agents/{shop.agent_id}/rollback", json={"version": 2}, headers=shop.headers)
    assert back.status_code == 200, back.text
    assert loaded == [chosen]
    draft = {"settings": {"llm": f"anthropic:{GOOD}"}}
    kept = await installation.http.patch(f"/agents/{shop.agent_id}?draft=true", json=draft, headers=shop.headers)
    assert kept.status_code == 200, kept.text
    loaded.clear()
    published = await installation.http.post(f"/agents/{shop.agent_id}/publish", headers=shop.headers)
    assert published.status_code == 200, published.text
    assert loaded == [f"anthropic:{GOOD}"]
    (await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)).raise_for_status()
    loaded.clear()
    await load_packages(installation.services.database, installation.services.load)
    assert chosen in loaded
    assert "polly" in spoken


async def test_a_key_sealed_under_a_lost_key_does_not_open(installation: Installation) -> None:
    shop = await installation.open_shop()
    vault = Vault((b"1" * 32,))
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        await keep_key(session, vault, shop.tenant_id, "openai", TENANTS_KEY)
        assert await open_keys(session, vault) == {"openai": TENANTS_KEY}
        with pytest.raises(Unavailable):
            await open_keys(session, Vault((b"2" * 32,)))
    assert await installation.services.provider_keys.of(shop.tenant_id) == {}


async def test_what_a_call_used_is_told_by_turn_by_agent_and_for_the_tenant(installation: Installation) -> None:
    shop = await installation.open_shop()
    conversation_id = await call_with(installation, shop, "openai:gpt-4o-mini-tts")
    await call_with(installation, shop, f"openai:{GOOD}")
    await installation.services.usage.flush()

    turns = (await installation.http.get(f"/usage/calls/{conversation_id}", headers=shop.headers)).json()
    spoken = [one for one in turns["lines"] if one["part"] == "tts"]
    line = spoken[0]
    assert (line["part"], line["provider"], line["turn"]) == ("tts", "openai:gpt-4o-mini-tts", 1)
    assert line["units"] > 60
    assert turns["cost_usd"] == pytest.approx(sum(one["units"] for one in spoken) * 0.016 / 1000)

    total = (await installation.http.get("/usage", headers=shop.headers)).json()
    by_provider = {one["provider"]: one for one in total["lines"]}
    assert total["cost_usd"] == pytest.approx(turns["cost_usd"])
    assert by_provider["openai:gpt-4o-mini-tts"]["agent_id"] == str(shop.agent_id)
    assert by_provider[f"openai:{GOOD}"]["unpriced"] is True
    other = await installation.open_shop()
    assert (await installation.http.get("/usage", headers=other.headers)).json() == {"cost_usd": 0, "lines": []}
    wrong = await installation.http.get("/usage?since=2030-01-02&until=2030-01-01", headers=shop.headers)
    assert wrong.status_code == 422
    used = Used(uuid7(), other.agent_id, 1, "tts", "openai:x", 1, 7.0, None, installation.services.clock.now())
    for _ in range(2):
        # Whether a commit that was broken off had been made is not known: then the same is stored again.
        async with installation.services.database.tenant_session(other.tenant_id) as session:
            await record(session, other.tenant_id, [used])
    (line,) = (await installation.http.get("/usage", headers=other.headers)).json()["lines"]
    assert (line["requests"], line["units"]) == (1, 7.0)
