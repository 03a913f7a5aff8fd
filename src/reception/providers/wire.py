"""What vendors' wires have in common: their failures as ours, their limits, audio as bytes."""

import io
import re
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import orjson
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from reception.core.audio import Encoding, Pcm16, decode
from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout

DEFAULT_RETRY_AFTER_S = 5.0
LONGEST_RETRY_AFTER_S = 3600.0
_REQUEST_IDS = ("x-request-id", "request-id", "dg-request-id", "x-amzn-requestid")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
KEY_CODES = {"API_KEY_INVALID"}
"""What Google says of a key, with status 400."""
_REQUEST_CODES = {"context_length_exceeded", "string_above_max_length", "json_validate_failed"}
"""What vendors say with status 400 of one request and not of the next: it is too long, or the model wrote no JSON."""
_KEY_CLOSES = {3000, 4001, 4002, 4003, 4401, 4402, 4403}
_LIMITED_CLOSES = {3009, 4029, 4102, 4429}
_CHOICE_CLOSES = {3006, 4101}
_POLICY_CLOSE, _FIRST_OWN_CLOSE = 1008, 3000
"""What a close with the one, or a vendor's own above the other, means is often said in its reason alone."""
_LIMIT_WORDS = ("concurren", "quota", "rate limit", "too many", "busy")
_KEY_WORDS = ("api key", "unauthor", "not authorized", "authenti", "insufficient", "payment", "credit", "permission")
_CHOICE_WORDS = (
    *("not exist", "not found", "invalid", "unsupported", "not supported", "not allowed", "character limit"),
    "data 0000",
)


@contextmanager
def vendor_errors(provider: str) -> Iterator[None]:
    """Turns what the libraries raise into `ProviderError`, whose details hold nothing of what was sent or answered."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise ProviderTimeout(provider, f"{provider} did not answer in time", retryable=True) from None
    except InvalidStatus as error:
        answer = error.response
        raise refusal(provider, answer.status_code, answer.headers, bytes(answer.body or b"")) from None
    except ConnectionClosed as error:
        raise _closed(provider, error) from None
    except (httpx.HTTPError, InvalidHandshake, WebSocketException, OSError) as error:
        detail = f"the connection to {provider} failed ({type(error).__name__})"
        raise ProviderError(provider, detail, retryable=True) from None
    except ValidationError:
        raise garbage(provider) from None


def garbage(provider: str) -> ProviderError:
    """The vendor answered with something that its documentation does not know."""
    return ProviderError(provider, f"{provider} answered with something that cannot be read", retryable=True)


def refusal(provider: str, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error for an answer that is none: `status` is that of HTTP."""
    code = _code_in(body)
    told = f"{provider} answered {status}" + (f" ({code})" if code else "")
    request_id = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")
    if status == 429:
        wait_s = retry_after_s(headers)
        return ProviderLimited(provider, told, request_id=request_id, retry_after_s=wait_s)
    if status in (408, 409) or status >= 500:
        return ProviderError(provider, told, request_id=request_id, retryable=True)
    if status in (401, 403) or code in KEY_CODES:
        told += ": its key is missing, wrong or not allowed to do this"
        return ProviderRefused(provider, told, request_id=request_id, of_key=True)
    of_request = status == 413 or code in _REQUEST_CODES
    # Without credit, no request is answered.
    return ProviderRefused(provider, told, request_id=request_id, of_key=status == 402, of_request=of_request)


def closed(provider: str, code: int, reason: str) -> ProviderError:
    """The error for a connection that the vendor closes with `code`, for the `reason` that it gives."""
    told = f"{provider} closed the connection ({code})"
    if code in _LIMITED_CLOSES:
        return ProviderLimited(provider, told, retry_after_s=DEFAULT_RETRY_AFTER_S)
    if code in _KEY_CLOSES or code in _CHOICE_CLOSES:
        return ProviderRefused(provider, told, of_key=code in _KEY_CLOSES)
    return judged(provider, told, reason if code == _POLICY_CLOSE or code >= _FIRST_OWN_CLOSE else "")


def judged(provider: str, told: str, reason: str) -> ProviderError:
    """The error that says `told`, of the kind that the vendor's own `reason` tells, which is not repeated: a limit, the
    key, or what was chosen; else a failure of the vendor's."""
    said = re.sub(r"[\W_]+", " ", reason.lower())
    if any(word in said for word in _LIMIT_WORDS):
        return ProviderLimited(provider, told, retry_after_s=DEFAULT_RETRY_AFTER_S)
    of_key = any(word in said for word in _KEY_WORDS)
    if of_key or any(word in said for word in _CHOICE_WORDS):
        return ProviderRefused(provider, told, of_key=of_key)
    return ProviderError(provider, told, retryable=True)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """How long to wait by the header `retry-after`, within reason."""
    try:
        asked_s = float(headers.get("retry-after", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER_S
    return min(max(asked_s, 0.0), LONGEST_RETRY_AFTER_S)


def used_up_for_s(headers: Mapping[str, str]) -> float:
    """Seconds until another request is allowed, by the headers that come with an answer; 0 when one is allowed now.

    `x-ratelimit-remaining-requests` and `x-ratelimit-reset-requests` (such as `1m2.5s`), and the same of tokens, of
    OpenAI and those like it; `anthropic-ratelimit-requests-remaining` and `-reset` (a date), and the same of tokens.
    """
    waits_s = [
        _duration_s(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    waits_s += [
        _until_s(headers.get(f"anthropic-ratelimit-{what}-reset", ""), headers.get("date", ""))
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
        if headers.get(f"anthropic-ratelimit-{what}-remaining") == "0"
    ]
    return min(max(waits_s, default=0.0), LONGEST_RETRY_AFTER_S)


def _duration_s(written: str) -> float:
    match = _DURATION.fullmatch(written)
    if match is None:
        return 0.0
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _until_s(instant: str, now: str) -> float:
    """From `now`, as an HTTP date, to `instant`, as RFC 3339 has it."""
    try:
        return max(0.0, (datetime.fromisoformat(instant) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def wav_bytes(samples: Pcm16, sample_rate_hz: int) -> bytes:
    """`samples` as a RIFF file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate_hz)
        writer.writeframes(samples.astype("<i2", copy=False).tobytes())
    return file.getvalue()


class SampleReader:
    """Makes samples of bytes that come in pieces of any length."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._odd = b""

    def read(self, data: bytes) -> Pcm16:
        """The samples that are whole now."""
        if self._encoding != "pcm_s16le":
            return decode(data, self._encoding)
        data = self._odd + data
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        return decode(data[:whole], self._encoding)


def _code_in(body: bytes) -> str:
    """The vendor's own word for the error. Its sentences are left out: they may repeat keys or what was said."""
    try:
        told = orjson.loads(body[:65536])
    except orjson.JSONDecodeError:
        return ""
    holders = [told, *(told.get(name) for name in ("error", "detail") if isinstance(told, dict))]
    reasons = [holder.get("details") for holder in holders if isinstance(holder, dict)]
    holders = [*(one for found in reasons if isinstance(found, list) for one in found), *holders]
    for holder in holders:
        for name in ("reason", "code", "err_code", "category", "status", "type"):
            code = holder.get(name) if isinstance(holder, dict) else None
            if isinstance(code, str) and _CODE.fullmatch(code):
                return code
    return ""


def _closed(provider: str, error: ConnectionClosed) -> ProviderError:
    if error.rcvd is None:
        return closed(provider, 1006, "")
    return closed(provider, error.rcvd.code, error.rcvd.reason)
