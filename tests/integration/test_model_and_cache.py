"""What a language model answers: from all that is known where that is little, and once for all who ask the same."""

from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from reception.core.clock import FixedClock
from reception.db.database import Database
from reception.dialogue.language.turn import LanguageModel
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.agents.service import create_agent
from reception.domains.knowledge import service as knowledge
from reception.ports.answers import CacheLevel
from reception.ports.business import AgentKind, AgentSettings
from reception.ports.dialogue import CallerTurn, PreparedTurn, Say
from reception.runtime.conversations import ConversationFactory
from reception.runtime.language import no_language
from reception.runtime.returning import LostCallers
from tests.integration.test_language_model import NOW, Line, line
from tests.support.demo import RememberingEmbedder, embedder
from tests.support.postgres import make_business
from tests.support.vendors.faults import Fault

__all__ = ["embedder", "line"]

MENU = """# Soups

Tomato soup is $9.

# Parking

Parking behind the house is free.

# Dogs

Dogs lie on the terrace.
"""
SOUP, PARKING = "How much is the tomato soup?", "Where is parking?"


@dataclass
class House:
    tenant_id: UUID
    agent_id: UUID
    factory: ConversationFactory

    async def ask(self, question: str, *, drop: bool = False) -> tuple[str, PreparedTurn]:
        wired = await self.factory.find_agent(self.tenant_id, self.agent_id)
        dialogue = await self.factory.start(wired, "voice")
        prepared = await dialogue.prepare(CallerTurn(1, question, "voice"))
        if drop:
            dialogue.discard(prepared)
            said = ""
        else:
            said = " ".join([part.text async for part in dialogue.commit(prepared) if isinstance(part, Say)])
        await dialogue.close("done")
        return said, prepared


async def house(database: Database, line: Line, embedder: RememberingEmbedder, *, more: str = "") -> House:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="June", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        await knowledge.ingest(
            session, business.tenant_id, title="Menu", text=MENU + more, kind="menu", embedder=embedder
        )
    understanding, clock = LocalUnderstanding(embedder), FixedClock(NOW)
    factory = ConversationFactory(database, understanding, embedder, clock, LostCallers(), language=line.language)
    return House(business.tenant_id, agent.agent_id, factory)


async def test_all_that_is_known_begins_every_prompt_the_same_to_the_byte(
    database: Database, line: Line, embedder: RememberingEmbedder
) -> None:
    place = await house(database, line, embedder)
    for question, fact in ((SOUP, "$9"), (PARKING, "free")):
        assert fact in (await place.ask(question))[0]
    one, other = (prompt for prompt in line.server.prompts if "<question>" in prompt.user)
    assert one.system == other.system
    alike = one.user.partition("<caller")[0]
    assert other.user.startswith(alike)
    for told in ("Tomato soup", "Parking behind the house", "Dogs lie on the terrace"):
        assert told in alike


async def test_more_than_the_budget_is_searched(database: Database, line: Line, embedder: RememberingEmbedder) -> None:
    more = "".join(f"\n\n# Rule {n}\n\n{'The rule is that nobody runs. ' * 20}" for n in range(60))
    place = await house(database, line, embedder, more=more)
    assert "$9" in (await place.ask(SOUP))[0]
    (prompt,) = (prompt for prompt in line.server.prompts if "<question>" in prompt.user)
    assert prompt.user.count("<passage") <= 6


async def test_what_a_model_wrote_to_the_end_is_told_to_the_next_caller_without_it(
    database: Database, line: Line, embedder: RememberingEmbedder
) -> None:
    place = await house(database, line, embedder)
    _, dropped = await place.ask(SOUP, drop=True)
    first, written = await place.ask(SOUP)
    assert (dropped.cache, written.cache) == (CacheLevel.MISS, CacheLevel.MISS)
    asked = len(line.server.prompts)
    again, found = await place.ask(SOUP)
    assert found.cache == CacheLevel.PROCESS
    assert "$9" in first
    assert again == first
    assert found.preview[0].citations == written.preview[0].citations
    assert len(line.server.prompts) == asked
    counts = (await place.factory.answers.stats(place.tenant_id)).counts
    assert (counts.misses, counts.process_hits) == (1, 1)
    assert counts.saved_tokens > 0


async def test_a_model_that_fails_on_all_is_replaced_by_what_is_searched_for(
    database: Database, line: Line, embedder: RememberingEmbedder
) -> None:
    place = await house(database, line, embedder)
    line.server.fault = Fault.LIMITED
    said, prepared = await place.ask(SOUP)
    assert "$9" in said
    assert prepared.providers["answer"] == "local"


async def test_another_model_or_other_instructions_do_not_serve_what_was_written_before(
    database: Database, line: Line, embedder: RememberingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await house(database, line, embedder)
    await place.ask(SOUP)
    assert (await place.ask(SOUP))[1].cache == CacheLevel.PROCESS

    async def other_options(tenant_id: UUID, settings: AgentSettings) -> LanguageModel | None:
        model = await line.language(tenant_id, settings)
        return None if model is None else replace(model, generation='{"temperature": 0.7}')

    clock = FixedClock(NOW)
    for language in (other_options, no_language):
        factory = ConversationFactory(
            database, LocalUnderstanding(embedder), embedder, clock, LostCallers(), language=language
        )
        elsewhere = House(place.tenant_id, place.agent_id, factory)
        for question in (SOUP, "What does the tomato soup cost?"):
            assert (await elsewhere.ask(question, drop=True))[1].cache == CacheLevel.MISS
    monkeypatch.setattr("reception.dialogue.language.turn.ANSWERING_EDITION", "another")
    assert (await place.ask(SOUP, drop=True))[1].cache == CacheLevel.MISS


async def test_what_was_composed_because_a_model_failed_is_not_told_to_others(
    database: Database, line: Line, embedder: RememberingEmbedder
) -> None:
    place = await house(database, line, embedder)
    line.server.fault = Fault.LIMITED
    assert "$9" in (await place.ask(SOUP))[0]
    assert (await place.ask(SOUP))[1].cache == CacheLevel.MISS
