"""`AnswerCache` on the domains: a shelf in the process before the one in the database.

The versions that an answer depends on are part of its key, and are read with every look-up: what a document, the agent
or the hours have made untrue is never found again, in whichever process it was given, from the commit of the change on.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.clock import Clock
from reception.core.errors import NotFound, Unavailable
from reception.core.rounds import every
from reception.core.telemetry import ANSWERS_NOT_COUNTED
from reception.db.database import Database
from reception.dialogue.likeness import LONGEST_QUESTION, normalised, same_question
from reception.domains.knowledge import answers as kept
from reception.domains.knowledge.whole import read_versions
from reception.ports.answers import Answer, CacheLevel, CacheUse, Lookup
from reception.ports.business import Agent, Business
from reception.ports.dialogue import Citation, Json, Say
from reception.ports.knowledge import Versions

_log = structlog.get_logger(__name__)

LIFETIME = timedelta(hours=24)
MOST_ON_SHELF = 4_096
FLUSH_EVERY_S = 5.0
_MOST_SENTENCES_KNOWN = 3 * MOST_ON_SHELF

Embed = Callable[[str], Awaitable[NDArray[np.float32] | None]]


@dataclass(frozen=True, slots=True)
class _OnShelf:
    key: bytes
    answer: Answer
    expires_s: float


class AnswerShelf:
    """Shared by the conversations of a process: the latest answers, and the counts not yet in the database."""

    def __init__(self, database: Database, clock: Clock, *, most: int = MOST_ON_SHELF) -> None:
        self.database = database
        self.clock = clock
        self._most = most
        self._answers: OrderedDict[tuple[UUID, bytes], _OnShelf] = OrderedDict()
        self._sentences: OrderedDict[tuple[UUID, str], UUID] = OrderedDict()
        self._counts: dict[UUID, kept.CacheCounts] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, tenant_id: UUID, question_hash: bytes) -> tuple[bytes, Answer] | None:
        """The key and answer last put there, while it lasts."""
        found = self._answers.get((tenant_id, question_hash))
        if found is None:
            return None
        if found.expires_s <= self.clock.monotonic_s():
            del self._answers[(tenant_id, question_hash)]
            return None
        self._answers.move_to_end((tenant_id, question_hash))
        return found.key, found.answer

    def put(self, tenant_id: UUID, question_hash: bytes, key: bytes, answer: Answer) -> None:
        expires_s = self.clock.monotonic_s() + LIFETIME.total_seconds()
        self._answers[(tenant_id, question_hash)] = _OnShelf(key, answer, expires_s)
        self._answers.move_to_end((tenant_id, question_hash))
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)

    def note(self, tenant_id: UUID, answer_id: UUID, answer: Answer) -> None:
        """The sentences of an answer that is in the database are anybody's to hear."""
        for say in answer.sentences:
            self._sentences[(tenant_id, say.text)] = answer_id
            self._sentences.move_to_end((tenant_id, say.text))
        while len(self._sentences) > _MOST_SENTENCES_KNOWN:
            self._sentences.popitem(last=False)

    def answer_with(self, tenant_id: UUID, sentence: str) -> UUID | None:
        """A kept answer that has this sentence, of those seen by this process."""
        return self._sentences.get((tenant_id, sentence))

    def count(self, tenant_id: UUID, lookup: Lookup) -> None:
        """Take a look-up of a committed turn into the tenant's counts."""
        counts = self._counts.setdefault(tenant_id, kept.CacheCounts())
        match lookup.level:
            case CacheLevel.PROCESS:
                counts.process_hits += 1
            case CacheLevel.DATABASE:
                counts.database_hits += 1
            case CacheLevel.SEMANTIC:
                counts.semantic_hits += 1
            case CacheLevel.MISS:
                counts.misses += 1
        counts.stale_prevented += lookup.stale
        if lookup.answer is not None:
            counts.saved_ms += max(0.0, lookup.answer.cost_ms - lookup.elapsed_ms)
            counts.saved_tokens += lookup.answer.cost_tokens

    async def stats(self, tenant_id: UUID) -> kept.CacheStats:
        """The tenant's counts: this process's to the moment, others' as of at most five seconds ago."""
        await self._flush_one(tenant_id)
        async with self.database.tenant_session(tenant_id) as session:
            return await kept.read_stats(session, self.clock.now())

    async def clear(self, tenant_id: UUID) -> None:
        """Forget the tenant's answers, in every process."""
        async with self.database.tenant_session(tenant_id) as session:
            await kept.clear_answers(session)

    async def run(self) -> None:
        """Bring the counts to the database again and again, until cancelled."""
        await every(FLUSH_EVERY_S, self._flush, failed=ANSWERS_NOT_COUNTED)

    async def flush(self) -> None:
        """Bring the counts to the database; those that cannot be are kept for the next time."""
        try:
            await self._flush()
        except Unavailable as error:
            _log.warning(ANSWERS_NOT_COUNTED, code=error.code)

    async def _flush(self) -> None:
        for tenant_id in list(self._counts):
            await self._flush_one(tenant_id)

    async def _flush_one(self, tenant_id: UUID) -> None:
        counts = self._counts.pop(tenant_id, None)
        if counts is None:
            return
        try:
            async with self.database.tenant_session(tenant_id) as session:
                await kept.add_counts(session, tenant_id, counts)
        except Unavailable:
            newer = self._counts.get(tenant_id)
            self._counts[tenant_id] = counts if newer is None else _sum(counts, newer)
            raise


