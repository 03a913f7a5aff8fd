"""What is told to the client and to the observers, in order."""

import asyncio
from collections import deque
from collections.abc import Sequence

from reception.ports.events import CallEvent, CallObserver, SpeechChanged, TranscriptHeard
from reception.ports.leg import CallLeg


class EventFeed:
    """Events wait here between the engine's synchronous parts and the leg.

    At most `limit` wait. When full, the oldest that a later one supersedes is dropped (a partial transcript, then a
    change of speech), and failing those the oldest.
    """

    def __init__(self, leg: CallLeg, observers: Sequence[CallObserver], *, limit: int) -> None:
        self._leg = leg
        self._observers = observers
        self._limit = limit
        self._waiting: deque[CallEvent] = deque()
        self._posted = asyncio.Event()
        self._sending = asyncio.Lock()
        self.leg_open = True

    def post(self, event: CallEvent) -> None:
        """Queue `event`. Never blocks."""
        if len(self._waiting) >= self._limit:
            self._drop_one()
        self._waiting.append(event)
        self._posted.set()

    async def flush(self) -> None:
        """Send what waits, before anything the caller of this sends next."""
        async with self._sending:
            while self._waiting:
                event = self._waiting.popleft()
                if self.leg_open:
                    await self._leg.send_event(event)
                for observer in self._observers:
                    observer.on_event(event)

    async def run(self) -> None:
        """Send what is posted, until cancelled."""
        while True:
            await self._posted.wait()
            self._posted.clear()
            await self.flush()

    def _drop_one(self) -> None:
        for index, event in enumerate(self._waiting):
            if isinstance(event, TranscriptHeard) and not event.final:
                del self._waiting[index]
                return
        for index, event in enumerate(self._waiting):
            if isinstance(event, SpeechChanged):
                del self._waiting[index]
                return
        self._waiting.popleft()
