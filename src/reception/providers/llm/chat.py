"""A LangChain chat model as a `ChatModel`: pieces of text or of a JSON object, and every failure a `ProviderError`."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langsmith import tracing_context

from reception.core.errors import MissingModel, ProviderError, ProviderTimeout
from reception.ports.language import ChatMessage, ChatRequest, OutputSchema, TokenUsage
from reception.providers.llm.choice import COMPATIBLE, ModelChoice
from reception.providers.llm.vendors import Vendor, vendor_of
from reception.providers.wire import garbage, refusal

_TIMEOUT_S = 30.0
"""The last resort: requests are given up much earlier by whoever makes them."""
_MESSAGES: Mapping[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
_CUT_SHORT = frozenset({"length", "max_tokens"})
_REFUSALS = frozenset({"content_filter", "refusal"})
_MADE = count()
_AT_ONCE_S = 0.002
"""For so long others wait while pieces that came together are read."""
_STEPS_TO_THE_FIRST = 6
"""So many turns of the event loop whoever waits for the first piece is away at the most: it comes through the tasks of
a race and of the turn."""
_NO_KEY = "none"
"""Compatible servers mostly want no key, and SDKs insist on one."""


class LangChainChatModel:
    """Implements `ports.language.ChatModel`. Asks once: whether to ask again is for its caller to say."""

    def __init__(
        self,
        choice: ModelChoice,
        key: str = "",
        base_url: str = "",
        heed: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        """`base_url` replaces the vendor's own address; `heed` is given the headers of every answer, which may tell of
        limits.

        Raises:
            MissingModel: the vendor's package is not installed.
            ProviderError: LangChain does not take it: no such vendor, no key.
        """
        self._vendor = vendor_of(choice.vendor)
        self._choice = choice
        self._model = _made(self._vendor, choice, key, base_url or choice.base_url or self._vendor.base_url)
        self._errors = self._vendor.errors()
        if heed is not None and self._vendor.client:
            _listen(attrgetter(self._vendor.client)(self._model), heed)

    @property
    def provider(self) -> str:
        return self._choice.provider

    async def aclose(self) -> None:
        """Close its connections."""
        if self._vendor.client:
            await attrgetter(self._vendor.client)(self._model).close()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        # SDKs end a request when who reads it is cancelled, and not all do when their stream is merely left.
        written = _Written()
        reading = asyncio.create_task(self._read(request, written), name=f"read {self.provider}")
        reading.add_done_callback(lambda _: written.end())
        try:
            while text := await written.take():
                yield text
            await reading
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, request: ChatRequest, written: "_Written") -> None:
        """Put what comes into `written`, which the request's tokens bound, and then how it ended."""
        messages = [_message(one) for one in request.messages]
        ending, due_s, steps = "", 0.0, _STEPS_TO_THE_FIRST
        loop = asyncio.get_running_loop()
        try:
            streamed = self._model.astream(messages, **self._options(request))
            # What callers say is told to no tracer, whatever the environment says.
            with tracing_context(enabled=False):
                async for chunk in streamed:
                    ending = _ending(chunk) or ending
                    _count(chunk, request.usage)
                    if piece := self._piece(chunk, request.output):
                        written.add(piece)
                        if loop.time() >= due_s:
                            await _let_others_go_on(steps)
                            steps = 1
                            due_s = loop.time() + _AT_ONCE_S
            wrong = self._ended(ending)
            if wrong is not None:
                written.add(wrong)
        except self._errors as error:
            written.add(self._failed(error))

    def _piece(self, chunk: AIMessage, wanted: OutputSchema | None) -> str | ProviderError:
        """What `chunk` adds; an error is for the reader to raise, who thereby ends the request."""
        for name in _tools_called(chunk):
            if wanted is None or name != wanted.name:
                detail = f"{self.provider} called a tool that it was not given"
                return ProviderError(self.provider, detail, retryable=True)
        if wanted is not None and self._vendor.json_by == "tool":
            return "".join(call["args"] or "" for call in getattr(chunk, "tool_call_chunks", ()))
        return chunk.text

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        vendor, wanted = self._vendor, request.output
        options: dict[str, Any] = {vendor.tokens: request.most_tokens}
        body: dict[str, Any] = {}
        if self._choice.vendor == COMPATIBLE:
            # Older servers know the one name alone, and LangChain writes the other.
            body = {"max_tokens": options.pop(vendor.tokens)}
        if wanted is not None and vendor.json_by == "tool":
            options |= _tool(vendor, wanted)
        elif wanted is not None:
            schema = {"name": wanted.name, "description": wanted.description, "schema": wanted.schema, "strict": True}
            asked = {"type": "json_schema", "json_schema": schema}
            # Given by itself, LangChain lets the SDK of OpenAI parse it, which then streams no text.
            (body if vendor.langchain == "openai" else options)["response_format"] = asked
        return {**options, "extra_body": body} if body else options

    def _ended(self, ending: str) -> ProviderError | None:
        """What is wrong with an answer that ended so; None when nothing is."""
        if ending in _REFUSALS:
            return ProviderError(self.provider, f"{self.provider} refused to answer")
        if ending in _CUT_SHORT:
            return ProviderError(self.provider, f"{self.provider} wrote more than it may", retryable=True)
        if not ending and self._vendor.module:
            return ProviderError(self.provider, f"the answer of {self.provider} broke off", retryable=True)
        return None

    def _failed(self, error: Exception) -> ProviderError:
        """`error` of an SDK as ours. What the vendor said may quote the caller, and is not told."""
        status = getattr(error, "status_code", None)
        response = getattr(error, "response", None)
        if isinstance(status, int) and response is not None:
            return refusal(self.provider, status, response.headers, response.content)
        if _is_timeout(error):
            return ProviderTimeout(self.provider, f"{self.provider} did not answer in time", retryable=True)
        if isinstance(error, ValueError | LookupError | TypeError | AttributeError):
            return garbage(self.provider)
        detail = f"the connection to {self.provider} failed ({type(error).__name__})"
        return ProviderError(self.provider, detail, retryable=True)


