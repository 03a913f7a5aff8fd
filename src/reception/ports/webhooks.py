"""Calling a service of an agent's owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from reception.ports.definition import ToolDefinition
from reception.ports.dialogue import Json


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of `tool` for an agent. `call_id` is the same whenever the same call is made again; `secrets` are the
    numbers of the agent's secrets that it is signed with, each of which a receiver may check by."""

    tool: ToolDefinition
    tenant_id: UUID
    agent_id: UUID
    call_id: str
    data: Mapping[str, Json]
    secrets: tuple[int, ...] = (0,)


class ToolCaller(Protocol):
    async def call(self, call: ToolCall) -> Mapping[str, Json]:
        """What the tool answered, an object.

        Raises:
            ProviderError: it cannot be reached, may not be reached, or did not answer as it should.
            ProviderTimeout: not within `tool.timeout_s`.
        """
        ...
