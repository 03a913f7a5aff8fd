"""Traces for OpenTelemetry: a span for each call and below it one for each turn, or a span for each turn of a chat;
below that the turn's stages, and below those the requests to vendors. Needs the extra `otel`.

Spans are made when a turn is over, from what was measured. They hold ids, times, and the names of providers; never what
anybody said, and nobody's name or number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from reception import __version__
from reception.core.clock import Clock
from reception.core.errors import AppError
from reception.ports.dialogue import Channel
from reception.ports.events import CallEnded, CallEvent, CallFault, TurnAnswered, TurnMetrics
from reception.providers.access import RequestSeen
from reception.providers.account import Account

_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_TRACES_PATH: Final = "/v1/traces"
_MOST_REQUESTS: Final = 64
"""Of one turn; more are counted and not shown."""
_STAGES: Final = ("endpointing", "stt", "understanding", "retrieval", "llm_first_token", "tts_first_audio")
_STAGES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "stt": ("stt",),
    "embeddings": ("retrieval", "understanding"),
    "llm": ("llm_first_token", "understanding"),
    "tts": ("tts_first_audio",),
}
"""What a part's requests are made for; the first of them that ran."""
_GOOD: Final = frozenset({"ok", "cancelled"})


class Tracing:
    """Implements `runtime.traces.Tracer`. Sends spans to an OTLP/HTTP collector in the background, in batches; when it
    is away, spans are lost and calls are not. `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER` hold as
    OpenTelemetry defines them."""

    def __init__(self, endpoint: str, clock: Clock) -> None:
        self._clock = clock
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "reception", "service.version": __version__}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint.rstrip("/") + _TRACES_PATH)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("reception", __version__)

    def call(self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID, payer: Account | None = None) -> "CallSpans":
        return CallSpans(self._tracer, self._clock, _ids(tenant_id, agent_id, conversation_id, "voice"), payer)

    def chat_turn(
        self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID, turn: int, payer: Account | None = None
    ) -> "ChatTurnSpan":
        return ChatTurnSpan(self._tracer, self._clock, _ids(tenant_id, agent_id, conversation_id, "chat"), turn, payer)

    def close(self) -> None:
        """Send what waits. Blocks for as long as the collector takes, at most seconds."""
        self._provider.shutdown()


class CallSpans:
    """Implements `runtime.traces.Trace`: a span for the call, and one for each turn below it."""

    def __init__(self, tracer: trace.Tracer, clock: Clock, ids: Mapping[str, str], payer: Account | None) -> None:
        self._tracer = tracer
        self._clock = clock
        self._ids = ids
        self._requests = _Requests(clock, payer)
        self._call = tracer.start_span("call", Context(), SpanKind.SERVER, ids, start_time=_ns(clock.now()))
        self._within = trace.set_span_in_context(self._call, Context())
        self._answered_ns: dict[int, int] = {}

    def add(self, seen: RequestSeen) -> None:
        self._requests.add(seen)

    def on_event(self, event: CallEvent) -> None:
        match event:
            case TurnAnswered(metrics=metrics):
                self._answered_ns[metrics.turn] = _ns(self._clock.now())
            case TurnMetrics():
                self._end_turn(event)
            case CallFault(code=code, fatal=fatal):
                self._call.add_event("fault", {"reception.code": code}, _ns(self._clock.now()))
                if fatal:
                    self._call.set_status(Status(StatusCode.ERROR, code))
            case CallEnded():
                self._call.end(_ns(self._clock.now()))

    def _end_turn(self, turn: TurnMetrics) -> None:
        now_ns = _ns(self._clock.now())
        sound_ns = self._answered_ns.pop(turn.turn, now_ns)
        waited_ms = turn.voice_to_voice_ms
        if waited_ms is None:
            waited_ms = sum(took_ms for _, took_ms in _stages(turn))
        requests = self._requests.take()
        began_ns = min(
            [sound_ns - int(waited_ms * _NS_PER_MS), *(end_ns - _length_ns(seen) for end_ns, seen in requests)]
        )
        span = self._tracer.start_span("turn", self._within, attributes=_told(self._ids, turn), start_time=began_ns)
        _show_parts(self._tracer, span, turn, sound_ns, requests)
        span.add_event("first audio", timestamp=sound_ns)
        span.end(now_ns)


