"""A chat model whose use goes on an account."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from reception.core.errors import ProviderError
from reception.ports.language import ChatModel, ChatRequest, TokenUsage
from reception.providers.access import NoWatch, RequestSeen, Watch
from reception.providers.account import account

_CHARS_PER_TOKEN = 4
"""For an estimate where a vendor does not tell: not all do, and none of a request that was ended early."""


class MeteredChatModel:
    """Implements `ports.language.ChatModel` on another; tells the present account of each request, as tokens read and
    tokens written, whose prices differ, and the watch once, as tokens written; as the vendor counts them where it does.
    """

    def __init__(self, model: ChatModel, watch: Watch = NoWatch()) -> None:  # noqa: B008  has no state
        self._model = model
        self._watch = watch

    @property
    def provider(self) -> str:
        return self._model.provider

    async def aclose(self) -> None:
        await self._model.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        started_s, first_s, written, outcome = time.perf_counter(), None, 0, "ok"
        usage = TokenUsage()
        try:
            async with aclosing(self._model.stream(replace(request, usage=usage))) as pieces:
                async for piece in pieces:
                    if first_s is None:
                        first_s = time.perf_counter() - started_s
                    written += len(piece)
                    yield piece
        except ProviderError as error:
            outcome = error.code
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            request.usage.read, request.usage.written = usage.read, usage.written
            elapsed_s = time.perf_counter() - started_s
            read = sum(len(message.text) for message in request.messages)
            seen = partial(RequestSeen, provider=self.provider, outcome=outcome, elapsed_s=elapsed_s, first_s=first_s)
            writing = seen("llm_out", units=usage.written or written / _CHARS_PER_TOKEN)
            self._watch.on_vendor(writing)
            if (payer := account.get()) is not None:
                payer.add(seen("llm_in", units=usage.read or read / _CHARS_PER_TOKEN))
                payer.add(writing)
