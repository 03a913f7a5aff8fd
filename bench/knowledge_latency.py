"""What a question costs a turn: `python -m bench.knowledge_latency [--beside] [--calls N]`.

Retrieval as a dialogue does it (the question embedded, its session, the search) and the answer cache at each level, on
the largest of the houses of `bench.answers`. With `--beside`, a long document is being embedded and stored meanwhile by
the same process. With `--calls`, the same process has so many telephone calls on its event loop, with voice activity
and end-of-turn detection, as `reception bench capacity` makes them; then a question is asked every 100 ms.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from tests.support.houses import LARGER, House, open_larger
from tests.support.questions import questions

from bench.knowledge_scale import Times
from reception.cli.bench_material import speak_material
from reception.cli.bench_server import answering
from reception.cli.logs import configure_logs
from reception.core.clock import SystemClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.dialogue.tools.answers import AgentAnswers, AnswerShelf
from reception.dialogue.tools.reads import DomainReadTools
from reception.domains.agents.service import get_agent
from reception.domains.tenants.service import get_business
from reception.ports.answers import Answer, CacheLevel, CacheUse
from reception.ports.dialogue import Say
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.documents import take_in

_ASKED = 200
_GAP_S = 0.1
_CALLS_SETTLE_S = 12.0
_LONG_TEXT = "\n\n".join(
    f"The {number}th rule of the house is kept by everybody who stays, works or eats here, whatever the weather."
    for number in range(2_000)
)


class Bench:
    """One house, and the parts of a dialogue that read its knowledge."""

    def __init__(self, database: Database, embedder: MiniLmEmbedder, house: House) -> None:
        self._database = database
        self._embedder = embedder
        self._house = house
        self._clock = SystemClock()

    async def answers(self, reads: DomainReadTools, shelf: AnswerShelf) -> AgentAnswers:
        async with self._database.tenant_session(self._house.tenant_id) as session:
            business = await get_business(session)
            agent = await get_agent(session, self._house.agent_id)
        return AgentAnswers(shelf, business, agent, reads.meaning, self._embedder.model)

    async def reads(self) -> DomainReadTools:
        """As a new conversation has them: nothing is remembered."""
        async with self._database.tenant_session(self._house.tenant_id) as session:
            business = await get_business(session)
        return DomainReadTools(self._database, business, self._embedder, self._clock, uuid7())

    async def run(self, asked: Sequence[str], gap_s: float) -> None:
        reads = await self.reads()
        shelf = AnswerShelf(self._database, self._clock)
        answers = await self.answers(reads, shelf)
        await report("retrieval, question embedded", asked, reads.passages, gap_s)
        misses = [await answers.find(question) for question in asked]
        await answers.committed([CacheUse(miss, Answer((Say("Yes."),), 10.0)) for miss in misses])
        await report("cache, in the process", asked, answers.find, gap_s, expect=CacheLevel.PROCESS)
        elsewhere = await self.answers(await self.reads(), AnswerShelf(self._database, self._clock))
        await report("cache, in the database", asked, elsewhere.find, gap_s, expect=CacheLevel.DATABASE)
        other_words = [f"Would you say whether, {question.lower().rstrip('?')}" for question in asked]
        await report("cache, a miss, question embedded", other_words, elsewhere.find, gap_s)


async def report(
    name: str,
    asked: Sequence[str],
    ask: Callable[[str], Awaitable[object]],
    gap_s: float,
    *,
    expect: CacheLevel | None = None,
) -> None:
    spent = []
    hits = 0
    for question in asked:
        began = time.perf_counter()
        found = await ask(question)
        spent.append(time.perf_counter() - began)
        hits += getattr(found, "level", None) is expect
        await asyncio.sleep(gap_s)
    times = Times.of(spent)
    print(f"{name:<36} p50 {times.p50} ms, p95 {times.p95} ms, n={len(asked)}" + (f", {hits} hits" if expect else ""))


@asynccontextmanager
async def beside(database: Database, embedder: MiniLmEmbedder, house: House, *, loaded: bool) -> AsyncIterator[None]:
    """A long document on its way into another tenant's knowledge, again and again, until the block is left."""

    async def work() -> None:
        while True:
            await take_in(database, embedder, house.tenant_id, title=str(uuid7()), text=_LONG_TEXT, kind="general")

    task = asyncio.create_task(work()) if loaded else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def live_calls(count: int) -> AsyncIterator[None]:
    """So many calls of this process, by a caller's process, all of them begun."""
    if not count:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as made:
        path = Path(made) / "material.npz"
        material = await speak_material()
        material.save(path)
        async with answering(material, count) as port:
            arguments = ("--port", str(port), "--calls", str(count), "--seconds", "600")
            callers = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "reception.cli.bench_caller",
                str(path),
                *arguments,
                stdout=asyncio.subprocess.DEVNULL,
            )
            try:
                await asyncio.sleep(_CALLS_SETTLE_S)
                yield
            finally:
                callers.kill()
                await callers.wait()


async def measure(url: str, *, loaded: bool, calls: int) -> None:
    embedder = MiniLmEmbedder()
    database = Database(url)
    try:
        house = await open_larger(database, embedder, LARGER[0])
        neighbour = await open_larger(database, embedder, LARGER[2])
        asked = [one.text for slug in ("larch-bay", "larch-bay-later") for one in questions(slug)][:_ASKED]
        async with beside(database, embedder, neighbour, loaded=loaded), live_calls(calls):
            await Bench(database, embedder, house).run(asked, _GAP_S if calls else 0.0)
    finally:
        await database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", action="store_true", help="while a long document is taken in")
    parser.add_argument("--calls", type=int, default=0, help="so many telephone calls go on in the same process")
    options = parser.parse_args()
    configure_logs("warning", as_json=True)
    with tempfile.TemporaryDirectory(prefix="reception-bench-", ignore_cleanup_errors=True) as made:
        server = EmbeddedPostgres.start(Path(made))
        try:
            migrate(server.owner_url)
            uvloop.run(measure(server.runtime_url, loaded=options.beside, calls=options.calls))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
