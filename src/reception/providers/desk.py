"""Seats each call with those who hear and speak for it, as its agent and the installation wish."""

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import httpx
import structlog

from reception.core.errors import FieldProblem, InvalidInput, MissingModel
from reception.core.telemetry import PROVIDER_SKIPPED
from reception.ports.speech import Embedder, Recognizer, TextToSpeech, Voice
from reception.providers.access import Access, NoWatch, Part, RequestSeen, Watch
from reception.providers.account import account, own_keys
from reception.providers.bundle import Speech
from reception.providers.http import open_http
from reception.providers.limits import TimeLimits
from reception.providers.packages import Package
from reception.providers.registry import EMBEDDINGS, SPEECH_TO_TEXT, TEXT_TO_SPEECH, Entry, find
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Link, OnSwitch, Probes
from reception.providers.resilience.embedding import GuardedEmbedder
from reception.providers.resilience.health import Health
from reception.providers.resilience.probing import probe_embedder, probe_recognizer, probe_voice
from reception.providers.resilience.recognition import ResilientRecognizer
from reception.providers.resilience.voice import ResilientTextToSpeech, Speaker
from reception.providers.spec import EMBEDDED, ProviderSpec, parse_chain
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.vendor_tts import VendorTextToSpeech
from reception.providers.warm_sockets import Standby, WarmSockets
from reception.providers.warmth import Warmth

_log = structlog.get_logger(__name__)
T = TypeVar("T")

_CACHE_BYTES = 16 * 1024 * 1024
"""A quarter of an hour of telephone audio for each voice of a vendor."""
_MOST_LINKS = 256


