"""Traces of calls for OpenTelemetry: a span for each call, below it one for each turn, and below that the turn's stages
and the requests to vendors. Needs the extra `otel`.

Spans are made when a turn is over, from what was measured. They hold ids, times, and the names of providers; never what
anybody said, and nobody's name or number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
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
from reception.ports.events import CallEnded, CallEvent, CallFault, TurnAnswered, TurnMetrics
from reception.providers.access import RequestSeen
from reception.providers.account import Account

_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_TRACES_PATH: Final = "/v1/traces"
_MOST_REQUESTS: Final = 64
"""Of one turn; more are counted and not shown."""
_BEFORE_SOUND: Final = ("endpointing", "stt", "understanding", "retrieval", "llm_first_token", "tts_first_audio")
_GOOD: Final = frozenset({"ok", "cancelled"})


class Tracing:
    """Sends spans to an OTLP/HTTP collector in the background, in batches; when it is away, spans are lost and calls
    are not. `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER` hold as OpenTelemetry defines them."""

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
        """The spans of one call, which begins now. An observer of it, and its account with vendors, which `payer` is
        told of, too."""
        ids = {"tenant.id": str(tenant_id), "agent.id": str(agent_id), "call.id": str(conversation_id)}
        return CallSpans(self._tracer, self._clock, ids, payer)

    def close(self) -> None:
        """Send what waits. Blocks for as long as the collector takes, at most seconds."""
        self._provider.shutdown()


class CallSpans:
    """Implements `ports.events.CallObserver` and `providers.account.Account`."""

    def __init__(self, tracer: trace.Tracer, clock: Clock, ids: Mapping[str, str], payer: Account | None) -> None:
        self._tracer = tracer
        self._clock = clock
        self._ids = {f"reception.{name}": value for name, value in ids.items()}
        self._payer = payer
        self._call = tracer.start_span("call", Context(), SpanKind.SERVER, self._ids, start_time=_ns(clock.now()))
        self._within = trace.set_span_in_context(self._call, Context())
        self._answered_ns: dict[int, int] = {}
        self._requests: list[tuple[int, RequestSeen]] = []

    def add(self, seen: RequestSeen) -> None:
        if self._payer is not None:
            self._payer.add(seen)
        # A language model is billed for what it reads and for what it writes; that is one request.
        if seen.part != "llm_in" and len(self._requests) < _MOST_REQUESTS:
            self._requests.append((_ns(self._clock.now()), seen))

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
        stages = [(stage, took) for stage in _BEFORE_SOUND if (took := getattr(turn, f"{stage}_ms")) is not None]
        waited_ms = turn.voice_to_voice_ms if turn.voice_to_voice_ms is not None else sum(took for _, took in stages)
        requests, self._requests = self._requests, []
        began_ns = min(
            [sound_ns - int(waited_ms * _NS_PER_MS), *(end_ns - _length_ns(seen) for end_ns, seen in requests)]
        )
        attributes: dict[str, str | int | bool] = {
            **self._ids,
            "reception.turn": turn.turn,
            "reception.interrupted": turn.interrupted,
            "reception.speculations_dropped": turn.speculations_dropped,
            "reception.cache": turn.cache,
            **{f"reception.provider.{part}": name for part, name in turn.providers.items()},
        }
        span = self._tracer.start_span("turn", self._within, attributes=attributes, start_time=began_ns)
        within = trace.set_span_in_context(span, Context())
        self._show_stages(within, stages, sound_ns)
        for end_ns, seen in requests:
            self._show_request(within, end_ns, seen)
        span.add_event("first audio", timestamp=sound_ns)
        span.end(now_ns)

    def _show_stages(self, within: Context, stages: list[tuple[str, float]], sound_ns: int) -> None:
        """Each as long as it was measured, one after the other up to the first sound: those that ran at once, before
        the turn was over, are shown apart."""
        end_ns = sound_ns
        for stage, took_ms in reversed(stages):
            begin_ns = end_ns - int(took_ms * _NS_PER_MS)
            self._tracer.start_span(stage, within, start_time=begin_ns).end(end_ns)
            end_ns = begin_ns

    def _show_request(self, within: Context, end_ns: int, seen: RequestSeen) -> None:
        part = seen.part.partition("_")[0]
        attributes: dict[str, str | float] = {"reception.provider": seen.provider, "reception.outcome": seen.outcome}
        if seen.first_s is not None:
            attributes["reception.first_s"] = seen.first_s
        span: Span = self._tracer.start_span(
            f"{part} {seen.provider.partition(':')[0]}",
            within,
            SpanKind.CLIENT,
            attributes,
            start_time=end_ns - _length_ns(seen),
        )
        if seen.outcome not in _GOOD:
            span.set_status(Status(StatusCode.ERROR, seen.outcome))
        span.end(end_ns)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * _NS_PER_S)


def _length_ns(seen: RequestSeen) -> int:
    return int(seen.elapsed_s * _NS_PER_S)
