"""Runs scenarios, many at a time, each as a tenant of its own in one database."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from reception.core.clock import Clock
from reception.core.errors import AppError
from reception.db.database import Database
from reception.dialogue.conversation import GraphDialogue
from reception.domains.conversations import service as conversations
from reception.domains.reservations import service as reservations
from reception.ports.speech import Embedder
from reception.runtime.conversations import ConversationFactory, WiredAgent
from reception.runtime.evaluation.grading import as_json, changes, grade_rows, grade_words
from reception.runtime.evaluation.phone import MovableClock, Phone, with_references
from reception.runtime.evaluation.playing import Hooks, Played, play
from reception.runtime.evaluation.results import Exchange, Failure, Manner, Result
from reception.runtime.evaluation.rows import Snapshot, take_snapshot
from reception.runtime.evaluation.scenario import Act, Cancellation, Expected, Scenario, Turn
from reception.runtime.evaluation.setting_up import NotSetUp, Stage, Theatre, make_bookings
from reception.runtime.evaluation.text_phone import TextPhone
from reception.runtime.evaluation.truth import grade_truth

MakeConversations = Callable[[Clock], ConversationFactory]
"""Dialogues by a clock; the understanding is that of the mode that is evaluated."""
LONGEST_S = 600.0


class RememberingEmbedder:
    """An embedder that works a text out once: the documents of one business are those of many scenarios."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, await self._inner.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Call:
    """What a phone is made for: one conversation with a stage's agent."""

    scenario: Scenario
    wired: WiredAgent
    factory: ConversationFactory
    clock: MovableClock


