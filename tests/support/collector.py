"""An HTTP server in a thread that keeps what is posted to it: a collector of traces, or a Sentry.

Wire format of traces: https://opentelemetry.io/docs/specs/otlp/
"""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Posted:
    """`body` is as it was before it was compressed."""

    path: str
    content_type: str
    body: bytes


@dataclass(slots=True)
class Collector:
    """Listens on `port` of 127.0.0.1."""

    port: int
    posted: list[Posted] = field(default_factory=list)

    def spans(self) -> list[Any]:
        """Those that were posted to it, which is a collector of traces."""
        found: list[Any] = []
        for each in self.posted:
            assert (each.path, each.content_type) == ("/v1/traces", "application/x-protobuf")
            request = ExportTraceServiceRequest.FromString(each.body)  # type: ignore[no-untyped-call]
            found += [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]
        return found


def attributes_of(span: Any) -> dict[str, Any]:
    """By name; of texts, truths and whole numbers."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            kept.posted.append(Posted(self.path, self.headers.get("content-type", ""), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    kept = Collector(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
