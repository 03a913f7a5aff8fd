"""Language models that fail in the middle of real calls over the voice socket."""

import asyncio
import re
from collections.abc import Mapping

import pytest

from tests.integration.api.installation import Installation
from tests.integration.api.typing_caller import Caller, call_from
from tests.integration.providers.conftest import DEAD, GOOD, HASTY, QUESTION, WRITTEN, model_of
from tests.support.vendors.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = "Is there parking? " + re.sub(r" \[\d\]", "", WRITTEN)
SENTENCES = ("Parking is free behind the house.", "You need not reserve a space.", "The gate closes at midnight.")


async def ask(installation: Installation, llm: str, last: str) -> Caller:
    """Call an agent that words its answers by `llm`, out of the guide, and ask whether there is parking, until `last`
    has been said."""
    shop = await installation.open_shop()
    document = {"title": "Guide", "text": GUIDE, "kind": "faq"}
    kept = await installation.http.post("/knowledge/ingest", json=document, headers=shop.headers)
    assert kept.status_code == 201, kept.text
    change = {"settings": {"tts": f"openai:{HASTY}", "llm": llm}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    async with call_from(installation, shop) as caller:
        await caller.until("mark")
        await caller.type(QUESTION)
        await caller.until_said(last)
        await caller.stop()
    return caller


def switches(caller: Caller) -> list[Mapping[str, object]]:
    return [one for one in caller.messages if one["type"] == "provider" and one["part"] == "llm"]


async def test_a_model_that_fails_in_a_call_is_replaced_and_no_sentence_is_said_twice(
    installation: Installation,
) -> None:
    faults = (Fault.HALF_CLOSED, Fault.BROKEN, Fault.GARBAGE)
    chains = [f"openai:{model_of(fault)}, openai:{GOOD}" for fault in faults]
    callers = await asyncio.gather(*[ask(installation, chain, SENTENCES[-1]) for chain in chains])
    for fault, caller in zip(faults, callers, strict=True):
        said = " ".join(caller.replies())
        assert [said.count(sentence) for sentence in SENTENCES] == [1, 1, 1], (fault, said)
        (switch,) = switches(caller)
        assert (switch["from"], switch["to"]) == (f"openai:{model_of(fault)}", f"openai:{GOOD}")
    figures = (await installation.http.get("/metrics")).text
    assert 'reception_provider_switches_total{part="llm"' in figures
    assert 'reception_provider_requests_total{outcome="ok",part="llm_out",vendor="openai"}' in figures


async def test_while_every_model_is_dead_answers_are_the_documents_own_words(installation: Installation) -> None:
    caller = await ask(installation, f"openai:{DEAD}-1, openai:{DEAD}-2", SENTENCES[0])
    assert [(one["from"], one["to"]) for one in switches(caller)][-1][1] == "local"
