"""Whose fault it is that a vendor does not answer, by what vendors say in that case."""

import httpx
import orjson
import pytest

from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused
from reception.ports.speech import TranscriptionHints
from reception.providers.access import Access
from reception.providers.vendors.assemblyai_stt import AssemblyAiDialect
from reception.providers.vendors.deepgram_stt import DeepgramDialect
from reception.providers.vendors.openai_realtime_stt import OpenAiRealtimeDialect
from reception.providers.wire import closed, judged, refusal

KEY, CHOICE, REQUEST, LIMIT, VENDOR = "key", "choice", "request", "limit", "vendor"


def whose(error: ProviderError) -> str:
    if isinstance(error, ProviderRefused):
        return KEY if error.of_key else REQUEST if error.of_request else CHOICE
    assert error.retryable
    return LIMIT if isinstance(error, ProviderLimited) else VENDOR


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, {"error": {"type": "invalid_request_error", "param": "voice", "code": None}}, CHOICE),
        (404, {"error": {"code": "model_not_found"}}, CHOICE),
        (404, {"detail": {"status": "voice_not_found", "message": "A voice was not found."}}, CHOICE),
        (422, {"detail": [{"loc": ["body", "voice_settings"]}]}, CHOICE),
        (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Voice 'x' does not exist."}}, CHOICE),
        (400, {"error": {"code": 400, "status": "X", "details": [{"reason": "API_KEY_INVALID"}]}}, KEY),
        (401, {"err_code": "INVALID_AUTH"}, KEY),
        (402, {"err_code": "ASR_PAYMENT_REQUIRED"}, KEY),
        (403, {"err_code": "INSUFFICIENT_PERMISSIONS"}, KEY),
        (413, {}, REQUEST),
        (400, {"error": {"code": "context_length_exceeded", "type": "invalid_request_error"}}, REQUEST),
        (400, {"error": {"code": "model_decommissioned", "type": "invalid_request_error"}}, CHOICE),
        (429, {"error": {"code": "insufficient_quota"}}, LIMIT),
        (408, {}, VENDOR),
        (503, {}, VENDOR),
    ],
)
def test_an_answer_over_http(status: int, body: object, fault: str) -> None:
    assert whose(refusal("x", status, {}, orjson.dumps(body))) == fault


@pytest.mark.parametrize(
    ("code", "reason", "fault"),
    [
        (1008, "A voice with voice_id notAVoice does not exist.", CHOICE),
        (1008, "Invalid API key", KEY),
        (1008, "Unauthorized Connection: Missing Authorization header", KEY),
        (1008, "Too many concurrent sessions", LIMIT),
        (1008, "This request exceeds your quota.", LIMIT),
        (1008, "DATA-0000", CHOICE),
        (1008, "Have not received a new text input within the timeout of 20 seconds.", VENDOR),
        (1008, "We are sorry, something went wrong. You are not charged for this request.", VENDOR),
        (1011, "NET-0001", VENDOR),
        (1006, "invalid api key", VENDOR),
        (3000, "invalid_request_error.invalid_api_key", KEY),
        (3006, "Invalid Message", CHOICE),
        (3007, "Input Duration Violation: 20.0 ms. Expected between 50 and 1000 ms", VENDOR),
        (3008, "Session Expired: Maximum session duration exceeded", VENDOR),
        (3009, "Too many concurrent sessions", LIMIT),
    ],
)
def test_a_connection_that_is_closed(code: int, reason: str, fault: str) -> None:
    error = closed("x", code, reason)
    assert whose(error) == fault
    assert reason not in error.detail


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("voice_id_does_not_exist", CHOICE),
        ("model_not_found", CHOICE),
        ("invalid_api_key", KEY),
        ("authentication_required", KEY),
        ("quota_exceeded", LIMIT),
        ("too_many_concurrent_requests", LIMIT),
        ("system_busy", LIMIT),
        ("input_timeout_exceeded", VENDOR),
        ("something_went_wrong", VENDOR),
    ],
)
def test_a_word_of_elevenlabs(code: str, fault: str) -> None:
    assert whose(judged("x", "told", code)) == fault


@pytest.fixture
def access() -> Access:
    return Access("vendor:nova-3", "nova-3", "wss://vendor.example.com", httpx.AsyncClient())


@pytest.mark.parametrize(("code", "fault"), [(1008, KEY), (3006, CHOICE), (3007, VENDOR), (3009, LIMIT)])
def test_a_message_of_assemblyai_that_tells_of_an_error(code: int, fault: str, access: Access) -> None:
    told = {"type": "Error", "error_code": code, "error": "Unauthorized Connection" if code == 1008 else "Told"}
    with pytest.raises(ProviderError) as raised:
        list(AssemblyAiDialect(access, 8000, TranscriptionHints()).read(orjson.dumps(told)))
    assert whose(raised.value) == fault


@pytest.mark.parametrize(
    ("code", "fault"),
    [("model_not_found", CHOICE), ("invalid_api_key", KEY), ("insufficient_quota", KEY), ("session_expired", VENDOR)],
)
def test_an_event_of_openai_that_tells_of_an_error(code: str, fault: str, access: Access) -> None:
    told = {"type": "error", "error": {"type": "invalid_request_error", "code": code}}
    with pytest.raises(ProviderError) as raised:
        list(OpenAiRealtimeDialect(access, 8000, TranscriptionHints()).read(orjson.dumps(told)))
    assert whose(raised.value) == fault


def test_no_more_names_are_sent_than_a_vendor_takes(access: Access) -> None:
    short, long = tuple(f"Name {number}" for number in range(40)), tuple(f"{'a' * 55} {number}" for number in range(40))
    for names, known in ((short, 40), (long, 17)):
        assert DeepgramDialect(access, 8000, TranscriptionHints(names)).url().count("keyterm=") == known
    assert "keyterms_prompt" not in AssemblyAiDialect(access, 8000, TranscriptionHints(long)).url()