class ChatTurnSpan:
    """Implements `runtime.traces.Trace`: a span for one turn of a chat. It is a trace of its own, as the next may be
    answered days later by another process."""

    def __init__(
        self, tracer: trace.Tracer, clock: Clock, ids: Mapping[str, str], turn: int, payer: Account | None
    ) -> None:
        self._tracer = tracer
        self._clock = clock
        self._ids = ids
        self._requests = _Requests(clock, payer)
        self._turn = TurnMetrics(turn)
        self._span = tracer.start_span("turn", Context(), SpanKind.SERVER, start_time=_ns(clock.now()))

    def add(self, seen: RequestSeen) -> None:
        self._requests.add(seen)

    def on_event(self, event: CallEvent) -> None:
        if isinstance(event, TurnMetrics):
            self._turn = event

    def __enter__(self) -> "ChatTurnSpan":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        now_ns = _ns(self._clock.now())
        self._span.set_attributes(_told(self._ids, self._turn))
        _show_parts(self._tracer, self._span, self._turn, now_ns, self._requests.take())
        if error is not None:
            code = error.code if isinstance(error, AppError) else type(error).__name__
            self._span.set_status(Status(StatusCode.ERROR, code))
        self._span.end(now_ns)


class _Requests:
    """The requests to vendors since the last turn, each with when it ended."""

    def __init__(self, clock: Clock, payer: Account | None) -> None:
        self._clock = clock
        self._payer = payer
        self._seen: list[_Seen] = []

    def add(self, seen: RequestSeen) -> None:
        if self._payer is not None:
            self._payer.add(seen)
        # A language model is billed for what it reads and for what it writes; that is one request.
        if seen.part != "llm_in" and len(self._seen) < _MOST_REQUESTS:
            self._seen.append((_ns(self._clock.now()), seen))

    def take(self) -> "list[_Seen]":
        seen, self._seen = self._seen, []
        return seen


_Seen: TypeAlias = tuple[int, RequestSeen]


def _told(ids: Mapping[str, str], turn: TurnMetrics) -> dict[str, str | int | bool]:
    return {
        **ids,
        "reception.turn": turn.turn,
        "reception.interrupted": turn.interrupted,
        "reception.speculations_dropped": turn.speculations_dropped,
        "reception.cache": turn.cache,
        **{f"reception.provider.{part}": name for part, name in turn.providers.items()},
    }


def _stages(turn: TurnMetrics) -> list[tuple[str, float]]:
    return [(stage, took_ms) for stage in _STAGES if (took_ms := getattr(turn, f"{stage}_ms")) is not None]


def _show_parts(tracer: trace.Tracer, span: Span, turn: TurnMetrics, reply_ns: int, requests: list[_Seen]) -> None:
    """The stages below the turn's `span`, each as long as it was measured, one after the other up to the reply: those
    that ran at once overlapped. Below a stage are the requests that were made for it."""
    within = trace.set_span_in_context(span, Context())
    contexts: dict[str, Context] = {}
    end_ns = reply_ns
    for stage, took_ms in reversed(_stages(turn)):
        begin_ns = end_ns - int(took_ms * _NS_PER_MS)
        shown = tracer.start_span(stage, within, start_time=begin_ns)
        shown.end(end_ns)
        contexts[stage] = trace.set_span_in_context(shown, Context())
        end_ns = begin_ns
    for request_end_ns, seen in requests:
        stages = _STAGES_OF.get(seen.part.partition("_")[0], ())
        below = next((contexts[stage] for stage in stages if stage in contexts), within)
        _show_request(tracer, below, request_end_ns, seen)


def _show_request(tracer: trace.Tracer, within: Context, end_ns: int, seen: RequestSeen) -> None:
    part = seen.part.partition("_")[0]
    attributes: dict[str, str | float] = {"reception.provider": seen.provider, "reception.outcome": seen.outcome}
    if seen.first_s is not None:
        attributes["reception.first_s"] = seen.first_s
    span = tracer.start_span(
        f"{part} {seen.provider.partition(':')[0]}",
        within,
        SpanKind.CLIENT,
        attributes,
        start_time=end_ns - _length_ns(seen),
    )
    if seen.outcome not in _GOOD:
        span.set_status(Status(StatusCode.ERROR, seen.outcome))
    span.end(end_ns)


def _ids(tenant_id: UUID, agent_id: UUID, conversation_id: UUID, channel: Channel) -> dict[str, str]:
    return {
        "reception.tenant.id": str(tenant_id),
        "reception.agent.id": str(agent_id),
        "reception.call.id": str(conversation_id),
        "reception.channel": channel,
    }


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * _NS_PER_S)


def _length_ns(seen: RequestSeen) -> int:
    return int(seen.elapsed_s * _NS_PER_S)
