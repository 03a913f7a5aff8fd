"""Traces and faults, as they reach an OTLP/HTTP collector and a Sentry over real sockets.

Wire format of faults: https://develop.sentry.dev/sdk/data-model/envelopes/
"""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from reception.app.watching import watched_from_outside
from reception.core.clock import FixedClock
from reception.core.errors import Conflict, InvalidInput
from reception.ports.events import CallEnded, ReplySaid, TranscriptHeard, TurnAnswered, TurnMetrics
from reception.providers.access import RequestSeen
from reception.settings import load_settings
from tests.support.collector import Collector, attributes_of, collector

TENANT, AGENT, CALL = UUID(int=1), UUID(int=2), UUID(int=3)
START = datetime(2027, 3, 12, 19, 30, tzinfo=UTC)
PRIVATE = ("+12125550142", "maria@example.com", "Maria Ramos", "sk-very-secret")


class _Payer:
    def __init__(self) -> None:
        self.seen: list[RequestSeen] = []

    def add(self, seen: RequestSeen) -> None:
        self.seen.append(seen)


async def test_a_call_is_a_trace_with_a_span_for_each_turn_and_its_stages_below() -> None:
    payer, clock = _Payer(), FixedClock(START)
    turn = TurnMetrics(
        1,
        endpointing_ms=200.0,
        stt_ms=90.0,
        understanding_ms=10.0,
        tts_first_audio_ms=100.0,
        voice_to_voice_ms=430.0,
        providers={"stt": "deepgram:nova-3"},
    )
    with collector() as received:
        settings = load_settings(otlp_endpoint=f"http://127.0.0.1:{received.port}")
        async with watched_from_outside(settings, clock) as trace:
            assert trace is not None
            spans = trace.call(TENANT, AGENT, CALL, payer)
            clock.advance(timedelta(seconds=5))
            spans.on_event(TranscriptHeard(1, " ".join(PRIVATE), final=True))
            spans.add(RequestSeen("stt", "deepgram:nova-3", "ok", 0.09, 0.05, 2.0))
            spans.add(RequestSeen("llm_in", "groq:llama", "ok", 0.2, 0.1, 100))
            spans.add(RequestSeen("llm_out", "groq:llama", "provider_timeout", 0.2, None, 20))
            spans.on_event(ReplySaid(1, " ".join(PRIVATE)))
            spans.on_event(TurnAnswered(turn))
            clock.advance(timedelta(seconds=2))
            spans.on_event(turn)
            spans.on_event(CallEnded("goodbye"))
    found = {span.name: span for span in received.spans()}
    assert found.keys() == {
        "call", "turn", "endpointing", "stt", "understanding", "tts_first_audio", "stt deepgram", "llm groq",
    }  # fmt: skip
    call, answered = found["call"], found["turn"]
    assert len({span.trace_id for span in found.values()}) == 1
    assert answered.parent_span_id == call.span_id
    stages = [found[name] for name in ("endpointing", "stt", "understanding", "tts_first_audio")]
    assert {span.parent_span_id for span in stages} == {answered.span_id}
    assert found["stt deepgram"].parent_span_id == found["stt"].span_id
    assert found["llm groq"].parent_span_id == found["understanding"].span_id
    heard_ns = int((START + timedelta(seconds=5)).timestamp()) * 10**9
    assert (answered.start_time_unix_nano, answered.end_time_unix_nano) == (
        heard_ns - 430_000_000,
        heard_ns + 2 * 10**9,
    )
    assert call.end_time_unix_nano - call.start_time_unix_nano == 7 * 10**9
    assert found["endpointing"].end_time_unix_nano - found["endpointing"].start_time_unix_nano == 200_000_000
    assert found["stt deepgram"].end_time_unix_nano - found["stt deepgram"].start_time_unix_nano == 90_000_000
    assert found["llm groq"].status.message == "provider_timeout"
    told = attributes_of(answered)
    assert (told["reception.call.id"], told["reception.provider.stt"]) == (str(CALL), "deepgram:nova-3")
    assert (told["reception.channel"], told["reception.turn"]) == ("voice", 1)
    for secret in PRIVATE:
        assert secret.encode() not in b"".join(each.body for each in received.posted)
    assert len(payer.seen) == 3