@dataclass(frozen=True, slots=True)
class AgentAnswers:
    """Implements `ports.answers.AnswerCache` for one conversation with `agent`.

    `embed` gives a question's vector, or None where there is none now: then only the same words are the same question.
    `writer` names who words answers, its settings and instructions; what another has worded is not found.
    """

    shelf: AnswerShelf
    business: Business
    agent: Agent
    embed: Embed
    model: str
    writer: str = ""

    async def find(self, question: str) -> Lookup:
        began_s = self.shelf.clock.monotonic_s()
        hashed = self._hash(question)
        tenant_id, now = self.business.tenant_id, self.shelf.clock.now()
        on_shelf = self.shelf.get(tenant_id, hashed)
        stored: kept.KeptAnswer | None = None
        reader = self.shelf.database.tenant_reader(tenant_id)
        try:
            if on_shelf is None:
                versions, stored = await kept.find_answer_and_versions(reader, self.agent.agent_id, hashed, now)
            else:
                versions = await read_versions(reader, self.agent.agent_id)
        except NotFound:
            return self._found(question, CacheLevel.MISS, None, None, began_s)
        key = self._key(hashed, versions)
        if on_shelf is not None and on_shelf[0] != key:
            stored = await kept.find_answer(reader, hashed, now)
        stale = any(each is not None and each != key for each in (on_shelf and on_shelf[0], stored and stored.key))
        if not self._is_current(versions):
            return self._found(question, CacheLevel.MISS, None, None, began_s, stale=stale)
        if on_shelf is not None and on_shelf[0] == key:
            return self._found(question, CacheLevel.PROCESS, on_shelf[1], versions, began_s)
        if stored is not None and stored.key == key:
            answer = _read(stored)
            self.shelf.put(tenant_id, hashed, key, answer)
            self.shelf.note(tenant_id, stored.answer_id, answer)
            return self._found(question, CacheLevel.DATABASE, answer, versions, began_s)
        near = await self._near(question, versions)
        level = CacheLevel.MISS if near is None else CacheLevel.SEMANTIC
        return self._found(question, level, near, versions, began_s, stale=stale)

    async def committed(self, uses: Sequence[CacheUse]) -> None:
        tenant_id = self.business.tenant_id
        for use in uses:
            lookup = use.lookup
            if not use.counted:
                self.shelf.count(tenant_id, lookup)
            if lookup.versions is None:
                continue
            hashed = self._hash(lookup.question)
            if lookup.level is CacheLevel.SEMANTIC and lookup.answer is not None:
                # In this process only, and without a vector: likeness is never inherited.
                self.shelf.put(tenant_id, hashed, self._key(hashed, lookup.versions), lookup.answer)
            elif use.fresh is not None:
                await self._keep(lookup.question, hashed, lookup.versions, use.fresh)

    async def _near(self, question: str, versions: Versions) -> Answer | None:
        vector = await self.embed(question)
        if vector is None:
            return None
        found = await kept.find_near(
            self.shelf.database.tenant_reader(self.business.tenant_id),
            self.agent.agent_id,
            self.business.locale,
            versions,
            vector,
            self.model,
            self.writer,
            self.shelf.clock.now(),
        )
        same = next((each for each in found if same_question(question, each.question, each.similarity)), None)
        if same is None:
            return None
        answer = _read(same)
        self.shelf.note(self.business.tenant_id, same.answer_id, answer)
        return answer

    async def _keep(self, question: str, hashed: bytes, versions: Versions, answer: Answer) -> None:
        vector, now = await self.embed(question), self.shelf.clock.now()
        key = self._key(hashed, versions)
        async with self.shelf.database.tenant_session(self.business.tenant_id) as session:
            if await read_versions(session, self.agent.agent_id) != versions:
                return
            answer_id = await kept.keep_answer(
                session,
                self.business.tenant_id,
                self.agent.agent_id,
                locale=self.business.locale,
                question=question[:LONGEST_QUESTION],
                question_hash=hashed,
                key=key,
                versions=versions,
                vector=vector,
                model=self.model,
                writer=self.writer,
                answer=_written(answer),
                cost_ms=answer.cost_ms,
                cost_tokens=answer.cost_tokens,
                now=now,
                expires_at=now + LIFETIME,
            )
        self.shelf.put(self.business.tenant_id, hashed, key, answer)
        self.shelf.note(self.business.tenant_id, answer_id, answer)

    def _is_current(self, versions: Versions) -> bool:
        """Whether this conversation works with the profile and the agent as they are now."""
        return versions.agent == self.agent.version and versions.business == self.business.version

    def _hash(self, question: str) -> bytes:
        named = f"{self.agent.agent_id}\n{self.business.locale}\n{normalised(question)}"
        return hashlib.sha256(self.business.tenant_id.bytes + named.encode()).digest()

    def _key(self, question_hash: bytes, versions: Versions) -> bytes:
        named = f"{versions.agent}\n{versions.business}\n{versions.knowledge}\n{self.writer}"
        return hashlib.sha256(question_hash + named.encode()).digest()

    def _found(
        self,
        question: str,
        level: CacheLevel,
        answer: Answer | None,
        versions: Versions | None,
        began_s: float,
        *,
        stale: bool = False,
    ) -> Lookup:
        elapsed_ms = (self.shelf.clock.monotonic_s() - began_s) * 1000
        return Lookup(question, level, answer, versions, stale, elapsed_ms)


def _written(answer: Answer) -> Mapping[str, Json]:
    return {
        "sentences": [
            {
                "text": say.text,
                "citations": [{"chunk_id": str(cite.chunk_id), "document": cite.document} for cite in say.citations],
            }
            for say in answer.sentences
        ]
    }


def _read(stored: kept.KeptAnswer) -> Answer:
    return Answer(tuple(_say(each) for each in stored.answer["sentences"]), stored.cost_ms, stored.cost_tokens)


def _say(stored: Mapping[str, Any]) -> Say:
    cited = tuple(Citation(UUID(cite["chunk_id"]), cite["document"]) for cite in stored["citations"])
    return Say(stored["text"], cited)


def _sum(one: kept.CacheCounts, other: kept.CacheCounts) -> kept.CacheCounts:
    return kept.CacheCounts(*(getattr(one, name) + getattr(other, name) for name in kept.CacheCounts.__slots__))
