"""One turn's account with the language model: how long it may take, what it did, and where it was replaced."""

import asyncio
import hashlib
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import structlog

from reception.core.clock import Clock
from reception.core.errors import ProviderError
from reception.core.telemetry import PROVIDER_SWITCHED
from reception.dialogue.language.prompts import ANSWERING_EDITION
from reception.ports.dialogue import Channel, ProviderSwitch
from reception.ports.language import ChatMessage, ChatModel, ChatRequest, OutputSchema

_log = structlog.get_logger(__name__)

LOCAL = "local"
_READING_SHARE = 0.5
"""Of the turn's budget, so that an answer can still be worded after the words were read late."""
_SHORTEST_S = 0.05
_GAP_SHARE = 0.5
_WHOLE_SHARE = 4.0
_CHAT_PATIENCE = 3.0
"""In writing nobody hears the silence."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A chat model for a conversation. `budget_s` is how long a spoken turn may wait for it, in all, until the first
    sentence of the reply is there. `generation` are the options that it is asked with."""

    model: ChatModel
    clock: Clock
    budget_s: float = 2.5
    generation: str = ""

    @property
    def writer(self) -> str:
        """Who words answers: another name as soon as the model, its options or its instructions are others."""
        generation = hashlib.sha256(self.generation.encode()).hexdigest()[:16]
        return f"{self.model.provider[:200]} {generation} {ANSWERING_EDITION}"

    def begin(self, channel: Channel) -> "LanguageTurn":
        patience = _CHAT_PATIENCE if channel == "chat" else 1.0
        return LanguageTurn(self.model, self.clock, self.budget_s * patience)


@dataclass(slots=True, eq=False)
class LanguageTurn:
    """See the module. `used` says who did each part of the turn's thinking, by part. Requests that outlive the turn's
    preparation are tasks of its own, until `abandon`."""

    model: ChatModel
    clock: Clock
    budget_s: float
    used: dict[str, str] = field(default_factory=dict)
    switches: list[ProviderSwitch] = field(default_factory=list)
    first_token_ms: float | None = None
    _spent_s: float = 0.0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def reading_request(self, messages: tuple[ChatMessage, ...], most_tokens: int, output: OutputSchema) -> ChatRequest:
        """A request whose whole answer is waited for."""
        within_s = self.budget_s * _READING_SHARE
        return ChatRequest(messages, most_tokens, within_s, within_s, within_s, output)

    def writing_request(self, messages: tuple[ChatMessage, ...], most_tokens: int) -> ChatRequest:
        """A request whose sentences are said as they come; the first in what the turn's budget has left."""
        return ChatRequest(messages, most_tokens, self.left_s, self.budget_s * _GAP_SHARE, self.budget_s * _WHOLE_SHARE)

    @property
    def left_s(self) -> float:
        """What the budget has left."""
        return max(_SHORTEST_S, self.budget_s - self._spent_s)

    async def whole(self, request: ChatRequest, longest: int) -> str:
        """All that the model writes, up to `longest` characters.

        Raises:
            ProviderError: it failed, was late, or wrote more.
        """
        began_s = self.clock.monotonic_s()
        written = ""
        try:
            async with aclosing(self.model.stream(request)) as pieces:
                async for piece in pieces:
                    self.took_first(began_s)
                    written += piece
                    if len(written) > longest:
                        raise ProviderError(
                            self.model.provider, f"{self.model.provider} wrote more than it may", retryable=True
                        )
        finally:
            self._spent_s += self.clock.monotonic_s() - began_s
        return written

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """`work` as a task of this turn."""
        task = asyncio.create_task(work, name="language-model")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def busy(self) -> bool:
        """A request is under way."""
        return bool(self._tasks)

    def abandon(self) -> None:
        """Nobody will hear what is being written: its requests end."""
        for task in self._tasks:
            task.cancel()

    async def ended(self) -> None:
        """Wait until none of its requests is under way."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def took_first(self, began_s: float) -> None:
        """The first piece of a request that began at `began_s` is there."""
        if self.first_token_ms is None:
            self.first_token_ms = (self.clock.monotonic_s() - began_s) * 1000

    def did(self, part: str) -> None:
        self.used[part] = self.model.provider

    def replaced(self, part: str, error: ProviderError) -> None:
        """The model failed at `part`, which is done locally instead."""
        self.used[part] = LOCAL
        self.switches.append(ProviderSwitch(part, self.model.provider, LOCAL, error.code, error.detail))
        _log.warning(PROVIDER_SWITCHED, part=part, provider=self.model.provider, code=error.code, detail=error.detail)
