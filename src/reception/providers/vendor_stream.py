"""One call's speech on its way through a vendor that listens as it comes: connection, order, loss and time."""

import asyncio
from collections.abc import Callable, Iterable

from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError, ProviderLimited
from reception.core.recent import RecentAudio
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.access import Access
from reception.providers.dialect import Dialect, News, Piece, said_between
from reception.providers.segmented import KEPT_S
from reception.providers.unforeseen import provider_errors
from reception.providers.wire import vendor_errors

MakeDialect = Callable[[Access, int, TranscriptionHints], Dialect]

_SENT_MS = 60
_MOST_SENT_MS = 1000
_KEEP_ALIVE_S = 4.0
_NOTHING_MORE_S = 0.4
_SLACK_MS = 60
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_LONGEST_MESSAGE = 1 << 20


class StreamingRecognizer:
    """A `Recognizer` over a vendor's WebSocket, one connection a call."""

    def __init__(self, access: Access, dialect: MakeDialect) -> None:
        self._access = access
        self._dialect = dialect

    @property
    def provider(self) -> str:
        return self._access.provider

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> "VendorStream":
        return VendorStream(self._access, self._dialect, sample_rate_hz, hints or TranscriptionHints())


class VendorStream:
    """Sends a call's audio as it comes, and keeps what was heard.

    A connection that is lost is made again, and what had not been settled is sent again. Times within a connection
    count from its own first sample, which is the call's sample `_base`.
    """

    def __init__(self, access: Access, dialect: MakeDialect, sample_rate_hz: int, hints: TranscriptionHints) -> None:
        self._access = access
        self._make_dialect = dialect
        self._rate_hz = sample_rate_hz
        self._hints = hints
        self._recent = RecentAudio(KEPT_S * sample_rate_hz)
        self._base = self._sent = self._unbilled = 0
        self._settled: dict[tuple[int, float | str], tuple[Piece, ...]] = {}
        self._interim: tuple[Piece, ...] = ()
        self._covered_ms = 0.0
        self._flush_wanted = False
        self._flushes = self._answers = self._answers_before = 0
        self._work = asyncio.Event()
        self._news = asyncio.Event()
        self._failure: ProviderError | None = None
        self._closed = False
        self._task = asyncio.create_task(self._run(), name=f"hear {access.provider}")

    @property
    def provider(self) -> str:
        return self._access.provider

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, which nobody may change afterwards. Never blocks."""
        if not self._closed:
            self._recent.add(samples)
            if (self._recent.end - self._sent) * 1000 >= _SENT_MS * self._rate_hz:
                self._work.set()

    def forget(self, before_ms: int) -> None:
        """Let go of the audio, and of the words, before `before_ms`."""
        self._recent.forget(before_ms * self._rate_hz // 1000)
        self._settled = {
            key: pieces for key, pieces in self._settled.items() if pieces and pieces[-1].end_ms > before_ms
        }

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        """What was said from `start_ms` to `end_ms`. A partial transcript is what is known now.

        Raises:
            ProviderError: the connection is down, or the vendor does not answer in time.
        """
        if self._closed:
            raise ProviderError(self.provider, "the recognition stream has been closed")
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        if not partial:
            with self._access.request("stt", 0.0) as request:
                async with asyncio.timeout(self._access.limits.flush_s):
                    await self._settle(end_ms)
                request.units, self._unbilled = self._unbilled / self._rate_hz, 0
        elif self._failure is not None:
            raise self._failure
        pieces = self._said(start_ms, end_ms, interim=partial)
        return Transcript(
            text=" ".join(piece.text for piece in pieces).strip(),
            confidence=sum(piece.confidence for piece in pieces) / len(pieces) if pieces else 0.0,
            audio_ms=end_ms - start_ms,
            elapsed_ms=1000 * (loop.time() - asked_s),
            provider=self.provider,
        )

    async def aclose(self) -> None:
        """Say goodbye, and close the connection; what was sent since the last transcript is accounted for."""
        self._closed = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._access.unasked("stt", self._unbilled / self._rate_hz)
        self._unbilled = 0
        self._recent.forget(self._recent.end)

    async def _settle(self, end_ms: int) -> None:
        """Wait until the vendor has given its final word on the audio up to `end_ms`."""
        flushed = False
        while self._covered_ms < end_ms - _SLACK_MS:
            if self._failure is not None:
                raise self._failure
            if not flushed:
                flushed, before = True, self._flushes
                self._flush_wanted = True
                self._work.set()
            elif self._flushes > before and self._answers > self._answers_before:
                return
            owes_words = self._flushes == before or bool(self._interim)
            if not await self._changed(None if owes_words else _NOTHING_MORE_S):
                # What has not been answered by now is not waited for by those who ask later either.
                self._answers = max(self._answers, self._flushes)
                return

    async def _changed(self, within_s: float | None) -> bool:
        self._news.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _said(self, start_ms: int, end_ms: int, *, interim: bool) -> list[Piece]:
        known = [piece for pieces in self._settled.values() for piece in pieces]
        if interim:
            known += self._interim
        return said_between(known, start_ms, end_ms)

    async def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._closed:
            began = self._recent.end
            try:
                with provider_errors(self.provider):
                    await self._connected()
            except ProviderError as error:
                self._failure = error
                self._news.set()
                # A cancellation can be lost in a failure that comes at the same moment.
                if self._closed or not error.retryable:
                    return
                wait_s = error.retry_after_s if isinstance(error, ProviderLimited) else pause_s
            pause_s = _FIRST_PAUSE_S if self._recent.end > began else min(2 * pause_s, _LONGEST_PAUSE_S)
            await asyncio.sleep(wait_s)

    async def _connected(self) -> None:
        """One connection, until it fails, which it does in the end."""
        dialect = self._make_dialect(self._access, self._rate_hz, self._hints)
        with vendor_errors(self.provider):
            async with asyncio.timeout(self._access.limits.connect_s):
                socket = await connect(
                    dialect.url(),
                    additional_headers=dialect.headers(),
                    open_timeout=None,
                    compression=None,
                    max_size=_LONGEST_MESSAGE,
                )
            try:
                self._begin_anew()
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(self._send(socket, dialect))
                    await self._receive(socket, dialect)
                    sending.cancel()
            except BaseExceptionGroup as failures:
                raise _first(failures) from None
            finally:
                listens = self._closed and socket.protocol.state is State.OPEN
                if listens and (goodbye := dialect.goodbye()) is not None:
                    socket.protocol.send_text(goodbye.encode())
                    socket.transport.write(b"".join(socket.protocol.data_to_send()))
                    socket.transport.close()
                else:
                    socket.transport.abort()

    def _begin_anew(self) -> None:
        """A new connection knows nothing: it is told again what has not been settled."""
        settled = int(self._covered_ms * self._rate_hz / 1000)
        self._base = self._sent = max(self._recent.start, min(settled, self._recent.end))
        self._interim = ()
        self._failure = None
        self._answers = self._answers_before = max(self._answers, self._flushes)
        self._work.set()
        self._news.set()

    async def _send(self, socket: ClientConnection, dialect: Dialect) -> None:
        if (opening := dialect.opening()) is not None:
            await socket.send(opening)
        per_ms = self._rate_hz // 1000
        least = max(1, dialect.shortest_ms * per_ms)
        while True:
            self._sent = max(self._sent, self._recent.start)
            waiting = self._recent.end - self._sent
            if waiting >= _SENT_MS * per_ms or (self._flush_wanted and waiting >= least):
                samples = self._recent.between(self._sent, self._sent + _MOST_SENT_MS * per_ms)
                self._sent += samples.size
                await socket.send(dialect.audio(samples))
                self._unbilled += samples.size
            elif self._flush_wanted:
                self._flush_wanted = False
                self._flushes += 1
                # Answers to flushes before this one may still be due: nobody waited for them any more.
                self._answers_before = max(self._answers, self._flushes - 1)
                if (flush := dialect.flush((self._sent - self._base) / per_ms)) is not None:
                    await socket.send(flush)
                else:
                    self._answers += 1
                self._news.set()
            else:
                await self._await_work(socket, dialect)

    async def _await_work(self, socket: ClientConnection, dialect: Dialect) -> None:
        self._work.clear()
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await self._work.wait()
        except TimeoutError:
            if dialect.keep_alive is not None:
                await socket.send(dialect.keep_alive)

    async def _receive(self, socket: ClientConnection, dialect: Dialect) -> None:
        while True:
            message = await socket.recv()
            self._learn(dialect.read(message))

    def _learn(self, told: Iterable[News]) -> None:
        from_ms = self._base * 1000 / self._rate_hz
        for news in told:
            pieces = tuple(
                Piece(from_ms + piece.start_ms, from_ms + piece.end_ms, piece.text, piece.confidence)
                for piece in news.pieces
            )
            if news.final:
                self._settled[self._base, news.key] = pieces
                self._interim = ()
                self._covered_ms = max(self._covered_ms, from_ms + news.covered_ms)
            elif news.pieces:
                self._interim = pieces
            self._answers += news.flushed
        self._news.set()


def _first(failures: BaseExceptionGroup) -> BaseException:
    """The first failure that is none of several; those of both directions are about the same connection."""
    found = failures.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
