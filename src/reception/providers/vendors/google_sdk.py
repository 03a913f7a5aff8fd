"""Google Cloud's own speech client, the extra `google`: loaded when it is wanted, and its errors as ours."""

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import orjson

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout
from reception.ports.speech import TranscriptionHints
from reception.providers.vendors.google_stt import MOST_NAMES
from reception.providers.wire import DEFAULT_RETRY_AFTER_S, KEY_CODES, LONGEST_RETRY_AFTER_S

Metadata: TypeAlias = list[tuple[str, str]]
_AUDIENCE = "https://speech.googleapis.com/"
"""Whom a token is for: the service, also where it is reached in a region or through a gateway."""
_OF_KEY = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_REFUSED = frozenset({"INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION"})


def is_installed() -> bool:
    """Whether the package is there; does not load it."""
    try:
        return find_spec("google.cloud.speech_v1") is not None
    except ModuleNotFoundError:
        return False


class GoogleSdk:
    """Google's package, which takes over half a second to load."""

    def __init__(self) -> None:
        self._aio = importlib.import_module("grpc.aio")
        self._grpc = importlib.import_module("grpc")
        self._types = importlib.import_module("google.cloud.speech_v1.types")
        service = importlib.import_module("google.cloud.speech_v1.services.speech")
        transports = importlib.import_module("google.cloud.speech_v1.services.speech.transports")
        self._client_of, self._transport_of = service.SpeechAsyncClient, transports.SpeechGrpcAsyncIOTransport
        self._jwt = importlib.import_module("google.auth.jwt")
        self._refused = importlib.import_module("google.auth.exceptions").GoogleAuthError
        api = importlib.import_module("google.api_core.exceptions")
        self.errors: tuple[type[Exception], ...] = (api.GoogleAPIError, self._grpc.RpcError, self._refused)

    def channel(self, base_url: str) -> Any:
        parts = urlsplit(base_url)
        if parts.scheme == "http":
            return self._aio.insecure_channel(f"{parts.hostname}:{parts.port or 80}")
        return self._aio.secure_channel(f"{parts.hostname}:{parts.port or 443}", self._grpc.ssl_channel_credentials())

    def client(self, channel: Any) -> Any:
        return self._client_of(transport=self._transport_of(channel=channel))

    def credentials(self, key: str) -> Callable[[], Metadata]:
        """What goes with a request, one after another. A service account signs a token of its own, which asks nobody
        (https://google.aip.dev/auth/4111), and another before that one is no longer good.

        Raises:
            One of `errors`: the key of the service account cannot be read.
        """
        if not key.lstrip().startswith("{"):
            return lambda: [("x-goog-api-key", key)] if key else []
        try:
            account = self._jwt.Credentials.from_service_account_info(orjson.loads(key), audience=_AUDIENCE)
        except ValueError as error:
            raise self._refused("the key of the service account cannot be read") from error

        def signed() -> Metadata:
            headers: dict[str, str] = {}
            account.before_request(None, "POST", _AUDIENCE, headers)
            return [(name.lower(), value) for name, value in headers.items()]

        return signed

    def opening(self, model: str, rate_hz: int, hints: TranscriptionHints) -> Any:
        types = self._types
        config = types.RecognitionConfig(
            encoding=types.RecognitionConfig.AudioEncoding.LINEAR16,
            sample_rate_hertz=rate_hz,
            language_code=hints.locale,
            model=model,
            enable_automatic_punctuation=True,
            enable_word_time_offsets=True,
            speech_contexts=[types.SpeechContext(phrases=list(hints.names[:MOST_NAMES]))] if hints.names else [],
        )
        return types.StreamingRecognizeRequest(
            streaming_config=types.StreamingRecognitionConfig(config=config, interim_results=True)
        )

    def audio(self, samples: Pcm16) -> Any:
        return self._types.StreamingRecognizeRequest(audio_content=samples.astype("<i2", copy=False).tobytes())


def told_by_google(provider: str, error: Any) -> ProviderError:
    """`error` of Google's as ours. What it says in words may repeat the key, and is left out."""
    status = getattr(error, "grpc_status_code", None) or (error.code() if callable(getattr(error, "code", 0)) else None)
    name = status.name if status is not None else type(error).__name__
    told = f"{provider} answered {name}"
    if name in _OF_KEY or status is None or getattr(error, "reason", None) in KEY_CODES:
        return ProviderRefused(provider, f"{told}: its key is missing, wrong or not allowed to do this", of_key=True)
    if name == "RESOURCE_EXHAUSTED":
        wait_s = next((one.retry_delay.seconds for one in error.details if hasattr(one, "retry_delay")), None)
        asked_s = DEFAULT_RETRY_AFTER_S if wait_s is None else min(float(wait_s), LONGEST_RETRY_AFTER_S)
        return ProviderLimited(provider, told, retry_after_s=asked_s)
    if name == "DEADLINE_EXCEEDED":
        return ProviderTimeout(provider, f"{provider} did not answer in time", retryable=True)
    if name in _REFUSED:
        return ProviderRefused(provider, told)
    return ProviderError(provider, told, retryable=True)
