"""A chat model whose package is loaded while its first call is being greeted."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from reception.core.errors import AppError, MissingModel, ProviderError
from reception.ports.language import ChatModel, ChatRequest
from reception.providers.packages import Package

_WAITED_SHARE = 0.1
"""Of the time to the first piece: for so long a request waits for a package that is nearly loaded."""


class LoadingChatModel:
    """Implements `ports.language.ChatModel` on what `make` gives in a thread, from now on. LangChain and a vendor's
    SDK, the `package`, take a second or two to load the first time, which no call waits for: what is asked before goes
    to whoever stands in."""

    def __init__(self, provider: str, package: Package[None], make: Callable[[], ChatModel]) -> None:
        self.provider = provider
        self._package = package
        self._model = Package(provider, make)

    async def loaded(self) -> ChatModel:
        """The model once it is there.

        Raises:
            ProviderError: it cannot be made.
        """
        try:
            return await self._model.within(None)
        except MissingModel as error:
            raise ProviderError(self.provider, error.detail) from error

    async def aclose(self) -> None:
        try:
            model = await self.loaded()
        except AppError:
            return
        await model.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        """As `ChatModel.stream`; fails where the model cannot be made, and with `ProviderLoading` while its package is
        being loaded."""
        await self._package.ended(request.first_s * _WAITED_SHARE)
        model = await self.loaded()
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece
