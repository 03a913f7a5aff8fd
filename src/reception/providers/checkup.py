"""One small real request to each model that is wanted from a vendor."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import httpx

from reception.core.errors import AppError, ProviderLimited, ProviderRefused, ProviderTimeout
from reception.providers.access import Access, Part
from reception.providers.desk import Wanted
from reception.providers.limits import UNHURRIED
from reception.providers.registry import EMBEDDINGS, SPEECH_TO_TEXT, TEXT_TO_SPEECH, find
from reception.providers.resilience.probing import probe_embedder, probe_recognizer, probe_voice
from reception.providers.spec import EMBEDDED, ProviderSpec


@dataclass(frozen=True, slots=True)
class Checked:
    """How a model answered: in `took_s`, or not, with what to do about it in `advice`."""

    part: Part
    provider: str
    took_s: float
    problem: str = ""
    advice: str = ""


async def check_providers(wanted: Wanted, http: httpx.AsyncClient) -> list[Checked]:
    """Ask each vendor's model once, one after another, with time enough for a slow one."""
    parts: list[tuple[Part, tuple[ProviderSpec, ...]]] = [
        ("stt", wanted.stt),
        ("tts", wanted.tts),
        ("embeddings", (wanted.embeddings,)),
    ]
    return [
        await _check(part, spec, wanted, http) for part, specs in parts for spec in specs if spec.vendor != EMBEDDED
    ]


async def _check(part: Part, spec: ProviderSpec, wanted: Wanted, http: httpx.AsyncClient) -> Checked:
    started_s = time.perf_counter()
    names: tuple[str, ...] = ()
    try:
        names, ask = _question(part, spec, wanted, http)
        await ask()
    except AppError as error:
        took_s = time.perf_counter() - started_s
        return Checked(part, spec.name, took_s, error.detail, _advice(error, spec, names))
    return Checked(part, spec.name, time.perf_counter() - started_s)


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
        case _ if "connection" in error.detail:
            return "See whether the address is right and this machine reaches it."
        case _:
            return "Try again; if it stays, see the vendor's status page."
