"""Runs `CallTool`: outside any transaction, once, under a key by which the tool knows a repetition."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import NotFound, ProviderError
from reception.core.pointers import value_at
from reception.core.telemetry import EFFECT_FAILED
from reception.db.database import Database
from reception.dialogue.tools.outcomes import read, written
from reception.domains.agents.secrets import SecretInUse, secret_in_use
from reception.domains.conversations import claims
from reception.ports.business import Agent
from reception.ports.definition import ToolDefinition
from reception.ports.dialogue import Json
from reception.ports.tools import CallTool, Done, Outcome, Refused
from reception.ports.webhooks import ToolCall, ToolCaller

_log = structlog.get_logger(__name__)

_GRACE = timedelta(seconds=5)
"""Beyond the tool's time, after which whoever claimed the call is taken for dead."""
_ASKS_AGAIN_S = 0.1
_LONGEST_RESULT = 300
_RETURNED_TURN = 100
"""Where a turn is taken again with other words, its effects are keyed beyond those that did run."""


@dataclass(frozen=True, slots=True)
class ToolRuns:
    """The tools of one conversation with `agent`."""

    database: Database
    agent: Agent
    conversation_id: UUID
    clock: Clock
    caller: ToolCaller

    async def run(self, turn: int, index: int, effect: CallTool) -> Outcome:
        """What came of the call, now or when it was made before.

        Raises:
            Unavailable: the database cannot be reached.
        """
        name = f"CallTool {effect.tool.name}"
        while True:
            stored = await self._claim(turn, index, name, effect.tool)
            if stored is None:
                break
            if stored.get("effect") != name:
                index += _RETURNED_TURN
            elif claims.is_claim(stored):
                await asyncio.sleep(_ASKS_AGAIN_S)
            else:
                return read(stored)
        outcome = await self._call(turn, index, effect)
        async with self.database.tenant_session(self.agent.tenant_id) as session:
            await claims.settle(session, self.conversation_id, turn, index, written(name, outcome))
        return outcome

    async def _claim(self, turn: int, index: int, name: str, tool: ToolDefinition) -> Mapping[str, Json] | None:
        now = self.clock.now()
        until = now + timedelta(seconds=tool.timeout_s) + _GRACE
        async with self.database.tenant_session(self.agent.tenant_id) as session:
            return await claims.claim(
                session, self.agent.tenant_id, self.conversation_id, turn, index, name, now=now, until=until
            )

    async def _call(self, turn: int, index: int, effect: CallTool) -> Outcome:
        data: dict[str, Json] = {
            "tool": effect.tool.name,
            "agent_id": str(self.agent.agent_id),
            "agent_version": self.agent.version,
            "conversation_id": str(self.conversation_id),
            "turn": turn,
            "flow": effect.flow,
            "arguments": effect.arguments,
        }
        call_id = f"tool_{self.conversation_id.hex}_{turn}_{index}"
        call = ToolCall(effect.tool, self.agent.tenant_id, self.agent.agent_id, call_id, data, await self._secrets())
        try:
            answer = await self.caller.call(call)
        except ProviderError as error:
            _log.warning(EFFECT_FAILED, code=error.code, tool=effect.tool.name, detail=error.detail, turn=turn)
            return Refused(error.code)
        return Done(results=_results(effect.tool, answer))

    async def _secrets(self) -> tuple[int, ...]:
        """Those in use now: they may have been changed since the conversation began."""
        try:
            async with self.database.tenant_session(self.agent.tenant_id) as session:
                in_use = await secret_in_use(session, self.agent.agent_id)
        except NotFound:
            in_use = SecretInUse()
        return in_use.numbers(self.clock.now())


def _results(tool: ToolDefinition, answer: Mapping[str, Json]) -> Mapping[str, str]:
    """The values that the tool's owner named, as text; what is no plain value is left out."""
    found: dict[str, str] = {}
    for result in tool.results:
        value = value_at(answer, result.pointer)
        if isinstance(value, bool):
            found[result.name] = "yes" if value else "no"
        elif isinstance(value, str | int | float):
            found[result.name] = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[
                :_LONGEST_RESULT
            ]
    return found
