"""Why a client's socket has closed: its caller hung up, or was lost."""

from collections.abc import Mapping
from typing import Any

from reception.ports.leg import CONNECTION_LOST, DOES_NOT_READ

_HANG_UPS = frozenset({1000, 1001})
_NO_CODE = 1005


def closing_of(disconnect: Mapping[str, Any] | None) -> str:
    """The reason of a `LegClosed`, from the ASGI message `websocket.disconnect`; None where the client stopped reading.

    The server reports a socket that broke as 1005 like one closed without a code, which alone brings a `reason`, empty
    as it is.
    """
    if disconnect is None:
        return DOES_NOT_READ
    code = disconnect.get("code", _NO_CODE)
    hung_up = code in _HANG_UPS or (code == _NO_CODE and "reason" in disconnect)
    return "client_gone" if hung_up else CONNECTION_LOST
