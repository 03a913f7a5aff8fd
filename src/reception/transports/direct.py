"""Text messages handed to whoever listens in the very call in which they arrive, without queue or task switch.

A call at 20 ms a frame brings fifty messages a second; what each costs decides how many calls a core carries. The
server's WebSocket implementation offers this as the ASGI extension `EXTENSION`; under a server that does not, a
transport reads with `receive` like any other application.
"""

from collections.abc import Callable
from typing import Protocol, cast

from starlette.websockets import WebSocket

EXTENSION = "reception.direct_text"

TextSink = Callable[[bytes], None]
"""Takes a whole text message, UTF-8 not yet checked. Must not block and must not raise."""


class Reading(Protocol):
    """The flow of one socket."""

    def pause(self) -> None:
        """Read nothing more, until `resume`."""
        ...

    def resume(self) -> None: ...


Attach = Callable[[TextSink], Reading]


def direct_text(socket: WebSocket) -> Attach | None:
    """What hands the text messages of `socket` to a sink from now on, those that wait first. Closing still arrives
    by `receive`. None when the server does not offer it."""
    return cast("Attach | None", socket.scope.get("extensions", {}).get(EXTENSION))
