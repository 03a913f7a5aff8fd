"""Which model is meant: `vendor:model`, the base URL of a compatible server, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reception.core.errors import InvalidInput

LOCAL = "local"
"""Says that no language model is to be used."""
COMPATIBLE = "compatible"
"""The vendor of a server that speaks OpenAI's wire format at an address of its own."""
DEFAULT_MODELS: Mapping[str, str] = {"groq": "openai/gpt-oss-20b"}
"""What is used of a vendor whose key is there when nothing was chosen."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """`model` is empty where a compatible server is to say which it serves."""

    vendor: str
    model: str
    base_url: str = ""

    @property
    def provider(self) -> str:
        """How it is told of: without an address, which may hold credentials."""
        return f"{self.vendor}:{self.model}"


def read_choice(text: str) -> ModelChoice | None:
    """`groq:openai/gpt-oss-20b`, `http://127.0.0.1:11434/v1#qwen3:8b`; None for `local`.

    Raises:
        InvalidInput: it is neither; says what it should be.
    """
    text = text.strip()
    if text in {"", LOCAL}:
        return None
    if text.startswith(("http://", "https://")):
        parts = urlsplit(text)
        if not parts.hostname or parts.query:
            raise InvalidInput(_HOW)
        return ModelChoice(COMPATIBLE, parts.fragment, f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"))
    vendor, found, model = text.partition(":")
    if not found or not vendor.isidentifier() or vendor == COMPATIBLE or not model.strip() or " " in model:
        raise InvalidInput(_HOW)
    return ModelChoice(vendor, model)


_HOW = (
    "A language model is named as vendor:model, e.g. groq:openai/gpt-oss-20b, openai:gpt-5-mini or "
    "anthropic:claude-haiku-4-5; or by the address of a server that speaks OpenAI's format, e.g. "
    "http://127.0.0.1:11434/v1#qwen3:8b; or local, for none."
)
