"""One small real request to each model that is wanted from a vendor."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from reception.core.errors import AppError, MissingModel, ProviderLimited, ProviderRefused, ProviderTimeout
from reception.providers.access import Access, Part
from reception.providers.desk import Wanted
from reception.providers.limits import UNHURRIED
from reception.providers.llm.catalogue import check_model
from reception.providers.llm.choice import ModelChoice
from reception.providers.llm.models import LanguageConfig
from reception.providers.llm.vendors import vendor_of
from reception.providers.registry import EMBEDDINGS, SPEECH_TO_TEXT, TEXT_TO_SPEECH, Entry, find
from reception.providers.resilience.probing import probe_chat_model, probe_embedder, probe_recognizer, probe_voice
from reception.providers.spec import EMBEDDED, ProviderSpec

_ENTRIES: Mapping[Part, Mapping[str, Entry[Any]]] = {
    "embeddings": EMBEDDINGS,
    "tts": TEXT_TO_SPEECH,
    "stt": SPEECH_TO_TEXT,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """How a model answered: in `took_s`, or not, with what to do about it in `advice`."""

    part: Part
    provider: str
    took_s: float
    problem: str = ""
    advice: str = ""


_LONGEST_S = 30.0
"""For one question, whatever the vendor does meanwhile."""


async def check_providers(wanted: Wanted, http: httpx.AsyncClient) -> list[Checked]:
    """Ask each vendor's model once, all of them at the same time, with time enough for a slow one."""
    parts: list[tuple[Part, tuple[ProviderSpec, ...]]] = [
        ("stt", wanted.stt),
        ("tts", wanted.tts),
        ("embeddings", (wanted.embeddings,)),
    ]
    asked = [(part, spec) for part, specs in parts for spec in specs if spec.vendor != EMBEDDED]
    return await asyncio.gather(*[_check(part, spec, wanted, http) for part, spec in asked])


async def check_language(config: LanguageConfig) -> list[Checked]:
    """Ask each language model for a word, all of them at the same time."""
    return await asyncio.gather(*[_check_model(choice, config) for choice in config.choices()])


async def check_key(vendor: str, key: str, wanted: Wanted, config: LanguageConfig, http: httpx.AsyncClient) -> Checked:
    """See with one request of the cheapest kind whether `vendor` takes `key`, which a tenant has brought: of what the
    installation names of the vendor, else of the vendor's usual model."""
    keyed = replace(wanted, keys={**wanted.keys, vendor: key})
    named: list[tuple[Part, ProviderSpec]] = [
        *(("embeddings", spec) for spec in (wanted.embeddings,)),
        *(("tts", spec) for spec in wanted.tts),
        *(("stt", spec) for spec in wanted.stt),
    ]
    usual: list[tuple[Part, ProviderSpec]] = [
        (part, ProviderSpec(vendor)) for part, entries in _ENTRIES.items() if vendor in entries
    ]
    for part, spec in [*(one for one in named if one[1].vendor == vendor), *usual]:
        return await _check(part, spec, keyed, http)
    choice = next((one for one in config.choices() if one.vendor == vendor), ModelChoice(vendor, ""))
    return await _check_listing(choice, key, config.base_urls.get(vendor, ""))


async def _check_listing(choice: ModelChoice, key: str, base_url: str) -> Checked:
    """The list of models costs nothing, and wants the key all the same."""
    return await _timed("llm_out", choice.vendor, partial(check_model, choice, key, base_url), _language_advice(choice))


async def _check_model(choice: ModelChoice, config: LanguageConfig) -> Checked:
    async def ask() -> None:
        key, base_url = config.keys.get(choice.vendor, ""), config.base_urls.get(choice.vendor, "")
        # Loading a vendor's package takes up to two seconds, which are not the vendor's.
        from reception.providers.llm.chat import LangChainChatModel  # noqa: PLC0415

        found = await check_model(choice, key, base_url)
        model = await asyncio.to_thread(LangChainChatModel, found, key, base_url)
        try:
            await probe_chat_model(model)
        finally:
            await model.aclose()

    return await _timed("llm_out", choice.provider, ask, _language_advice(choice))


async def _check(part: Part, spec: ProviderSpec, wanted: Wanted, http: httpx.AsyncClient) -> Checked:
    names: tuple[str, ...] = ()

    async def ask() -> None:
        nonlocal names
        names, question = _question(part, spec, wanted, http)
        await question()

    return await _timed(part, spec.name, ask, lambda error: _advice(error, spec, names))


async def _timed(
    part: Part, provider: str, ask: Callable[[], Awaitable[object]], advice: Callable[[AppError], str]
) -> Checked:
    started_s = time.perf_counter()
    try:
        async with asyncio.timeout(_LONGEST_S):
            await ask()
    except TimeoutError:
        late = ProviderTimeout(provider, f"{provider} did not answer in {_LONGEST_S:.0f} s", retryable=True)
        return Checked(part, provider, _LONGEST_S, late.detail, advice(late))
    except AppError as error:
        return Checked(part, provider, time.perf_counter() - started_s, error.detail, advice(error))
    return Checked(part, provider, time.perf_counter() - started_s)


def _language_advice(choice: ModelChoice) -> Callable[[AppError], str]:
    names = tuple(name for name in (vendor_of(choice.vendor).key_variable,) if name)
    return lambda error: _advice(error, ProviderSpec(choice.vendor, choice.model), names)


def _question(
    part: Part, spec: ProviderSpec, wanted: Wanted, http: httpx.AsyncClient
) -> tuple[tuple[str, ...], Callable[[], Awaitable[None]]]:
    """The names of the vendor's key, and what to ask it."""

    def access(model: str, address: str) -> Access:
        address = spec.base_url or wanted.addresses.get(spec.vendor, address)
        key = wanted.keys.get(spec.vendor, "")
        return Access(spec.name, spec.model or model, address, http, key, UNHURRIED)

    match part:
        case "stt":
            ears = find(SPEECH_TO_TEXT, spec)
            return ears.key_names, partial(probe_recognizer, ears.make(access(ears.model, ears.address)))
        case "tts":
            voice = find(TEXT_TO_SPEECH, spec)
            return voice.key_names, partial(probe_voice, voice.make(access(voice.model, voice.address)))
        case _:
            meaning = find(EMBEDDINGS, spec)
            return meaning.key_names, partial(probe_embedder, meaning.make(access(meaning.model, meaning.address)))


def _advice(error: AppError, spec: ProviderSpec, key_names: tuple[str, ...]) -> str:
    key = key_names[0] if key_names else "the vendor's credentials"
    match error:
        case MissingModel():
            return f"Run: {error.mend}"
        case ProviderRefused(detail=detail) if "no model" in detail:
            return "Name one of those that it has."
        case ProviderRefused(detail=detail) if "key" in detail or "401" in detail or "403" in detail:
            return f"Set {key} to a key that is valid and may use this model."
        case ProviderRefused(detail=detail) if "terms" in detail:
            return (
                f"Have an admin of the account accept the terms of {spec.model or 'the model'} in the vendor's console."
            )
        case ProviderRefused():
            return (
                f"See whether {spec.vendor} has a model {spec.model or '(its usual one)'} and the voice by these names."
            )
        case ProviderLimited():
            return "Wait, or raise the account's limit; see whether its quota is used up."
        case ProviderTimeout():
            return "See whether this machine reaches the vendor, and whether a proxy is needed (HTTPS_PROXY)."
        case _ if "connection" in error.detail or "reached" in error.detail:
            return "See whether the address is right and this machine reaches it."
        case _:
            return "Try again; if it stays, see the vendor's status page."
