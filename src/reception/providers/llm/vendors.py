"""What differs between vendors of chat models: addresses, keys, options, how JSON is asked for, what they raise."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import httpx

_THINKING = ("gpt-5", "gpt-6", "o1", "o3", "o4")
"""Models of OpenAI that reason: they take an effort and no temperature."""


def _no_options(model: str) -> Mapping[str, Any]:
    return {"temperature": 0.0}


def _groq_options(model: str) -> Mapping[str, Any]:
    if "gpt-oss" in model:
        return {"temperature": 0.0, "reasoning_effort": "low", "model_kwargs": {"include_reasoning": False}}
    return {"temperature": 0.0}


def _openai_options(model: str) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = {"use_responses_api": False, "stream_usage": True, "stream_chunk_timeout": None}
    if model.startswith(_THINKING):
        return {**plain, "reasoning_effort": "low"}
    return {**plain, "temperature": 0.0}


@dataclass(frozen=True, slots=True)
class Vendor:
    """`langchain` is LangChain's name for it, `package` what must be installed, `module` the SDK whose root error is
    `error`, both empty where it is not one of ours. `base_url` is given to the SDK; `models_path` appended to it names
    the list of models. `client` is where a chat model has its SDK client.
    """

    langchain: str
    package: str
    module: str
    error: str
    base_url: str
    models_path: str
    key_variable: str
    client: str = ""
    tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    json_by: Literal["response_format", "tool"] = "response_format"
    headers: Mapping[str, str] | None = None
    options: Callable[[str], Mapping[str, Any]] = _no_options

    def errors(self) -> tuple[type[Exception], ...]:
        """Everything that a request to it may raise; its package must be there."""
        if not self.module:
            # What the SDK of a vendor that we do not know raises cannot be known either.
            return (Exception,)
        root: type[Exception] = getattr(import_module(self.module), self.error)
        transport = _transport_errors()
        return (root, *transport, ValueError, LookupError, TypeError, AttributeError)


def _transport_errors() -> tuple[type[Exception], ...]:
    """Errors of the HTTP clients that SDKs let through in mid-stream."""
    found: list[type[Exception]] = [httpx.HTTPError, httpx.StreamError, OSError]
    try:
        newer = import_module("httpx2")
    except ImportError:
        return tuple(found)
    return (*found, newer.HTTPError, newer.StreamError)


VENDORS: Mapping[str, Vendor] = {
    "groq": Vendor(
        langchain="groq",
        package="groq",
        module="groq",
        error="GroqError",
        base_url="https://api.groq.com",
        models_path="/openai/v1/models",
        key_variable="GROQ_API_KEY",
        client="async_client._client",
        options=_groq_options,
    ),
    "openai": Vendor(
        langchain="openai",
        package="openai",
        module="openai",
        error="OpenAIError",
        base_url="https://api.openai.com/v1",
        models_path="/models",
        key_variable="OPENAI_API_KEY",
        client="root_async_client",
        tokens="max_completion_tokens",
        options=_openai_options,
    ),
    "anthropic": Vendor(
        langchain="anthropic",
        package="anthropic",
        module="anthropic",
        error="AnthropicError",
        base_url="https://api.anthropic.com",
        models_path="/v1/models",
        key_variable="ANTHROPIC_API_KEY",
        client="_async_client",
        json_by="tool",
        headers={"anthropic-version": "2026-10-21"},
    ),
    "compatible": Vendor(
        langchain="openai",
        package="openai",
        module="openai",
        error="OpenAIError",
        base_url="",
        models_path="/models",
        key_variable="RECEPTION_LLM_API_KEY",
        client="root_async_client",
        options=_openai_options,
    ),
}


KEYED = frozenset({"groq", "openai", "anthropic"})
"""Those whose key a tenant may bring: they are reached at the vendor's own address."""


def vendor_of(name: str) -> Vendor:
    """The vendor called `name`; any that LangChain knows, which then reads its key and address from the environment."""
    return VENDORS.get(name) or Vendor(name, name.replace("_", "-"), "", "", "", "", "", json_by="tool")


def generation_of(provider: str) -> str:
    """The options that the model called `provider` ("groq:openai/gpt-oss-20b") is asked with, in one line."""
    vendor, _, model = provider.partition(":")
    return json.dumps(vendor_of(vendor).options(model), sort_keys=True)
