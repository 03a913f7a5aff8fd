"""The language models of an installation's agents."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from reception.core.clock import Clock
from reception.dialogue.language.turn import LanguageModel
from reception.ports.business import AgentSettings
from reception.providers.access import Watch
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.providers.llm.vendors import generation_of
from reception.runtime.switches import Switches

LanguageOf = Callable[[UUID, AgentSettings], Awaitable[LanguageModel | None]]
"""The language model for one conversation with a tenant's agent of these settings, None for local mode. Does not
raise."""
KeysOf = Callable[[UUID], Awaitable[Mapping[str, str]]]
"""A tenant's own keys, by vendor. Does not raise."""


async def no_language(tenant_id: UUID, settings: AgentSettings) -> LanguageModel | None:
    """Local mode for everybody."""
    return None


async def no_keys(tenant_id: UUID) -> Mapping[str, str]:
    """For an installation whose tenants have none of their own."""
    return {}


@asynccontextmanager
async def open_language(
    config: LanguageConfig,
    clock: Clock,
    progress: Callable[[str], None],
    budget_s: float,
    *,
    keys_of: KeysOf = no_keys,
    watch: Watch | None = None,
    switches: Switches | None = None,
) -> AsyncIterator[LanguageOf]:
    """The models, whose connections are closed at exit. What is wrong with one is told to `progress`, and its agents
    go on with the next, or in local mode. `watch` is told of every request, and `switches` of every switch outside
    calls.

    Raises:
        AppError: the installation's choice cannot be read, or lacks its key or a package.
    """
    models = LanguageModels(config, watch=watch, on_switch=switches or Switches())
    await models.check(progress)

    async def language(tenant_id: UUID, chosen: AgentSettings) -> LanguageModel | None:
        keys = {} if models.is_local(chosen.llm) else await keys_of(tenant_id)
        model = await models.for_agent(chosen.llm, keys)
        return None if model is None else LanguageModel(model, clock, budget_s, generation_of(model.provider))

    try:
        yield language
    finally:
        await models.aclose()