async def test_a_turn_of_a_chat_is_a_trace_of_its_own_like_those_of_calls() -> None:
    payer, clock = _Payer(), FixedClock(START)
    turn = TurnMetrics(4, understanding_ms=10.0, retrieval_ms=20.0, llm_first_token_ms=300.0, cache="miss")
    with collector() as received:
        settings = load_settings(otlp_endpoint=f"http://127.0.0.1:{received.port}")
        async with watched_from_outside(settings, clock) as trace:
            assert trace is not None
            with trace.chat_turn(TENANT, AGENT, CALL, 4, payer) as spans:
                clock.advance(timedelta(seconds=1))
                spans.add(RequestSeen("embeddings", "openai:text-embedding-3-small", "ok", 0.02, None, 7))
                spans.add(RequestSeen("llm_in", "groq:llama", "ok", 0.5, 0.3, 100))
                spans.add(RequestSeen("llm_out", "groq:llama", "ok", 0.5, 0.3, 20))
                spans.on_event(turn)
            with pytest.raises(Conflict), trace.chat_turn(TENANT, AGENT, CALL, 5):
                raise Conflict(" ".join(PRIVATE))
    answered, failed = (span for span in received.spans() if span.name == "turn")
    found = {span.name: span for span in received.spans() if span.trace_id == answered.trace_id}
    assert found.keys() == {"turn", "understanding", "retrieval", "llm_first_token", "embeddings openai", "llm groq"}
    assert not answered.parent_span_id
    assert answered.end_time_unix_nano - answered.start_time_unix_nano == 10**9
    for stage in ("understanding", "retrieval", "llm_first_token"):
        assert found[stage].parent_span_id == answered.span_id
    assert found["embeddings openai"].parent_span_id == found["retrieval"].span_id
    assert found["llm groq"].parent_span_id == found["llm_first_token"].span_id
    assert attributes_of(answered) == {
        "reception.tenant.id": str(TENANT),
        "reception.agent.id": str(AGENT),
        "reception.call.id": str(CALL),
        "reception.channel": "chat",
        "reception.turn": 4,
        "reception.interrupted": False,
        "reception.speculations_dropped": 0,
        "reception.cache": "miss",
    }
    assert (failed.status.message, attributes_of(failed)["reception.turn"]) == ("conflict", 5)
    assert len(payer.seen) == 3
    for secret in PRIVATE:
        assert secret.encode() not in b"".join(each.body for each in received.posted)


async def test_without_a_collector_nothing_is_traced() -> None:
    async with watched_from_outside(load_settings(), FixedClock(START)) as trace:
        assert trace is None


def _events(received: Collector) -> list[dict[str, Any]]:
    """Of envelopes: a header line, then for each item its header and its payload."""
    found = []
    for each in received.posted:
        assert each.path == "/api/42/envelope/"
        assert each.content_type == "application/x-sentry-envelope"
        lines = each.body.split(b"\n")
        for header, payload in zip(lines[1::2], lines[2::2], strict=False):
            if header and json.loads(header)["type"] == "event":
                found.append(json.loads(payload))
    return found


async def test_a_fault_reaches_sentry_without_anything_that_somebody_said(tmp_path: Path) -> None:
    log = structlog.wrap_logger(
        logging.getLogger("reception.tests.faults"),
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with collector() as received:
        settings = load_settings(sentry_dsn=f"http://abcdef@127.0.0.1:{received.port}/42")
        async with watched_from_outside(settings, FixedClock(START)):
            with structlog.contextvars.bound_contextvars(request_id="a-request", call_id=str(CALL)):
                try:
                    _fail(" ".join(PRIVATE))
                except ValueError:
                    log.error("background.failed", task="usage", exc_info=True)
                log.info("request", detail=PRIVATE[0])
    [event] = _events(received)
    assert event["message"] == "background.failed"
    assert (event["level"], event["environment"]) == ("error", "development")
    assert event["tags"] == {"request_id": "a-request", "call_id": str(CALL), "task": "usage"}
    [raised] = event["exception"]["values"]
    assert raised["type"] == "ValueError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "_fail"
    assert not {"request", "user", "breadcrumbs", "extra", "server_name"} & event.keys()
    for secret in PRIVATE:
        assert secret.encode() not in b"".join(each.body for each in received.posted)


def _fail(words: str) -> None:
    caller = words
    raise ValueError(caller)


async def test_what_is_no_dsn_is_refused_without_its_value() -> None:
    with pytest.raises(InvalidInput) as refused:
        async with watched_from_outside(load_settings(sentry_dsn="https://nonsense"), FixedClock(START)):
            pass
    assert "RECEPTION_SENTRY_DSN" in refused.value.detail
    assert "nonsense" not in refused.value.detail
    with pytest.raises(InvalidInput, match="OTLP_ENDPOINT"):
        load_settings(otlp_endpoint="collector:4318")
