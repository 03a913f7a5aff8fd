"""The HTTP and WebSocket application over parts that run."""

from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from reception import __version__
from reception.api.edge import DOCUMENTATION_PATH, Edge
from reception.api.problems import install_problems
from reception.api.routers import routers
from reception.api.services import Services
from reception.runtime.calls import CallCentre
from reception.transports.twilio_stream import PATH as TWILIO_PATH
from reception.transports.twilio_stream import TwilioStream
from reception.transports.voice_stream import VoiceStream


def create_app(
    services: Services,
    calls: CallCentre,
    *,
    max_body_bytes: int,
    max_upload_bytes: int,
    documented: bool,
    demo_mode: bool,
) -> FastAPI:
    """The HTTP and WebSocket application over parts that run already.

    `documented` serves the description of the API at /openapi.json and /docs.
    """
    app = FastAPI(
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
    stream = VoiceStream(calls, services.tokens, services.tickets)
    telephone = TwilioStream(calls, services.tickets)
    app.router.routes += [
        WebSocketRoute("/voice/stream", stream.answer, name="voice_stream"),
        WebSocketRoute(TWILIO_PATH, telephone.answer, name="twilio_stream"),
    ]
    app.add_middleware(
        Edge,
        max_body_bytes=max_body_bytes,
        clock=services.clock,
        observe=services.metrics.on_request,
        larger_bodies={"/knowledge/upload": max_upload_bytes},
    )
    return app