MakePhone = Callable[[Call], AbstractAsyncContextManager[Phone]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What scenarios are run on: a database whose tenants nobody misses, and the tenants in it."""

    database: Database
    theatre: Theatre
    conversations: MakeConversations
    mode: str = "local"


@asynccontextmanager
async def text_phone(call: Call) -> AsyncIterator[Phone]:
    """A call of `call.scenario` in writing."""
    scenario = call.scenario
    dialogue = await call.factory.start(call.wired, scenario.channel, caller_phone=scenario.caller)

    async def take_up(conversation_id: UUID) -> GraphDialogue:
        # What is stored bears the machine's time, and not the scenario's.
        return await call.factory.take_up(call.wired, conversation_id, within=timedelta.max)

    phone = TextPhone(dialogue, scenario.channel, call.wired.agent.settings, call.clock, take_up)
    try:
        yield phone
    finally:
        await phone.hang_up()


async def run_all(
    scenarios: Sequence[Scenario],
    run: Callable[[Scenario], Awaitable[Result]],
    *,
    jobs: int,
    on_result: Callable[[Result], None],
    stop_at_failure: bool = False,
) -> list[Result]:
    """The results of `scenarios` in their order, `jobs` of them at a time; those not reached are left out."""
    results: dict[int, Result] = {}
    waiting = iter(enumerate(scenarios))
    stopped = False

    async def work() -> None:
        nonlocal stopped
        for number, scenario in waiting:
            if stopped:
                return
            results[number] = result = await run(scenario)
            on_result(result)
            stopped = stopped or (stop_at_failure and not result.passed)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, min(jobs, len(scenarios)))):
            group.create_task(work())
    return [results[number] for number in sorted(results)]


async def run_one(bench: Bench, scenario: Scenario, manner: Manner, make_phone: MakePhone) -> Result:
    """Set the scenario up as a tenant of its own, play it and grade it. Never raises `AppError`."""
    began_s = time.perf_counter()
    result = Result(scenario.name, scenario.file, scenario.line, scenario.tags, manner, bench.mode)
    try:
        async with asyncio.timeout(LONGEST_S):
            async with bench.theatre.stage(scenario) as stage:
                result = await _Run(bench, scenario, stage, make_phone, result).whole()
    except NotSetUp as error:
        result = replace(result, error=f"could not be set up: {error}")
    except AppError as error:
        result = replace(result, error=f"{error.code}: {error.detail}")
    except TimeoutError:
        result = replace(result, error=f"took longer than {LONGEST_S:.0f} s")
    return replace(result, took_s=time.perf_counter() - began_s)


class _Run:
    """One scenario on its stage."""

    def __init__(self, bench: Bench, scenario: Scenario, stage: Stage, make_phone: MakePhone, result: Result) -> None:
        self._bench = bench
        self._scenario = scenario
        self._stage = stage
        self._make_phone = make_phone
        self._result = result
        self._zone = ZoneInfo(stage.business.timezone)
        self._clock = MovableClock(scenario.clock, runs=result.manner == "speech")
        self._before = Snapshot({})
        self._conversation_id: UUID | None = None

    async def whole(self) -> Result:
        scenario = referring(self._scenario, self._stage.references)
        self._before = await self._snapshot(scenario)
        factory = self._bench.conversations(self._clock)
        wired = await factory.find_agent(self._stage.tenant_id, self._stage.agent_id)
        async with self._make_phone(Call(scenario, wired, factory, self._clock)) as phone:
            self._conversation_id = phone.conversation_id
            played = await play(scenario, phone, Hooks(self._meanwhile, self._check))
        after = await self._snapshot(scenario)
        exchanges = tuple(await self._understood(played.exchanges))
        return replace(
            self._result,
            exchanges=exchanges,
            failures=tuple(self._graded(scenario, played, exchanges, after)),
            ended=played.ended,
            rows={name: as_json(found) for name in after.tables if (found := changes(name, self._before, after))},
        )

    def _graded(
        self, scenario: Scenario, played: Played, exchanges: Sequence[Exchange], after: Snapshot
    ) -> list[Failure]:
        expected, failures = scenario.expect, list(played.failures)
        for rows in expected.rows:
            failures += grade_rows(rows, self._before, after)
        failures += grade_words(expected, exchanges, played.ended, scenario.line)
        if expected.handoff is not None:
            asked = any(act.name == "handoff.requested" for exchange in exchanges for act in exchange.acts)
            stored = any(row.get("kind") == "handoff" for row in changes("leads", self._before, after))
            handed = played.ended == "transfer" or asked or stored
            if handed is not expected.handoff:
                told = "was" if handed else "was not"
                failures.append(Failure("handoff", f"the call {told} handed over to a person", scenario.line))
        failures += grade_truth(exchanges, self._before, after)
        return failures

    async def _check(self, turn: Turn, exchanges: Sequence[Exchange], ended: str) -> list[Failure]:
        expected = turn.expect or Expected()
        last = (await self._understood(exchanges) if expected.commands else list(exchanges))[-1]
        failures = grade_words(expected, [last], ended, turn.line)
        if expected.rows:
            now = await self._snapshot(self._scenario)
            for rows in expected.rows:
                failures += grade_rows(rows, self._before, now)
        return [replace(one, what=f"turn at line {turn.line}: {one.what}") for one in failures]

    async def _meanwhile(self, act: Act) -> None:
        business = self._stage.business
        for event in act.meanwhile:
            if not isinstance(event, Cancellation):
                await make_bookings(self._bench.database, business, event)
                continue
            for row in self._before.of("reservations"):
                if row["name"].casefold() == event.name.casefold() and row["status"] == "confirmed":
                    async with self._bench.database.tenant_session(business.tenant_id) as session:
                        await reservations.cancel(session, business, UUID(row["id"]), self._clock.now())

    async def _snapshot(self, scenario: Scenario) -> Snapshot:
        expected = [scenario.expect, *(turn.expect for turn in scenario.turns if turn.expect is not None)]
        wanted = [rows.table for one in expected for rows in one.rows]
        return await take_snapshot(self._bench.database, self._stage.tenant_id, self._zone, wanted)

    async def _understood(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """With what was understood, as it is stored."""
        assert self._conversation_id is not None
        async with self._bench.database.tenant_session(self._stage.tenant_id) as session:
            messages = await conversations.list_messages(session, self._conversation_id)
        commands = [tuple(message.commands) for message in messages if message.speaker == "caller"]
        heard = [one for one in exchanges if one.heard]
        understood = dict(zip(map(id, heard), commands, strict=False))
        return [replace(one, commands=understood.get(id(one), ())) for one in exchanges]


def referring(scenario: Scenario, references: dict[str, str]) -> Scenario:
    """The scenario with the references of what exists in what the caller says."""

    def told(act: Act) -> Act:
        return replace(act, text=with_references(act.text, references))

    return replace(
        scenario,
        turns=tuple(replace(turn, act=told(turn.act)) for turn in scenario.turns),
        answers={name: tuple(map(told, acts)) for name, acts in scenario.answers.items()},
    )
