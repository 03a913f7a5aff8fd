"""Asks a vendor which models it has, so that a missing one is told of at the start and not by a caller's turn."""

from dataclasses import replace

import httpx

from reception.core.errors import ProviderError, ProviderRefused
from reception.providers.llm.choice import ModelChoice
from reception.providers.llm.vendors import Vendor, vendor_of

_TIMEOUT_S = 5.0
_MOST_NAMED = 8


async def check_model(choice: ModelChoice, key: str = "", base_url: str = "") -> ModelChoice:
    """`choice` with a model that the vendor has: the first it lists where none was chosen.

    Raises:
        ProviderError: the model is missing (then not `retryable`), the key is refused, or nobody answers.
    """
    vendor = vendor_of(choice.vendor)
    if not vendor.models_path:
        return choice
    names = await _listed(choice, vendor, key, base_url or choice.base_url or vendor.base_url)
    if names is None:
        return choice
    if not choice.model:
        if not names:
            raise ProviderRefused(choice.provider, f"The server of {choice.vendor} lists no model.")
        return replace(choice, model=names[0])
    # Ollama lists "qwen3:latest" for what is asked for as "qwen3"; Anthropic has aliases without the date.
    if not any(name == choice.model or name.startswith((f"{choice.model}:", f"{choice.model}-2")) for name in names):
        known = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        raise ProviderRefused(
            choice.provider, f"{choice.vendor} has no model {choice.model!r} for this key. It has: {known}."
        )
    return choice


async def _listed(choice: ModelChoice, vendor: Vendor, key: str, base_url: str) -> list[str] | None:
    """The names of the models, None where the server keeps no list."""
    headers = dict(vendor.headers or {})
    if key:
        headers["authorization"] = f"Bearer {key}"
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
            response = await client.get(
                base_url + vendor.models_path, headers=headers, params={"limit": 1000} if vendor.headers else None
            )
    except httpx.HTTPError as error:
        detail = f"{choice.vendor} cannot be reached ({type(error).__name__})."
        raise ProviderError(choice.provider, detail, retryable=True) from error
    if response.status_code in {401, 403}:
        raise ProviderRefused(choice.provider, f"{choice.vendor} does not accept the key in {vendor.key_variable}.")
    if response.status_code in {404, 405, 501}:
        return None
    if response.is_error:
        detail = f"{choice.vendor} answered the question for its models with status {response.status_code}."
        raise ProviderError(choice.provider, detail, retryable=True)
    try:
        return [str(entry["id"]) for entry in response.json()["data"]]
    except (ValueError, LookupError, TypeError) as error:
        detail = f"{choice.vendor} answered the question for its models with something else."
        raise ProviderError(choice.provider, detail, retryable=True) from error
