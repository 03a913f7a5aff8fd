"""Tells a call that another provider answers it from now on."""

from collections.abc import Callable

import structlog

from reception.core.telemetry import PROVIDER_SWITCHED
from reception.ports.events import CallEvent, ProviderSwitched

_log = structlog.get_logger(__name__)


class Switches:
    """What providers are given to report to, before there is a session; `tell` is the session's once there is."""

    def __init__(self, tell: Callable[[CallEvent], None] | None = None) -> None:
        self.tell = tell

    def __call__(self, switched: ProviderSwitched) -> None:
        _log.warning(
            PROVIDER_SWITCHED,
            part=switched.part,
            provider=switched.to_provider,
            instead_of=switched.from_provider,
            reason=switched.reason,
        )
        if self.tell is not None:
            self.tell(switched)
