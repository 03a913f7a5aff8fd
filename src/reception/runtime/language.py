"""The language models of an installation's agents."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from reception.core.clock import Clock
from reception.dialogue.language.turn import LanguageModel
from reception.ports.business import AgentSettings
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.providers.llm.vendors import generation_of

LanguageOf = Callable[[AgentSettings], Awaitable[LanguageModel | None]]
"""The language model of an agent with these settings, None for local mode. Does not raise."""


async def no_language(settings: AgentSettings) -> LanguageModel | None:
    """Local mode for everybody."""
    return None


@asynccontextmanager
async def open_language(
    config: LanguageConfig, clock: Clock, progress: Callable[[str], None], budget_s: float
) -> AsyncIterator[LanguageOf]:
    """The models, whose connections are closed at exit. What is wrong with one is told to `progress`, and its agents
    go on in local mode.

    Raises:
        AppError: the installation's choice cannot be read, or lacks its key or a package.
    """
    models = LanguageModels(config, clock)
    await models.check(progress)

    async def language(chosen: AgentSettings) -> LanguageModel | None:
        model = await models.for_agent(chosen.llm)
        return None if model is None else LanguageModel(model, clock, budget_s, generation_of(model.provider))

    try:
        yield language
    finally:
        await models.aclose()
