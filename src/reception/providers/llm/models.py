"""The chat models of an installation: the one chosen for it, and those that agents choose for themselves."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError, InvalidInput, ProviderError
from reception.core.telemetry import PROVIDER_FAILED
from reception.ports.language import ChatModel
from reception.providers.llm.catalogue import check_model
from reception.providers.llm.choice import COMPATIBLE, DEFAULT_MODELS, ModelChoice, read_choice
from reception.providers.llm.vendors import vendor_of

_log = structlog.get_logger(__name__)

MOST_MODELS = 16
"""Of those that agents chose; beyond, the one not used for longest is let go."""


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """`chosen` is as an operator writes it, empty for the default; `keys` are by vendor, `base_urls` replace vendors'
    own addresses."""

    chosen: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)

    def choice(self) -> ModelChoice | None:
        """The installation's model, or None for local mode.

        Raises:
            InvalidInput: `chosen` cannot be read.
        """
        if self.chosen:
            return read_choice(self.chosen)
        with_key = (ModelChoice(vendor, model) for vendor, model in DEFAULT_MODELS.items() if self.keys.get(vendor))
        return next(with_key, None)


class LanguageModels:
    """Hands out guarded chat models; one for each choice, shared by all conversations."""

    def __init__(self, config: LanguageConfig, clock: Clock) -> None:
        """Raises `InvalidInput` where the installation's choice cannot be read, or lacks its key."""
        self._config = config
        self._clock = clock
        self._made: OrderedDict[ModelChoice, ChatModel] = OrderedDict()
        self._making = asyncio.Lock()
        self._choice = config.choice()
        if self._choice is not None:
            self._check_key(self._choice)

    async def check(self, progress: Callable[[str], None]) -> None:
        """Load the installation's model, if there is one, and ask its vendor whether it has it. What is wrong is told
        to `progress` and logged; a model that is missing for certain is not used."""
        if self._choice is None:
            return
        key, base_url = self._access(self._choice)
        try:
            self._choice = await check_model(self._choice, key, base_url)
            await self._model(self._choice)
            progress(f"Language model {self._choice.provider} ready")
        except ProviderError as error:
            _log.warning(PROVIDER_FAILED, part="llm", provider=error.provider, detail=error.detail)
            if error.retryable and self._choice.model:
                await self._model(self._choice)
                progress(f"Language model: {error.detail} Until it answers, understanding and answers are local.")
            else:
                self._choice = None
                progress(f"Language model: {error.detail} Going on without it.")

    async def for_agent(self, chosen: str) -> ChatModel | None:
        """The model that an agent uses which has chosen so, None for local mode. Empty is the installation's.

        What cannot be used is logged, and then the agent goes on in local mode.
        """
        try:
            choice = read_choice(chosen) if chosen else self._choice
            # An agent's owner may not send this server to addresses of their choice.
            if choice is None or (chosen and choice.vendor == COMPATIBLE):
                return None
            self._check_key(choice)
            return await self._model(choice)
        except AppError as error:
            _log.warning(PROVIDER_FAILED, part="llm", detail=error.detail)
            return None

    async def aclose(self) -> None:
        """Close the connections of all models."""
        for model in self._made.values():
            await model.aclose()

    async def _model(self, choice: ModelChoice) -> ChatModel:
        if choice not in self._made:
            async with self._making:
                if choice not in self._made:
                    self._made[choice] = await asyncio.to_thread(self._load, choice)
            while len(self._made) > MOST_MODELS:
                self._made.popitem(last=False)
        self._made.move_to_end(choice)
        return self._made[choice]

    def _load(self, choice: ModelChoice) -> ChatModel:
        # LangChain and the SDKs take up to two seconds to load, and local mode needs neither.
        from reception.providers.llm.chat import LangChainChatModel  # noqa: PLC0415
        from reception.providers.llm.guarded import GuardedChatModel  # noqa: PLC0415
        from reception.providers.llm.metered import MeteredChatModel  # noqa: PLC0415

        key, base_url = self._access(choice)
        return GuardedChatModel(MeteredChatModel(LangChainChatModel(choice, key, base_url)), self._clock)

    def _access(self, choice: ModelChoice) -> tuple[str, str]:
        return self._config.keys.get(choice.vendor, ""), self._config.base_urls.get(choice.vendor, "")

    def _check_key(self, choice: ModelChoice) -> None:
        vendor = vendor_of(choice.vendor)
        if vendor.module and choice.vendor != COMPATIBLE and not self._config.keys.get(choice.vendor):
            raise InvalidInput(f"The language model {choice.provider} needs {vendor.key_variable} to be set.")