class _Written:
    """What a model has written and nobody has taken."""

    def __init__(self) -> None:
        self._text = ""
        self._failure: ProviderError | None = None
        self._over = False
        self._changed = asyncio.Event()

    def add(self, piece: str | ProviderError) -> None:
        """Nothing counts after a failure."""
        if self._failure is None and isinstance(piece, str):
            self._text += piece
        elif self._failure is None and isinstance(piece, ProviderError):
            self._failure = piece
        self._changed.set()

    def end(self) -> None:
        self._over = True
        self._changed.set()

    async def take(self) -> str:
        """All there is, as soon as there is some; empty at the end.

        Raises:
            ProviderError: the failure after it.
        """
        while not self._text and self._failure is None and not self._over:
            self._changed.clear()
            await self._changed.wait()
        if not self._text and self._failure is not None:
            raise self._failure
        text, self._text = self._text, ""
        return text


async def _let_others_go_on(steps: int) -> None:
    """Many pieces come in one packet, and each takes LangChain a third of a millisecond: whoever waits for the first
    goes on now, and so do other calls after every few. Cancelled here, the reader is cancelled again where the SDK
    waits for the next piece, as SDKs end their request only then."""
    try:
        for _ in range(steps):
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        reader = asyncio.current_task()
        if reader is not None:
            reader.cancel()


def _made(vendor: Vendor, choice: ModelChoice, key: str, base_url: str) -> BaseChatModel:
    options = dict(vendor.options(choice.model))
    if vendor.module:
        options |= {"api_key": key or _NO_KEY, "base_url": base_url, "max_retries": 0, "timeout": _own_timeout_s()}
    try:
        # The SDKs are optional, and take a second to load.
        from langchain.chat_models import init_chat_model  # noqa: PLC0415

        made = init_chat_model(choice.model, model_provider=vendor.langchain, **options)
    except ImportError as error:
        raise MissingModel(f"The package for {choice.vendor}", f"pip install 'reception[{vendor.package}]'") from error
    except ValueError as error:
        raise ProviderError(choice.provider, f"LangChain cannot make this model ({type(error).__name__}).") from error
    return cast(BaseChatModel, made)


def _listen(sdk: Any, heed: Callable[[Mapping[str, str]], None]) -> None:
    """Tell `heed` of the headers of every answer that an SDK's client gets: LangChain shows them of few vendors."""

    async def on_response(response: Any) -> None:
        heed(response.headers)

    http = sdk._client
    hooks = http.event_hooks
    http.event_hooks = {**hooks, "response": [*hooks["response"], on_response]}


def _own_timeout_s() -> float:
    """A time for one model alone: LangChain lets models of one address and one timeout share their connections, and
    each here closes its own."""
    return _TIMEOUT_S + next(_MADE) / 1e6


def _message(message: ChatMessage) -> BaseMessage:
    return _MESSAGES[message.role](content=message.text)


def _tool(vendor: Vendor, wanted: OutputSchema) -> dict[str, Any]:
    if vendor.langchain == "anthropic":
        tool = {"name": wanted.name, "description": wanted.description, "input_schema": wanted.schema}
        return {"tools": [tool], "tool_choice": {"type": "tool", "name": wanted.name}}
    function = {"name": wanted.name, "description": wanted.description, "parameters": wanted.schema}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": wanted.name}},
    }


def _tools_called(chunk: AIMessage) -> list[str]:
    """Names of tools that begin to be called; a message that came whole has calls, a piece has pieces of them."""
    calls: Sequence[Mapping[str, Any]] = getattr(chunk, "tool_call_chunks", None) or chunk.tool_calls
    return [call["name"] for call in calls if call.get("name")]


def _ending(chunk: AIMessage) -> str:
    """Why the model stopped, in the one chunk that says so."""
    said = chunk.response_metadata
    return str(said.get("finish_reason") or said.get("stop_reason") or said.get("done_reason") or "")


def _count(chunk: AIMessage, usage: TokenUsage) -> None:
    """Add what the vendor says that was read and written; Anthropic tells the two apart, others in the last chunk."""
    told = chunk.usage_metadata
    if told is not None:
        usage.read += told["input_tokens"]
        usage.written += told["output_tokens"]


def _is_timeout(error: Exception) -> bool:
    """By name, as each SDK and HTTP client has a class of its own."""
    return any("Timeout" in kind.__name__ for kind in type(error).__mro__)