_OWN = ProviderSpec(EMBEDDED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the installation uses unless an agent says otherwise, each the first of its chain first.

    `keys` are the installation's own, by vendor; `addresses` stand in for a vendor's own, for a gateway before it.
    """

    stt: tuple[ProviderSpec, ...] = (_OWN,)
    tts: tuple[ProviderSpec, ...] = (_OWN,)
    embeddings: ProviderSpec = _OWN
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who hears and speaks in one call.

    `vendor` is the voice that is asked first, where it is a vendor's; `streams` says that who hears listens as the
    caller speaks, so that what has been asked for cannot be taken back.
    """

    recognizer: Recognizer
    tts: TextToSpeech
    vendor: VendorTextToSpeech | None = None
    streams: bool = False

    def standby(self, voice: Voice, sample_rate_hz: int) -> Standby:
        """What the call may do so that its voice need not be connected to first; to be closed when it is over."""
        return Standby() if self.vendor is None else self.vendor.standby(voice, sample_rate_hz)


class SpeechDesk:
    """Makes adapters and keeps them: one for each model and key, so that all calls share its connections, its cache and
    what is known of its health.

    The installation's own models stand at the end of every chain. A call that wants nothing else gets them bare.
    """

    def __init__(
        self,
        own: Speech,
        wanted: Wanted,
        http: httpx.AsyncClient,
        *,
        watch: Watch | None = None,
        limits: TimeLimits = TimeLimits(),  # noqa: B008  a frozen value
        budget: Budget = Budget(),  # noqa: B008  a frozen value
    ) -> None:
        self._own = own
        self._wanted = wanted
        self._http = http
        self._told = watch or NoWatch()
        self._limits = limits
        self._budget = budget
        self._probes = Probes()
        self._sockets = WarmSockets()
        self._warmth = Warmth(http)
        self._addresses: dict[str, str] = {}
        self._packages: dict[str, Package[object]] = {}
        self._links: OrderedDict[tuple[Part, ProviderSpec, str], Link[Any]] = OrderedDict()
        self._own_stt: Link[Recognizer] = Link(
            own.recognizer.provider, own.recognizer, partial(probe_recognizer, own.recognizer)
        )
        self._own_tts: Link[Speaker] = Link(own.tts.provider, Speaker(own.tts), partial(probe_voice, own.tts))
        self.embedder = self._embedder()

    def seat(self, stt: str, tts: str, keys: Mapping[str, str], on_switch: OnSwitch) -> Seat:
        """Who hears and speaks for a call.

        Args:
            stt: the agent's chain of recognisers, empty for the installation's.
            tts: its chain of voices, likewise.
            keys: the tenant's own keys by vendor, which go before the installation's.
            on_switch: is told whenever another provider answers.
        """
        hearing, speaking = self._specs(stt, tts)
        ears = self._chain("stt", SPEECH_TO_TEXT, hearing, keys, _as_is, probe_recognizer)
        voices = self._chain("tts", TEXT_TO_SPEECH, speaking, keys, _remembered, _probe_speaker)
        for first in (*ears[:1], *voices[:1]):
            self._warmth.warm(self._addresses[first.provider])
        first_voice = voices[0].asked.tts.inner if voices else None
        return Seat(
            ResilientRecognizer([*ears, self._own_stt], self._probes, on_switch, self._budget)
            if ears
            else self._own.recognizer,
            ResilientTextToSpeech([*voices, self._own_tts], self._probes, on_switch, self._budget)
            if voices
            else self._own.tts,
            first_voice if isinstance(first_voice, VendorTextToSpeech) else None,
            streams=bool(ears) and _streams(hearing),
        )

    def load(self, stt: str, tts: str) -> None:
        """Begin to load the packages of the vendors of an agent's chains, each once, in a thread. Returns at once; what
        cannot be loaded is told of when a call wants it."""
        hearing, speaking = self._specs(stt, tts)
        chosen = [(SPEECH_TO_TEXT.get(spec.vendor), spec) for spec in hearing]
        for entry, spec in [*chosen, *((TEXT_TO_SPEECH.get(spec.vendor), spec) for spec in speaking)]:
            if entry is not None and entry.load is not None and spec.vendor not in self._packages:
                self._packages[spec.vendor] = Package(spec.vendor, entry.load)

    def is_local(self, stt: str, tts: str) -> bool:
        """Whether a call with these chains asks nobody outside."""
        return all(chain[0].vendor == EMBEDDED for chain in self._specs(stt, tts))

    @property
    def embeds_locally(self) -> bool:
        return self._wanted.embeddings.vendor == EMBEDDED

    def _specs(self, stt: str, tts: str) -> tuple[tuple[ProviderSpec, ...], tuple[ProviderSpec, ...]]:
        """An agent's chains, or the installation's. One that cannot be read any more must not end a call."""
        try:
            return (
                parse_chain(stt, addresses=False) if stt else self._wanted.stt,
                parse_chain(tts, addresses=False) if tts else self._wanted.tts,
            )
        except InvalidInput:
            _log.warning(PROVIDER_SKIPPED, reason="unreadable")
            return self._wanted.stt, self._wanted.tts

    def problem(self, stt: str, tts: str, voice: str) -> FieldProblem | None:
        """What is wrong with an agent's choice. A voice can be told to be wrong for the installation's own only: which
        ones a vendor has is for the vendor to say."""
        parts: tuple[tuple[str, str, Mapping[str, Entry[Any]]], ...] = (
            ("stt", stt, SPEECH_TO_TEXT),
            ("tts", tts, TEXT_TO_SPEECH),
        )
        for name, text, entries in parts:
            try:
                for spec in parse_chain(text, addresses=False):
                    if spec.vendor != EMBEDDED:
                        find(entries, spec)
            except InvalidInput as error:
                return FieldProblem(f"/settings/{name}", error.detail)
        first = (parse_chain(tts, addresses=False) if tts else self._wanted.tts)[0]
        if first.vendor == EMBEDDED and voice not in self._own.voices:
            known = ", ".join(self._own.voices)
            return FieldProblem("/settings/voice", f"must be one of the voices available here: {known}")
        return None

    async def aclose(self) -> None:
        await self._probes.aclose()
        await self._sockets.aclose()
        await self._warmth.aclose()
        for package in self._packages.values():
            await package.ended(None)

    def on_vendor(self, seen: RequestSeen) -> None:
        if (payer := account.get()) is not None:
            payer.add(seen)
        self._warmth.used(self._addresses[seen.provider])
        self._told.on_vendor(seen)

    def _embedder(self) -> Embedder:
        """One for everybody, who asks with the present tenant's own key where there is one."""
        spec = self._wanted.embeddings

        def links(keys: Mapping[str, str]) -> list[Link[Embedder]]:
            return self._chain("embeddings", EMBEDDINGS, (spec,), keys, _as_is, probe_embedder)

        if spec.vendor == EMBEDDED or not links({}):
            return self._own.embedder
        return GuardedEmbedder(lambda: links(own_keys.get())[0], self._probes)

    def _chain(
        self,
        part: Part,
        entries: Mapping[str, Entry[Any]],
        specs: tuple[ProviderSpec, ...],
        keys: Mapping[str, str],
        dressed: Callable[[Any], T],
        probe: Callable[[T], Awaitable[None]],
    ) -> list[Link[T]]:
        links = []
        for spec in specs:
            if spec.vendor == EMBEDDED:
                break
            key = keys.get(spec.vendor) or self._wanted.keys.get(spec.vendor, "")
            try:
                entry = find(entries, spec)
                if not key and entry.key_names and not spec.base_url:
                    raise InvalidInput("There is no key for it.")
                links.append(self._link(part, entry, spec, key, dressed, probe))
            except (InvalidInput, MissingModel) as error:
                _log.warning(PROVIDER_SKIPPED, provider=spec.name, reason=error.code, detail=error.detail)
        return links

    def _link(
        self,
        part: Part,
        entry: Entry[Any],
        spec: ProviderSpec,
        key: str,
        dressed: Callable[[Any], T],
        probe: Callable[[T], Awaitable[None]],
    ) -> Link[T]:
        known = (part, spec, hashlib.sha256(key.encode()).hexdigest())
        link = self._links.get(known)
        if link is None:
            model = spec.model or entry.model
            health = Health()
            access = Access(
                provider=f"{spec.vendor}:{model}",
                model=model,
                base_url=spec.base_url or self._wanted.addresses.get(spec.vendor, entry.address),
                http=self._http,
                api_key=key,
                limits=self._limits,
                watch=_LinkWatch(self, health, self._told),
                sockets=self._sockets,
            )
            self._addresses[access.provider] = access.base_url
            made = dressed(entry.make(access))
            link = self._links[known] = Link(access.provider, made, partial(probe, made), health)
            if len(self._links) > _MOST_LINKS:
                self._links.popitem(last=False)
        self._links.move_to_end(known)
        return link


@dataclass(frozen=True, slots=True)
class _LinkWatch:
    """Implements `Watch` for one model with one key: every call with that key heeds the limit that one of them was told
    of, and no other does."""

    desk: SpeechDesk
    health: Health
    told: Watch

    def on_vendor(self, seen: RequestSeen) -> None:
        self.desk.on_vendor(seen)

    def on_limit(self, provider: str, for_s: float) -> None:
        self.health.limited(for_s)
        self.told.on_limit(provider, for_s)


def check_wanted(wanted: Wanted) -> None:
    """Raises `InvalidInput` for a vendor that does not exist, or one whose key is missing; says what to do."""
    for name, entries, specs in (
        ("RECEPTION_STT", SPEECH_TO_TEXT, wanted.stt),
        ("RECEPTION_TTS", TEXT_TO_SPEECH, wanted.tts),
        ("RECEPTION_EMBEDDINGS", EMBEDDINGS, (wanted.embeddings,)),
    ):
        for spec in specs:
            if spec.vendor == EMBEDDED:
                continue
            entry: Entry[Any] = find(entries, spec)
            if entry.key_names and not spec.base_url and not wanted.keys.get(spec.vendor):
                raise InvalidInput(f"{name} names {spec.vendor}, which needs a key: set {entry.key_names[0]}.")


def _streams(specs: tuple[ProviderSpec, ...]) -> bool:
    return any(entry.streams for spec in specs if (entry := SPEECH_TO_TEXT.get(spec.vendor)) is not None)


def _as_is(adapter: T) -> T:
    return adapter


def _remembered(tts: TextToSpeech) -> Speaker:
    return Speaker(CachedTextToSpeech(tts, _CACHE_BYTES))


async def _probe_speaker(speaker: Speaker) -> None:
    await probe_voice(speaker.tts.inner)


@asynccontextmanager
async def open_desk(speech: Speech, wanted: Wanted, *, watch: Watch) -> AsyncIterator[SpeechDesk]:
    """Who hears and speaks, with the connections to vendors, which are closed at exit."""
    async with open_http(connect_s=TimeLimits().connect_s) as http:
        desk = SpeechDesk(speech, wanted, http, watch=watch)
        desk.load("", "")
        try:
            yield desk
        finally:
            await desk.aclose()
