"""What an operator watches, for Prometheus. Labels are few and fixed: no tenant, no agent, nobody's data.

Several workers share a directory that the environment variable `METRICS_DIRECTORY` names: then any of them answers for
all, with sums; memory is told for each process.
"""

import asyncio
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from reception.core.rounds import beat
from reception.ports.events import CallEnded, CallEvent, CallFault, CallObserver, ProviderSwitched, TurnMetrics
from reception.ports.leg import LOST_REASONS, TAKEN_OVER
from reception.providers.access import RequestSeen
from reception.runtime.load import LoopLag, resident_bytes

METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Read by the Prometheus library when it is first imported."""

_TURN_S = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.7, 2.5, 4.0, 8.0)
_STAGE_S = (0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9, 1.3, 2.0, 4.0, 8.0)
_LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2)
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STAGES: tuple[str, ...] = ("endpointing", "stt", "understanding", "retrieval", "llm_first_token", "tts_first_audio")
_REASONS = LOST_REASONS | {
    *("goodbye", "silence", "not_understood", "transfer", "stopped_by_caller", "client_gone", TAKEN_OVER),
    *("max_length", "server_stopping", "cancelled", "closed"),
}
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
_OTHER = "other"
_SAMPLES_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """Who may read the metrics beside platform admins: the bearer of `token`, and with `on_loopback` everybody on this
    machine. A proxy on the same machine makes the world look local, so that production has that off."""

    token: str = ""
    on_loopback: bool = False

    def admits(self, token: str) -> bool:
        return bool(self.token) and hmac.compare_digest(token.encode(), self.token.encode())


@dataclass(frozen=True, slots=True)
class Observers:
    """Several observers of one call, told in order."""

    each: tuple[CallObserver, ...]

    def on_event(self, event: CallEvent) -> None:
        for observer in self.each:
            observer.on_event(event)


@dataclass(frozen=True, slots=True)
class Described:
    """What one metric is. docs/OPERATIONS.md lists them all."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """The figures of one process. An observer of calls, too: implements `ports.events.CallObserver`."""

    def __init__(self, worker: int = 1) -> None:
        self._own = CollectorRegistry()
        self._worker = str(worker)
        self.described: list[Described] = []
        self._calls_live = self._gauge("reception_calls_live", "Calls that are going on", "livesum")
        self._of_worker = self._gauge(
            "reception_worker_calls_live", "Calls that are going on, by worker", "livesum", "worker"
        )
        self._room = self._gauge(
            "reception_worker_room", "Calls that a worker would still admit: 0 when it is full", "livesum", "worker"
        )
        self._calls = self._counter("reception_calls", "Calls that have ended, by reason", "reason")
        self._refused = self._counter("reception_calls_refused", "Calls for which there was no line")
        self._turns = self._counter("reception_turns", "Turns that were answered in calls")
        self._voice = self._histogram(
            "reception_voice_to_voice_seconds", "From a caller's last speech to the first audio of the reply", _TURN_S
        )
        self._stages = self._histogram("reception_stage_seconds", "Each stage of a turn", _STAGE_S, "stage")
        self._barge_ins = self._counter("reception_barge_ins", "Replies that their caller interrupted")
        self._dropped = self._counter("reception_speculations_dropped", "Replies prepared in vain")
        self._cache = self._counter("reception_answer_cache", "Questions that the answer cache was asked", "outcome")
        self._faults = self._counter("reception_call_faults", "Parts of a call that failed, vendors included", "code")
        self._vendor = self._counter("reception_provider_requests", "Requests to vendors", "part", "vendor", "outcome")
        self._vendor_s = self._histogram(
            "reception_provider_seconds", "A vendor's first audio, or its whole answer", _STAGE_S, "part", "vendor"
        )
        self._switches = self._counter(
            "reception_provider_switches", "Calls that went on with another provider", "part", "reason"
        )
        self._limits = self._counter("reception_provider_limits", "Times a vendor took no more requests", "vendor")
        self._lag = self._histogram("reception_event_loop_lag_seconds", "How late the event loop wakes", _LAG_S)
        self._vad = self._gauge("reception_vad_behind_seconds", "The oldest audio that waits to be judged", "livemax")
        self._queues = self._gauge("reception_model_queue", "Work that waits for a model", "livesum", "model")
        self._requests = self._counter("reception_http_requests", "HTTP requests", "method", "route", "status")
        self._request_s = self._histogram(
            "reception_http_request_seconds", "HTTP requests, to the end of the answer", _REQUEST_S, "method", "route"
        )
        self._memory = self._gauge("reception_resident_memory_bytes", "Memory of a process in RAM", "liveall")
        self._recordings = self._counter("reception_recordings", "Attempts to store a recording", "outcome")
        self._unstored = self._gauge("reception_recordings_waiting", "Finished recordings not yet stored", "livemax")
        self._loop_due = self._gauge(
            "reception_background_due_seconds",
            "Unix time by which a loop's next round must have ended: of the process where that is soonest",
            "livemin",
            "loop",
        )
        self._loop_failures = self._counter("reception_background_failures", "Rounds of loops that failed", "loop")
        self.lag = LoopLag(self._lag.observe)

    def on_event(self, event: CallEvent) -> None:
        match event:
            case TurnMetrics():
                self._on_turn(event)
            case CallFault(code=code):
                self._faults.labels(code).inc()
            case ProviderSwitched(part=part, reason=reason):
                self._switches.labels(part, reason).inc()
            case CallEnded(reason=reason):
                self._calls.labels(reason if reason in _REASONS else _OTHER).inc()

    def on_request(self, method: str, route: str, status: int, elapsed_s: float) -> None:
        """`route` is the template of a path, never the path."""
        method = method if method in _METHODS else _OTHER
        self._requests.labels(method, route, str(status)).inc()
        self._request_s.labels(method, route).observe(elapsed_s)

    def on_vendor(self, seen: RequestSeen) -> None:
        """One request to a vendor; models are not told apart, for agents may name any."""
        vendor = seen.provider.partition(":")[0]
        self._vendor.labels(seen.part, vendor, seen.outcome).inc()
        if seen.outcome == "ok":
            took_s = seen.elapsed_s if seen.first_s is None else seen.first_s
            self._vendor_s.labels(seen.part, vendor).observe(took_s)

    def on_limit(self, provider: str, for_s: float) -> None:
        self._limits.labels(provider.partition(":")[0]).inc()

    def on_refusal(self) -> None:
        self._refused.inc()

    def on_recording(self, outcome: str) -> None:
        self._recordings.labels(outcome).inc()

    def on_recordings_waiting(self, count: int) -> None:
        self._unstored.set(count)

    def on_loop_due(self, loop: str, at_s: float) -> None:
        """Implements `runtime.pulses.LoopFigures`."""
        self._loop_due.labels(loop).set(at_s)

    def on_loop_failed(self, loop: str) -> None:
        self._loop_failures.labels(loop).inc()

    async def run(
        self,
        calls: Callable[[], tuple[int, int]],
        queues: Mapping[str, Callable[[], int]],
        vad_behind_s: Callable[[], float],
    ) -> None:
        """Sample what only has a present, once a second, until cancelled: live calls and room for more, work that waits
        for each model, and how far voice activity is behind."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lag.run(), name="loop-lag")
            while True:
                live, room = calls()
                self._calls_live.set(live)
                self._of_worker.labels(self._worker).set(live)
                self._room.labels(self._worker).set(room)
                self._vad.set(vad_behind_s())
                self._memory.set(resident_bytes())
                for model, waiting in queues.items():
                    self._queues.labels(model).set(waiting())
                beat(_SAMPLES_EVERY_S)
                await asyncio.sleep(_SAMPLES_EVERY_S)

    def render(self) -> bytes:
        """Everything in Prometheus's text format, of all processes that share a directory. Reads files then."""
        directory = os.environ.get(METRICS_DIRECTORY)
        if not directory:
            return generate_latest(self._own)
        shared = CollectorRegistry()
        MultiProcessCollector(shared, path=directory)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

    def _on_turn(self, turn: TurnMetrics) -> None:
        self._turns.inc()
        if turn.voice_to_voice_ms is not None:
            self._voice.observe(turn.voice_to_voice_ms / 1000)
        for stage in _STAGES:
            took_ms = getattr(turn, f"{stage}_ms")
            if took_ms is not None:
                self._stages.labels(stage).observe(took_ms / 1000)
        if turn.cache:
            self._cache.labels(turn.cache).inc()
        if turn.interrupted:
            self._barge_ins.inc()
        if turn.speculations_dropped:
            self._dropped.inc(turn.speculations_dropped)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        self.described.append(Described(f"{name}_total", "counter", labels, help_text))
        return Counter(name, help_text, labels, registry=self._own)

    def _histogram(self, name: str, help_text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        self.described.append(Described(name, "histogram", labels, help_text))
        return Histogram(name, help_text, labels, registry=self._own, buckets=buckets)

    def _gauge(
        self, name: str, help_text: str, across: Literal["livesum", "livemin", "livemax", "liveall"], *labels: str
    ) -> Gauge:
        self.described.append(Described(name, "gauge", labels, help_text))
        return Gauge(name, help_text, labels, registry=self._own, multiprocess_mode=across)
