"""Language models in real calls over the voice socket, where they fail, and in chats, where they are traced."""

import asyncio
import re
from collections.abc import Mapping

import pytest

from reception.app.watching import watched_from_outside
from reception.core.clock import SystemClock
from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.runtime.chat import ChatDesk
from reception.settings import load_settings
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import Caller, call_from
from tests.integration.providers.conftest import DEAD, GOOD, HASTY, QUESTION, WRITTEN, model_of
from tests.support.collector import attributes_of, collector
from tests.support.vendors.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = "Is there parking? " + re.sub(r" \[\d\]", "", WRITTEN)
SENTENCES = ("Parking is free behind the house.", "You need not reserve a space.", "The gate closes at midnight.")


async def open_guided(installation: Installation, llm: str) -> Shop:
    """A shop whose agent words its answers by `llm`, out of the guide."""
    shop = await installation.open_shop()
    document = {"title": "Guide", "text": GUIDE, "kind": "faq"}
    kept = await installation.http.post("/knowledge/ingest", json=document, headers=shop.headers)
    assert kept.status_code == 201, kept.text
    change = {"settings": {"tts": f"openai:{HASTY}", "llm": llm}}
    changed = await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)
    assert changed.status_code == 200, changed.text
    return shop


async def ask(installation: Installation, llm: str, last: str) -> Caller:
    """Call an agent that words its answers by `llm`, out of the guide, and ask whether there is parking, until `last`
    has been said."""
    shop = await open_guided(installation, llm)
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


async def test_a_chat_is_traced_turn_by_turn_without_a_word_of_it(installation: Installation) -> None:
    shop, services = await open_guided(installation, f"openai:{GOOD}"), installation.services
    with collector() as received:
        settings = load_settings(otlp_endpoint=f"http://127.0.0.1:{received.port}")
        async with watched_from_outside(settings, SystemClock()) as trace:
            desk = ChatDesk(
                services.database, services.chat.conversations, services.usage, keys=services.provider_keys, trace=trace
            )
            reply = await desk.answer(shop.tenant_id, shop.agent_id, QUESTION, None)
            await desk.answer(shop.tenant_id, shop.agent_id, "I am Maria Ramos", reply.conversation_id)
            with pytest.raises(NotFound):
                await desk.answer(shop.tenant_id, shop.agent_id, QUESTION, uuid7())
    assert SENTENCES[0] in reply.reply
    asked, named = (span for span in received.spans() if span.name == "turn")
    told = attributes_of(asked)
    assert (told["reception.call.id"], told["reception.channel"]) == (str(reply.conversation_id), "chat")
    assert told["reception.provider.answer"] == f"openai:{GOOD}"
    assert attributes_of(named)["reception.turn"] == told["reception.turn"] + 1
    below = {span.name: span for span in received.spans() if span.trace_id == asked.trace_id}
    for stage in ("understanding", "retrieval", "llm_first_token"):
        assert below[stage].parent_span_id == asked.span_id
    assert below["llm openai"].parent_span_id == below["llm_first_token"].span_id
    assert attributes_of(below["llm openai"])["reception.outcome"] == "ok"
    sent = b"".join(each.body for each in received.posted)
    for secret in ("Maria", "parking", "Parking", "behind the house"):
        assert secret.encode() not in sent
    await services.usage.flush()
    used = await installation.http.get(f"/usage/calls/{reply.conversation_id}", headers=shop.headers)
    assert {"llm_in", "llm_out"} <= {line["part"] for line in used.json()["lines"]}
