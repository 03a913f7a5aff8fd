"""Which models are meant: `vendor:model`, the base URL of a compatible server, several of them, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reception.core.errors import InvalidInput
from reception.providers.spec import MOST_IN_CHAIN

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


def read_choices(text: str) -> tuple[ModelChoice, ...]:
    """The models that `text` names with commas between, in the order in which they stand in for each other; none for
    `local`, which ends the list wherever it is named.

    Raises:
        InvalidInput: one cannot be read or is there twice, or there are more than `MOST_IN_CHAIN`.
    """
    found: list[ModelChoice] = []
    for entry in text.split(","):
        choice = read_choice(entry)
        if choice is None:
            break
        if choice in found:
            raise InvalidInput(f"The language model {choice.provider} is named twice.")
        found.append(choice)
    if len(found) > MOST_IN_CHAIN:
        raise InvalidInput(f"At most {MOST_IN_CHAIN} language models can stand in for each other.")
    return tuple(found)


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
