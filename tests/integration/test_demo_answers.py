"""How often a caller's question to a demo business is answered rightly, wrongly, or not at all, in a text chat.

Each is put to the whole dialogue: real understanding, search, composition and grounding.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.tools.ledger import DomainLedger
from reception.dialogue.tools.reads import DomainReadTools
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.agents import service as agents
from reception.domains.conversations import service as conversations
from reception.domains.tenants import service as tenants
from reception.ports.business import Agent, Business
from reception.ports.dialogue import CallerTurn, Say
from reception.runtime.demo.seed import seed_demo
from tests.support.demo import NOW, RememberingEmbedder, embedder, unseeded
from tests.support.questions import Question, questions, verdict

__all__ = ["embedder", "unseeded"]


class Desk:
    """One demo business, asked one question a conversation."""

    def __init__(self, database: Database, business: Business, agent: Agent, understanding: LocalUnderstanding) -> None:
        self._database = database
        self._business = business
        self._agent = agent
        self._understanding = understanding

    async def ask(self, text: str, embedder: RememberingEmbedder) -> tuple[str, bool]:
        """What is said to `text`, and whether it rests on a document."""
        conversation_id, clock = uuid7(), FixedClock(NOW)
        async with self._database.tenant_session(self._business.tenant_id) as session:
            await conversations.start(
                session,
                self._business.tenant_id,
                self._agent.agent_id,
                conversation_id=conversation_id,
                channel="chat",
            )
        dialogue = GraphDialogue(
            conversation_id=conversation_id,
            business=self._business,
            agent=self._agent,
            channel="chat",
            understanding=self._understanding,
            reads=DomainReadTools(self._database, self._business, embedder, clock, conversation_id),
            ledger=DomainLedger(self._database, self._business, conversation_id, clock),
            clock=clock,
        )
        prepared = await dialogue.prepare(CallerTurn(1, text, "chat"))
        sentences = [part async for part in dialogue.commit(prepared) if isinstance(part, Say)]
        await dialogue.close("asked")
        return " ".join(say.text for say in sentences), any(say.citations for say in sentences)


@pytest.mark.parametrize("place", range(3), ids=["restaurant", "hotel", "agency"])
async def test_most_questions_are_answered_and_few_answers_are_false(
    unseeded: Database, embedder: RememberingEmbedder, place: int
) -> None:
    understanding = LocalUnderstanding(embedder)
    await understanding.warm()
    offered = (await seed_demo(unseeded, embedder, NOW))[place]
    async with unseeded.tenant_session(offered.tenant_id) as session:
        business = await tenants.get_business(session)
        agent = await agents.get_agent(session, offered.agent_id)
    desk = Desk(unseeded, business, agent, understanding)

    known = await _tally(desk, questions(offered.slug), embedder)
    print(f"{offered.slug}: {dict(known)}")
    assert _share(known, "answerable", "right") >= 0.86
    assert _share(known, "answerable", "wrong") <= 0.02
    assert _share(known, "unanswerable", "false") <= 0.05
    assert _share(known, "near_miss", "false") <= 0.05

    later = await _tally(desk, questions(f"{offered.slug}-later"), embedder)
    print(f"{offered.slug}, later: {dict(later)}")
    assert _share(later, "answerable", "right") >= 0.55
    assert _share(later, "answerable", "wrong") <= 0.1
    assert _share(later, "unanswerable", "false") <= 0.05
    assert _share(later, "near_miss", "false") <= 0.25


async def _tally(desk: Desk, asked: Sequence[Question], embedder: RememberingEmbedder) -> Counter[tuple[str, str]]:
    """How many of each kind came to each verdict."""
    tally: Counter[tuple[str, str]] = Counter()
    for question in asked:
        said, cited = await desk.ask(question.text, embedder)
        judged = verdict(question, said, cited=cited)
        tally[(question.kind, judged)] += 1
        if judged in ("wrong", "unanswered", "false"):
            held_out = " (held out)" if question.held_out else ""
            print(f"{judged:<10} {question.kind:<12}{held_out} {question.text} -> {said[:110]}")
    return tally


def _share(tally: Counter[tuple[str, str]], kind: str, verdict: str) -> float:
    return tally[(kind, verdict)] / sum(count for (of, _), count in tally.items() if of == kind)
