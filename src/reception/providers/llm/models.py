"""The chat models of an installation: those chosen for it, and those that agents choose for themselves."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from reception.core.errors import AppError, InvalidInput, ProviderError
from reception.core.telemetry import PROVIDER_FAILED
from reception.ports.events import ProviderSwitched
from reception.ports.language import ChatModel
from reception.providers.access import NoWatch, Watch
from reception.providers.llm.catalogue import check_model
from reception.providers.llm.choice import COMPATIBLE, DEFAULT_MODELS, ModelChoice, read_choices
from reception.providers.llm.loading import LoadingChatModel
from reception.providers.llm.metered import MeteredChatModel
from reception.providers.llm.vendors import vendor_of
from reception.providers.packages import Package
from reception.providers.resilience.chain import Link, OnSwitch, Probes, present_call
from reception.providers.resilience.health import Health
from reception.providers.resilience.language import ResilientChatModel
from reception.providers.resilience.probing import probe_chat_model
from reception.providers.wire import used_up_for_s

_log = structlog.get_logger(__name__)

MOST_MODELS = 64
"""With their connections, one for each model and key; beyond, the one not used for longest is let go."""
_NO_KEYS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """`chosen` is as an operator writes it, empty for the default; `keys` are by vendor, `base_urls` replace vendors'
    own addresses."""

    chosen: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)

    def choices(self) -> tuple[ModelChoice, ...]:
        """The installation's models, the preferred one first; none for local mode.

        Raises:
            InvalidInput: `chosen` cannot be read.
        """
        if self.chosen:
            return read_choices(self.chosen)
        with_key = (ModelChoice(vendor, model) for vendor, model in DEFAULT_MODELS.items() if self.keys.get(vendor))
        return tuple(with_key)[:1]


class LanguageModels:
    """Hands out a chat model for each conversation. Those behind it are shared by all that use the same model with the
    same key, as are their connections and what is known of their health."""

    def __init__(
        self, config: LanguageConfig, *, watch: Watch | None = None, on_switch: OnSwitch | None = None
    ) -> None:
        """`on_switch` is told of switches outside calls; in a call, whoever it has in `present_call`.

        Raises:
            InvalidInput: the installation's choice cannot be read, or lacks a key.
        """
        self._config = config
        self._watch = watch or NoWatch()
        self._on_switch = on_switch
        self._links: OrderedDict[tuple[ModelChoice, str], Link[ChatModel]] = OrderedDict()
        self._probes = Probes()
        self._packages: dict[str, Package[None]] = {}
        self._choices = config.choices()
        for choice in self._choices:
            self._check_key(choice, _NO_KEYS)

    async def check(self, progress: Callable[[str], None]) -> None:
        """Load the installation's models, and ask each vendor whether it has its own. What is wrong is told to
        `progress` and logged; a model that is missing for certain is not used."""
        checked = await asyncio.gather(*[self._checked(choice, progress) for choice in self._choices])
        self._choices = tuple(choice for choice in checked if choice is not None)

    async def for_agent(self, chosen: str, keys: Mapping[str, str] = _NO_KEYS) -> ChatModel | None:
        """The model for one conversation of an agent that has chosen so, None for local mode. Empty is the
        installation's; `keys` are its tenant's own by vendor, which go before the installation's.

        What cannot be used is logged and left out.
        """
        links: list[Link[ChatModel]] = []
        for choice in self._wanted(chosen):
            try:
                self._check_key(choice, keys)
                links.append(self._link(choice, keys))
            except AppError as error:
                _log.warning(PROVIDER_FAILED, part="llm", detail=error.detail)
        return ResilientChatModel(links, self._probes, self._switched) if links else None

    async def loaded(self) -> None:
        """Wait until the packages of all models that have been handed out, or named to `load`, are loaded, or cannot
        be."""
        loading = [link.asked.loaded() for link in self._links.values() if isinstance(link.asked, LoadingChatModel)]
        packages = [package.ended(None) for package in self._packages.values()]
        await asyncio.gather(*loading, *packages, return_exceptions=True)

    def load(self, chosen: str) -> None:
        """Begin to load the packages of the vendors that an agent has chosen so, each once, in a thread: the first call
        then finds them there. Returns at once; what cannot be loaded is told of when a call wants it."""
        for choice in self._wanted(chosen):
            self._package(choice)

    def _package(self, choice: ModelChoice) -> Package[None]:
        if choice.vendor not in self._packages:
            self._packages[choice.vendor] = Package(choice.vendor, partial(_load_package, choice))
        return self._packages[choice.vendor]

    def is_local(self, chosen: str) -> bool:
        """Whether an agent that has chosen so asks nobody outside."""
        return not self._wanted(chosen)

    async def aclose(self) -> None:
        """Close the connections of all models."""
        await self._probes.aclose()
        await asyncio.gather(*[package.ended(None) for package in self._packages.values()])
        for link in self._links.values():
            await link.asked.aclose()

    def _wanted(self, chosen: str) -> tuple[ModelChoice, ...]:
        if not chosen:
            return self._choices
        try:
            # An agent's owner may not send this server to addresses of their choice.
            return tuple(choice for choice in read_choices(chosen) if choice.vendor != COMPATIBLE)
        except InvalidInput as error:
            _log.warning(PROVIDER_FAILED, part="llm", detail=error.detail)
            return ()

    async def _checked(self, choice: ModelChoice, progress: Callable[[str], None]) -> ModelChoice | None:
        """The choice as it can be used, None when it cannot."""
        try:
            choice = await check_model(choice, self._key(choice, _NO_KEYS), self._base_url(choice))
            await self._loaded(choice)
        except ProviderError as error:
            _log.warning(PROVIDER_FAILED, part="llm", provider=error.provider, detail=error.detail)
            if not error.retryable or not choice.model:
                progress(f"Language model: {error.detail} Going on without it.")
                return None
            await self._loaded(choice)
            others = "it is passed over" if len(self._choices) > 1 else "understanding and answers are local"
            progress(f"Language model: {error.detail} Until it answers, {others}.")
        else:
            progress(f"Language model {choice.provider} ready")
        return choice

    async def _loaded(self, choice: ModelChoice) -> None:
        """Raises `ProviderError` where its package is missing or does not take it."""
        model = self._link(choice, _NO_KEYS).asked
        assert isinstance(model, LoadingChatModel)
        await model.loaded()

    def _link(self, choice: ModelChoice, keys: Mapping[str, str]) -> Link[ChatModel]:
        key = self._key(choice, keys)
        known = (choice, hashlib.sha256(key.encode()).hexdigest())
        if known not in self._links:
            self._links[known] = self._made(choice, key)
            while len(self._links) > MOST_MODELS:
                self._links.popitem(last=False)
        self._links.move_to_end(known)
        return self._links[known]

    def _made(self, choice: ModelChoice, key: str) -> Link[ChatModel]:
        health = Health()

        def heed(headers: Mapping[str, str]) -> None:
            for_s = used_up_for_s(headers)
            if for_s > 0:
                health.limited(for_s)
                self._watch.on_limit(choice.provider, for_s)

        def make() -> ChatModel:
            # Local mode needs neither LangChain nor an SDK.
            from reception.providers.llm.chat import LangChainChatModel  # noqa: PLC0415

            return MeteredChatModel(LangChainChatModel(choice, key, self._base_url(choice), heed), self._watch)

        model = LoadingChatModel(choice.provider, self._package(choice), make)
        return Link(choice.provider, model, partial(probe_chat_model, model), health)

    def _switched(self, switched: ProviderSwitched) -> None:
        told = present_call.get() or self._on_switch
        if told is not None:
            told(switched)

    def _key(self, choice: ModelChoice, keys: Mapping[str, str]) -> str:
        own = "" if choice.vendor == COMPATIBLE else keys.get(choice.vendor, "")
        return own or self._config.keys.get(choice.vendor, "")

    def _base_url(self, choice: ModelChoice) -> str:
        return self._config.base_urls.get(choice.vendor, "")

    def _check_key(self, choice: ModelChoice, keys: Mapping[str, str]) -> None:
        vendor = vendor_of(choice.vendor)
        if vendor.module and choice.vendor != COMPATIBLE and not self._key(choice, keys):
            raise InvalidInput(f"The language model {choice.provider} needs {vendor.key_variable} to be set.")


def _load_package(choice: ModelChoice) -> None:
    """Make the vendor's model once, without a key, for an SDK loads part of itself only then.

    Raises:
        AppError: the package is not installed, or takes no such model.
    """
    from reception.providers.llm.chat import LangChainChatModel  # noqa: PLC0415

    LangChainChatModel(choice)
