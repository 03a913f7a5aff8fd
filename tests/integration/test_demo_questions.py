"""How often the passage that answers a caller's question is found, on the shipped documents and the real search."""

import time
from collections.abc import Sequence

from reception.db.database import Database
from reception.dialogue.knowledge import PASSAGES, compose
from reception.domains.knowledge import service as knowledge
from reception.ports.knowledge import Passage
from reception.runtime.demo.seed import seed_demo
from tests.support.demo import NOW, RememberingEmbedder, embedder, unseeded
from tests.support.questions import Question, questions

__all__ = ["embedder", "unseeded"]


def _rank(question: Question, found: Sequence[Passage]) -> int:
    """The place of the first right passage, from 1; 99 when there is none."""
    return next((place for place, passage in enumerate(found, 1) if question.rests_on(passage)), 99)


async def test_the_right_passage_is_among_the_first_three(unseeded: Database, embedder: RememberingEmbedder) -> None:
    every: list[int] = []
    unknown: list[int] = []
    spent: list[float] = []
    for agent in await seed_demo(unseeded, embedder, NOW):
        asked = [question for question in questions(agent.slug) if question.kind == "answerable"]
        vectors = await embedder.embed([question.text for question in asked])
        async with unseeded.tenant_session(agent.tenant_id) as session:
            ranks: list[int] = []
            for question, vector in zip(asked, vectors, strict=True):
                began = time.perf_counter()
                found = await knowledge.search(session, question.text, vector, limit=PASSAGES)
                compose(question.text, found)
                spent.append(time.perf_counter() - began)
                ranks.append(_rank(question, found))
                if ranks[-1] > 3:
                    print(f"{agent.slug} {ranks[-1]:>2} {question.text} -> {found[0].heading if found else '-'}")
        for name, held_out in (("written with the documents", False), ("held out", True)):
            own = [rank for rank, question in zip(ranks, asked, strict=True) if question.held_out is held_out]
            print(f"{agent.slug}, {name}: n={len(own)} @1 {_recall(own, 1):.3f} @3 {_recall(own, 3):.3f}")
        every += ranks
        unknown += [rank for rank, question in zip(ranks, asked, strict=True) if question.held_out]

    spent.sort()
    print(f"search and composition: p50 {spent[len(spent) // 2]:.4f} s, p95 {spent[len(spent) * 95 // 100]:.4f} s")
    assert _recall(every, 1) >= 0.9
    assert _recall(every, 3) >= 0.97
    assert _recall(unknown, 3) >= 0.92


def _recall(ranks: Sequence[int], within: int) -> float:
    return sum(rank <= within for rank in ranks) / len(ranks)
