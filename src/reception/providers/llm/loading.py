"""A chat model whose package is loaded while its first call is being greeted."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import Context

from reception.core.errors import MissingModel, ProviderError
from reception.ports.language import ChatModel, ChatRequest


class LoadingChatModel:
    """Implements `ports.language.ChatModel` on what `load` makes in a thread, from now on: LangChain and a vendor's SDK
    take a second or two the first time, which no call waits for before its greeting."""

    def __init__(self, provider: str, load: Callable[[], ChatModel]) -> None:
        self.provider = provider
        # Shared by all calls, it belongs to the one that came first no more than to the others.
        self._loading = asyncio.create_task(asyncio.to_thread(load), name=f"load {provider}", context=Context())
        # Whoever asks is told of a failure; nobody may.
        self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def loaded(self) -> ChatModel:
        """The model once it is there.

        Raises:
            ProviderError: it cannot be made.
        """
        try:
            return await asyncio.shield(self._loading)
        except MissingModel as error:
            raise ProviderError(self.provider, error.detail) from error

    async def aclose(self) -> None:
        await asyncio.wait({self._loading})
        if not self._loading.cancelled() and self._loading.exception() is None:
            await self._loading.result().aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        """As `ChatModel.stream`; fails where the model cannot be made."""
        model = await self.loaded()
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece
