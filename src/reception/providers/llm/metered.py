"""A chat model whose use goes on an account."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from reception.core.errors import ProviderError
from reception.ports.language import ChatModel, ChatRequest
from reception.providers.access import Part, RequestSeen
from reception.providers.account import account

_CHARS_PER_TOKEN = 4
"""Vendors tell their count of tokens after a stream, and not all do; for an estimate the text's length is enough."""


class MeteredChatModel:
    """Implements `ports.language.ChatModel` on another; tells the present account of each request, as tokens read and
    tokens written, whose prices differ."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @property
    def provider(self) -> str:
        return self._model.provider

    async def aclose(self) -> None:
        await self._model.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        started_s, first_s, written, outcome = time.perf_counter(), None, 0, "ok"
        try:
            async with aclosing(self._model.stream(request)) as pieces:
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
            if (payer := account.get()) is not None:
                elapsed_s = time.perf_counter() - started_s
                read = sum(len(message.text) for message in request.messages)
                counted: tuple[tuple[Part, int], ...] = (("llm_in", read), ("llm_out", written))
                for part, chars in counted:
                    units = chars / _CHARS_PER_TOKEN
                    payer.add(RequestSeen(part, self.provider, outcome, elapsed_s, first_s, units))
