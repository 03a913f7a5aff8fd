"""`WholeKnowledge` on the domains: read once a version, and then kept in the process."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from reception.core.errors import NotFound
from reception.db.database import Database
from reception.domains.knowledge.whole import read_all, read_versions
from reception.ports.knowledge import KnowledgePrefix, Passage

BUDGET_TOKENS = 6_000
_CHARS_A_TOKEN = 3.5
"""English has more than four; figures and names have fewer."""
_CHARS_OF_FENCE = 45
"""What a prompt has around a passage."""
_MOST_KEPT = 512


class KnowledgePrefixes:
    """Shared by the conversations of a process: up to 512 agents' prefixes, the least recently used forgotten first.

    Every turn reads the version, and the passages only when it has changed.
    """

    def __init__(self, database: Database, *, budget_tokens: int = BUDGET_TOKENS) -> None:
        self._database = database
        self._budget_tokens = budget_tokens
        self._kept: OrderedDict[UUID, tuple[int, KnowledgePrefix | None]] = OrderedDict()

    async def whole(self, tenant_id: UUID, agent_id: UUID) -> KnowledgePrefix | None:
        """As `WholeKnowledge.whole`."""
        reader = self._database.tenant_reader(tenant_id)
        try:
            version = (await read_versions(reader, agent_id)).knowledge
        except NotFound:
            return None
        kept = self._kept.get(agent_id)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(agent_id)
            return kept[1]
        most_chars = int(self._budget_tokens * _CHARS_A_TOKEN)
        passages = await read_all(reader, agent_id, most_chars=most_chars)
        prefix = prefix_of(passages, version)
        if prefix is not None and prefix.tokens > self._budget_tokens:
            prefix = None
        self._kept[agent_id] = (version, prefix)
        self._kept.move_to_end(agent_id)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return prefix


@dataclass(frozen=True, slots=True)
class AgentKnowledge:
    """Implements `ports.knowledge.WholeKnowledge` for one agent."""

    prefixes: KnowledgePrefixes
    tenant_id: UUID
    agent_id: UUID

    async def whole(self) -> KnowledgePrefix | None:
        return await self.prefixes.whole(self.tenant_id, self.agent_id)


def prefix_of(passages: Sequence[Passage], version: int) -> KnowledgePrefix | None:
    """`passages` with what they come to in a prompt; None without any."""
    if not passages:
        return None
    chars = sum(len(passage.heading) + len(passage.text) + _CHARS_OF_FENCE for passage in passages)
    return KnowledgePrefix(tuple(passages), int(chars / _CHARS_A_TOKEN) + 1, version)
