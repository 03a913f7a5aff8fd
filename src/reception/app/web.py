"""The HTTP and WebSocket application over parts that run."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from reception import __version__
from reception.api.description import Application
from reception.api.edge import DOCUMENTATION_PATH, Edge
from reception.api.limits import Limits, RequestLimits
from reception.api.problems import install_problems
from reception.api.routers import routers
from reception.api.services import Services
from reception.api.stopping import Stopping
from reception.runtime.calls import CallCentre
from reception.transports.twilio_stream import PATH as TWILIO_PATH
from reception.transports.twilio_stream import TwilioStream
from reception.transports.voice_stream import VoiceStream

UPLOAD_PATH = "/knowledge/upload"


def create_app(
    services: Services,
    calls: CallCentre,
    *,
    max_body_bytes: int,
    max_upload_bytes: int,
    documented: bool,
    demo_mode: bool,
    limits: RequestLimits,
    allowed_origins: Sequence[str] = (),
    trusted_proxies: str = "",
) -> FastAPI:
    """The HTTP and WebSocket application over parts that run already.

    `documented` serves the description of the API at /openapi.json and /docs. Pages of `allowed_origins` may call it
    from a browser; without a cookie, for there are none. `trusted_proxies` are the addresses, commas between, whose
    word counts on where a request comes from.
    """
    app = Application(
        title="Reception",
        version=__version__,
        openapi_url="/openapi.json" if documented else None,
        docs_url=DOCUMENTATION_PATH if documented else None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    install_problems(app)
    for router in routers(demo_mode=demo_mode):
        app.include_router(router)
    stream = VoiceStream(calls, services.authenticator, services.tickets)
    telephone = TwilioStream(calls, services.tickets)
    app.router.routes += [
        WebSocketRoute("/voice/stream", stream.answer, name="voice_stream"),
        WebSocketRoute(TWILIO_PATH, telephone.answer, name="twilio_stream"),
    ]
    app.add_middleware(Stopping, live=calls.live)
    app.add_middleware(Limits, limits=limits, clock=services.clock)
    if allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[*allowed_origins],
            allow_credentials=False,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "X-Tenant-Id",
                "X-Request-Id",
            ],
            expose_headers=["ETag", "Idempotency-Replayed", "Retry-After", "X-Request-Id"],
            max_age=600,
        )
    app.add_middleware(
        Edge,
        max_body_bytes=max_body_bytes,
        clock=services.clock,
        observe=services.metrics.on_request,
        larger_bodies={UPLOAD_PATH: max_upload_bytes},
    )
    if trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted_proxies)
    return app
