"""A chat model that goes on with another when one fails, within the time that the turn gives."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from reception.core.errors import ProviderError, ProviderTimeout
from reception.ports.language import ChatModel, ChatRequest
from reception.providers.resilience.chain import Chain, Link, OnSwitch, Probes
from reception.providers.resilience.health import loop_s
from reception.providers.resilience.race import Race
from reception.providers.unforeseen import provider_errors

_HEDGE_SHARE = 0.5
"""Of the time to the first piece: from then on the next model is asked as well, and has the other half."""


class ResilientChatModel:
    """Implements `ports.language.ChatModel` over several, for one conversation: the first is preferred, the next stand
    in, and every deadline of a request is kept.

    One that fails before it has written anything is replaced within the request. One that breaks off later is told of
    by an error; the same request, asked again, goes to the next. An object asked for as JSON is worth nothing until it
    is whole, so where there is another to ask it comes in one piece, by whoever has it whole first.
    """

    def __init__(self, links: Sequence[Link[ChatModel]], probes: Probes, on_switch: OnSwitch) -> None:
        self._chain = Chain("llm", links, probes, on_switch)
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def provider(self) -> str:
        return self._chain.provider

    async def aclose(self) -> None:
        """Nothing: the models are shared."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        """As `ChatModel.stream`; fails at once when every model is to be left alone."""
        order = self._chain.able()
        if not order:
            raise ProviderError(self.provider, f"{self.provider} is left alone for a while", retryable=True)
        began_s = loop_s()
        race = Race(
            self._chain.named(order),
            [partial(self._begun, place, request, began_s, spare=len(order) > 1) for place in order],
            request.first_s * _HEDGE_SHARE,
            lambda at, error: self._chain.failed(order[at], error),
            self._discard,
        )
        at, begun = await race.run()
        place = order[at]
        for slow in race.overtaken:
            self._chain.overtaken(order[slow])
        self._chain.answered(place)
        try:
            async with aclosing(begun.pieces):
                yield begun.first
                ends_s = began_s + request.within_s
                while (
                    piece := await self._next(place, begun.pieces, min(loop_s() + request.gap_s, ends_s))
                ) is not None:
                    yield piece
        except ProviderError as error:
            self._chain.failed(place, error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            # Whoever asked wants no more: that says nothing against a model that was writing.
            self._chain.succeeded(place)
            raise
        self._chain.succeeded(place)

    async def _begun(self, place: int, request: ChatRequest, began_s: float, *, spare: bool) -> "_Begun":
        pieces = self._chain.links[place].asked.stream(request)
        try:
            first = await self._next(place, pieces, began_s + min(request.first_s, request.within_s)) or ""
            if spare and request.output is not None:
                ends_s = began_s + request.within_s
                while (piece := await self._next(place, pieces, min(loop_s() + request.gap_s, ends_s))) is not None:
                    first += piece
        except BaseException:
            await pieces.aclose()
            raise
        return _Begun(first, pieces)

    async def _next(self, place: int, pieces: AsyncGenerator[str], until_s: float) -> str | None:
        provider = self._chain.links[place].provider
        with provider_errors(provider):
            try:
                async with asyncio.timeout_at(until_s):
                    return await anext(pieces, None)
            except TimeoutError:
                raise ProviderTimeout(provider, f"{provider} did not answer in time", retryable=True) from None

    def _discard(self, late: "_Begun") -> None:
        """Close one that began when another already had."""
        closing = asyncio.create_task(_close(late.pieces), name="close-late-model")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


@dataclass(frozen=True, slots=True)
class _Begun:
    first: str
    pieces: AsyncGenerator[str]


async def _close(pieces: AsyncGenerator[str]) -> None:
    await pieces.aclose()
