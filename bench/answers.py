"""Retrieval, answers and the answer cache, on questions with known answers: `python -m bench.answers [--misses]`.

The questions are those of tests/integration/questions, asked of the demo businesses and of three larger houses whose
documents are in tests/integration/documents; half of the larger houses' questions and the demo's `-later` ones are
held out, which nothing was tuned on. Prints recall at 1, 3 and 5, what is answered rightly, wrongly or not at all,
answers to what the documents do not say, and what the cache takes for the same question, rightly and wrongly.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tests.support.demo import NOW, RememberingEmbedder
from tests.support.houses import LARGER, House, open_larger
from tests.support.questions import Question, questions, verdict

from reception.core.clock import FixedClock
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.dialogue.likeness import NEAR_ENOUGH, same_question
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.knowledge import service as knowledge
from reception.ports.dialogue import CallerTurn, Say
from reception.runtime.conversations import ConversationFactory
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.demo.seed import seed_demo
from reception.runtime.returning import LostCallers

DATA = Path(__file__).parent.parent / "tests" / "integration"
_FOUND_WITHIN = (1, 3, 5)


@dataclass(slots=True)
class Tally:
    """Counts for one set of questions. `ranks` are places of the right passage, 99 for none."""

    ranks: list[int]
    verdicts: Counter[tuple[str, str]]

    def share(self, kind: str, *which: str) -> float:
        total = sum(count for (of, _), count in self.verdicts.items() if of == kind)
        return sum(self.verdicts[(kind, each)] for each in which) / total if total else 0.0

    def line(self, name: str) -> str:
        recalls = " ".join(f"@{n} {np.mean([rank <= n for rank in self.ranks]):.3f}" for n in _FOUND_WITHIN)
        shares = [
            f"{label} {self.share(kind, which):.3f}"
            for label, kind, which in (
                ("| right", "answerable", "right"),
                ("wrong", "answerable", "wrong"),
                ("none", "answerable", "unanswered"),
                ("| false: unanswerable", "unanswerable", "false"),
                ("near miss", "near_miss", "false"),
            )
        ]
        return f"{name:<24} n={sum(self.verdicts.values()):<4} recall {recalls} {' '.join(shares)}"


class Examiner:
    """Asks questions of houses as new callers in writing, without the cache."""

    def __init__(self, database: Database, embedder: RememberingEmbedder, *, tell: bool) -> None:
        self._database = database
        self._embedder = embedder
        self._tell = tell
        self._factory = ConversationFactory(
            database, LocalUnderstanding(embedder), embedder, FixedClock(NOW), LostCallers()
        )

    async def examine(self, house: House, asked: Sequence[Question]) -> Tally:
        tally = Tally([], Counter())
        for question in asked:
            if question.kind == "answerable":
                tally.ranks.append(await self._rank(house, question))
            said, cited = await self._answer(house, question.text)
            judged = verdict(question, said, cited=cited)
            tally.verdicts[(question.kind, judged)] += 1
            rank = tally.ranks[-1] if question.kind == "answerable" else 0
            if self._tell and (judged in ("wrong", "unanswered", "false") or rank > 3):
                held_out = "held out " if question.held_out else ""
                print(f"  {house.slug} {held_out}{judged} @{rank} {question.text} -> {said[:160]}")
        return tally

    async def _rank(self, house: House, question: Question) -> int:
        vector = (await self._embedder.embed([question.text]))[0]
        async with self._database.tenant_session(house.tenant_id) as session:
            found = await knowledge.search(session, question.text, vector, limit=10)
        return next((place for place, passage in enumerate(found, 1) if question.rests_on(passage)), 99)

    async def _answer(self, house: House, text: str) -> tuple[str, bool]:
        dialogue = await self._factory.start(await self._factory.find_agent(house.tenant_id, house.agent_id), "chat")
        prepared = await dialogue.prepare(CallerTurn(1, text, "chat"))
        sentences = [part async for part in dialogue.commit(prepared) if isinstance(part, Say)]
        await dialogue.close("asked")
        await self._factory.answers.clear(house.tenant_id)
        return " ".join(say.text for say in sentences), any(say.citations for say in sentences)


async def examine_cache(embedder: RememberingEmbedder, *, tell: bool) -> None:
    """How many of the pairs the cache takes for one question. Odd lines may be tuned on, even ones may not."""
    for name, wanted in (("near_misses", False), ("paraphrases", True)):
        lines = (DATA / "pairs" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        pairs = [tuple(part.strip() for part in line.split("|")) for line in lines]
        vectors = await embedder.embed([text for pair in pairs for text in pair])
        near = [float(vectors[2 * at] @ vectors[2 * at + 1]) for at in range(len(pairs))]
        began = time.perf_counter()
        same = [same_question(one, other, nearness) for (one, other), nearness in zip(pairs, near, strict=True)]
        spent_us = (time.perf_counter() - began) / len(pairs) * 1e6
        print(
            f"{name}: {sum(same)} of {len(pairs)} taken for the same ({sum(same[1::2])} of {len(same[1::2])} held out),"
            f" {sum(value >= NEAR_ENOUGH for value in near)} near in meaning; {spent_us:.0f} µs a pair"
        )
        for at, (pair, taken) in enumerate(zip(pairs, same, strict=True)):
            if tell and taken is not wanted and (at % 2 == 0 or not wanted):
                print(f"  {near[at]:.2f} {' | '.join(pair)}")


async def examine_questions(embedder: RememberingEmbedder, slugs: Sequence[str], *, tell: bool) -> None:
    """All pairs of questions to the same house: how many with different answers the cache takes for the same."""
    total = taken = right = 0
    for slug in slugs:
        asked = [one for name in (slug, f"{slug}-later") for one in questions(name)]
        vectors = await embedder.embed([one.text for one in asked])
        near = vectors @ vectors.T
        for at, one in enumerate(asked):
            for other_at in range(at):
                other = asked[other_at]
                if not same_question(one.text, other.text, float(near[at, other_at])):
                    total += 1
                    continue
                # One may ask for more of the same than the other: both facts stand in one answer.
                facts = " ".join(one.expect).casefold(), " ".join(other.expect).casefold()
                same = one.kind == other.kind and (facts[0] in facts[1] or facts[1] in facts[0])
                right += same
                taken += not same
                total += 1
                if tell and not same:
                    print(f"  {one.text} {one.expect} | {other.text} {other.expect}")
    print(f"all {total} pairs of questions to one house: {right} rightly taken for the same, {taken} wrongly")


async def examine_all_pairs(embedder: RememberingEmbedder, *, tell: bool) -> None:
    await examine_cache(embedder, tell=tell)
    slugs = [one.spec.slug for one in demo_businesses(NOW.date())] + [one.slug for one in LARGER]
    await examine_questions(embedder, slugs, tell=tell)


async def examine(url: str, *, tell: bool) -> None:
    embedder = RememberingEmbedder()
    await examine_all_pairs(embedder, tell=tell)
    database = Database(url)
    try:
        houses = [House(each.slug, each.tenant_id, each.agent_id) for each in await seed_demo(database, embedder, NOW)]
        houses += [await open_larger(database, embedder, house) for house in LARGER]
        examiner = Examiner(database, embedder, tell=tell)
        known, later = Tally([], Counter()), Tally([], Counter())
        for house in houses:
            first = [replace(each) for each in questions(house.slug)]
            for name, asked, whole in (
                ("", [one for one in first if not one.held_out], known),
                (
                    ", held out",
                    [one for one in first if one.held_out] + questions(f"{house.slug}-later"),
                    later,
                ),
            ):
                tally = await examiner.examine(house, asked)
                print(tally.line(f"{house.slug}{name}"), flush=True)
                whole.ranks += tally.ranks
                whole.verdicts += tally.verdicts
        print(known.line("all"))
        print(later.line("all, held out"))
        print(Tally(known.ranks + later.ranks, known.verdicts + later.verdicts).line("all together"))
    finally:
        await database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="tell what went wrong, question by question")
    parser.add_argument("--cache-only", action="store_true", help="only what the cache takes for the same question")
    options = parser.parse_args()
    if options.cache_only:
        asyncio.run(examine_all_pairs(RememberingEmbedder(), tell=options.misses))
        return
    with tempfile.TemporaryDirectory(prefix="reception-bench-", ignore_cleanup_errors=True) as made:
        server = EmbeddedPostgres.start(Path(made))
        try:
            migrate(server.owner_url)
            asyncio.run(examine(server.runtime_url, tell=options.misses))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
