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


class AgentLanguage:
    """The language models of agents: itself a `LanguageOf`."""

    def __init__(self, models: LanguageModels, clock: Clock, budget_s: float, keys_of: KeysOf) -> None:
        self._models = models
        self._clock = clock
        self._budget_s = budget_s
        self._keys_of = keys_of

    async def __call__(self, tenant_id: UUID, settings: AgentSettings) -> LanguageModel | None:
        keys = {} if self._models.is_local(settings.llm) else await self._keys_of(tenant_id)
        model = await self._models.for_agent(settings.llm, keys)
        if model is None:
            return None
        return LanguageModel(model, self._clock, self._budget_s, generation_of(model.provider))

    def load(self, settings: AgentSettings) -> None:
        """Begin to load what calls of an agent with these settings will need. Returns at once."""
        if settings.llm:
            self._models.load(settings.llm)


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
) -> AsyncIterator[AgentLanguage]:
    """The models, whose connections are closed at exit. What is wrong with one is told to `progress`, and its agents
    go on with the next, or in local mode. `watch` is told of every request, and `switches` of every switch outside
    calls.

    Raises:
        AppError: the installation's choice cannot be read, or lacks its key or a package.
    """
    models = LanguageModels(config, watch=watch, on_switch=switches or Switches())
    await models.check(progress)

    try:
        yield AgentLanguage(models, clock, budget_s, keys_of)
    finally:
        await models.aclose()
