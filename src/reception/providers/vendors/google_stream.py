"""Google Cloud Speech as it listens, by Google's own client: its streaming is gRPC alone.

The final word on what was said comes when the vendor finds an end by itself, or at the end of a request. So a request
ends where the call wants to know what was said, and the next one begins with the sample after.
API: https://cloud.google.com/speech-to-text/docs/reference/rpc/google.cloud.speech.v1
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial as partially
from typing import Any

from reception.core.audio import Pcm16, level_dbfs
from reception.core.errors import (
    MissingModel,
    ProviderError,
    ProviderLimited,
    ProviderRefused,
)
from reception.core.recent import RecentAudio
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.access import Access
from reception.providers.dialect import Piece, said_between
from reception.providers.packages import Package
from reception.providers.segmented import KEPT_S
from reception.providers.vendor_stt import UNSTATED_CONFIDENCE
from reception.providers.vendors.google_sdk import GoogleSdk, Metadata, is_installed, told_by_google

_SENT_MS = 100
_MOST_SENT = 12_000
"""Samples in one message, of which Google takes 25 KB."""
_RENEWED_S, _LONGEST_S = 240, 290
"""A request may hold five minutes of audio: after four it ends where nobody speaks."""
_QUIET_DBFS = -45.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


class GoogleStreamingRecognizer:
    """A `Recognizer`. The key is an API key, or the JSON of a service account's key."""

    def __init__(self, access: Access) -> None:
        """Raises `MissingModel` where Google's package is not installed."""
        if not is_installed():
            raise MissingModel("Google Cloud's speech client", "pip install 'reception[google]'")
        self._access = access

    @property
    def provider(self) -> str:
        return self._access.provider

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> "GoogleStream":
        return GoogleStream(self._access, sample_rate_hz, hints or TranscriptionHints())


@dataclass(eq=False)
class _Request:
    """One request: the call's audio from sample `start` on, to `end` once that is known. Samples before `settled` have
    been judged."""

    start: int
    settled: int
    sent: int
    end: int | None = None
    interim: tuple[Piece, ...] = ()
    work: asyncio.Event = field(default_factory=asyncio.Event)


class GoogleStream:
    """One call's audio on its way to Google, over one connection. What a request that failed had not settled is sent
    again in the next."""

    def __init__(self, access: Access, sample_rate_hz: int, hints: TranscriptionHints) -> None:
        self._access = access
        self._rate_hz = sample_rate_hz
        self._hints = hints
        self._recent = RecentAudio(KEPT_S * sample_rate_hz)
        self._settled: list[Piece] = []
        self._failure: ProviderError | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._failed_at = self._unbilled = 0
        self._closed = False
        self._package = Package(access.provider, partially(_load, access))
        self._channel: Any = None
        self._client: Any = None
        self._again: asyncio.TimerHandle | None = None
        self._requests: dict[_Request, asyncio.Task[None]] = {}
        self._current = self._begin(0)

    @property
    def provider(self) -> str:
        return self._access.provider

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, which nobody may change afterwards. Never blocks."""
        if self._closed:
            return
        self._recent.add(samples)
        now = self._current
        length_s = (self._recent.end - now.start) / self._rate_hz
        if length_s > _LONGEST_S or (length_s > _RENEWED_S and level_dbfs(samples) < _QUIET_DBFS):
            self._finish(now)
        elif (self._recent.end - now.sent) * 1000 >= _SENT_MS * self._rate_hz:
            now.work.set()

    def forget(self, before_ms: int) -> None:
        """Let go of the audio, and of the words, before `before_ms`."""
        self._recent.forget(before_ms * self._rate_hz // 1000)
        self._settled = [piece for piece in self._settled if piece.end_ms > before_ms]

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
            await self._package.ended(self._access.limits.load_s)
            with self._access.request("stt", 0.0) as request:
                async with asyncio.timeout(self._access.limits.flush_s):
                    await self._settle(end_ms * self._rate_hz // 1000)
                request.units, self._unbilled = self._unbilled / self._rate_hz, 0
        elif self._failure is not None:
            raise self._failure
        known = list(self._settled)
        if partial:
            known += [piece for request in self._requests for piece in request.interim]
        pieces = said_between(known, start_ms, end_ms)
        return Transcript(
            text=" ".join(piece.text for piece in pieces).strip(),
            confidence=sum(piece.confidence for piece in pieces) / len(pieces) if pieces else 0.0,
            audio_ms=end_ms - start_ms,
            elapsed_ms=1000 * (loop.time() - asked_s),
            provider=self.provider,
        )

    async def aclose(self) -> None:
        """End what is under way, and close the connection; what was sent since the last transcript is accounted for."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
        under_way = list(self._requests.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._access.unasked("stt", self._unbilled / self._rate_hz)
        self._unbilled = 0
        if self._channel is not None:
            await self._channel.close()
        self._recent.forget(self._recent.end)

    async def _settle(self, end: int) -> None:
        """Wait until the vendor has given its final word on the samples before `end`."""
        if self._failure is not None:
            raise self._failure
        if self._current.settled < end and self._recent.end > self._current.start:
            self._finish(self._current)
        wanted = [task for request, task in self._requests.items() if request.settled < end and request.start < end]
        if wanted:
            await asyncio.wait(wanted)
        if self._failure is not None:
            raise self._failure

    def _begin(self, start: int) -> _Request:
        request = _Request(start, start, start)
        self._requests[request] = asyncio.create_task(self._hold(request), name=f"hear {self.provider}")
        self._current = request
        return request

    def _finish(self, request: _Request) -> None:
        """No more audio goes into `request`; another takes what follows."""
        request.end = self._recent.end
        request.work.set()
        self._begin(self._recent.end)

    async def _hold(self, request: _Request) -> None:
        try:
            sdk, credentials = await self._package.within(None)
            if self._channel is None:
                self._channel = sdk.channel(self._access.base_url)
                self._client = sdk.client(self._channel)
            await self._listen(sdk, credentials, request)
            if request.end is None:
                raise ProviderError(self.provider, f"{self.provider} ended a request by itself", retryable=True)
            request.settled = request.end
        except ImportError:
            self._failed(ProviderRefused(self.provider, f"{self.provider}: Google's package cannot be loaded"))
        except ProviderError as error:
            self._failed(error)
        finally:
            self._requests.pop(request, None)

    async def _listen(self, sdk: GoogleSdk, credentials: Callable[[], Metadata], request: _Request) -> None:
        try:
            answers = await self._client.streaming_recognize(
                requests=self._messages(sdk, request),
                retry=None,
                timeout=None,
                metadata=credentials(),
            )
            try:
                async for answer in answers:
                    self._learn(request, answer)
            finally:
                answers.cancel()
        except sdk.errors as error:
            raise told_by_google(self.provider, error) from None

    async def _messages(self, sdk: GoogleSdk, request: _Request) -> AsyncIterator[Any]:
        yield sdk.opening(self._access.model, self._rate_hz, self._hints)
        least = _SENT_MS * self._rate_hz // 1000
        while True:
            end = self._recent.end if request.end is None else request.end
            request.sent = max(request.sent, min(self._recent.start, end))
            waiting = end - request.sent
            if waiting >= least or (waiting and request.end is not None):
                samples = self._recent.between(request.sent, min(end, request.sent + _MOST_SENT))
                request.sent += samples.size
                self._unbilled += samples.size
                yield sdk.audio(samples)
            elif request.end is not None:
                return
            else:
                request.work.clear()
                await request.work.wait()

    def _learn(self, request: _Request, answer: Any) -> None:
        from_ms = request.start * 1000 / self._rate_hz
        interim: list[Piece] = []
        for result in answer.results:
            if not result.alternatives:
                continue
            best = result.alternatives[0]
            ends_ms = from_ms + result.result_end_time.total_seconds() * 1000
            begins_ms = request.settled * 1000 / self._rate_hz
            if not result.is_final:
                interim.append(Piece(begins_ms, ends_ms, best.transcript.strip(), UNSTATED_CONFIDENCE))
                continue
            sure = best.confidence or UNSTATED_CONFIDENCE
            words = [
                Piece(
                    from_ms + word.start_time.total_seconds() * 1000,
                    from_ms + word.end_time.total_seconds() * 1000,
                    word.word,
                    sure,
                )
                for word in best.words
            ]
            self._settled += words or [Piece(begins_ms, ends_ms, best.transcript.strip(), sure)]
            request.settled = max(request.settled, int(ends_ms * self._rate_hz / 1000))
        request.interim = tuple(interim)

    def _failed(self, error: ProviderError) -> None:
        """Give up every request, and begin anew with what none of them has settled, unless the vendor refuses."""
        if self._failure is not None or self._closed:
            return
        self._failure = error
        unsettled = min(request.settled for request in self._requests)
        # What a later request has told of already will be heard again.
        self._settled = [piece for piece in self._settled if piece.start_ms * self._rate_hz < unsettled * 1000]
        present = asyncio.current_task()
        for task in self._requests.values():
            if task is not present:
                task.cancel()
        if isinstance(error, ProviderRefused):
            return
        heard_more = self._recent.end > self._failed_at
        self._pause_s = _FIRST_PAUSE_S if heard_more else min(2 * self._pause_s, _LONGEST_PAUSE_S)
        self._failed_at = self._recent.end
        pause_s = error.retry_after_s if isinstance(error, ProviderLimited) else self._pause_s
        self._again = asyncio.get_running_loop().call_later(pause_s, self._begin_again, unsettled)

    def _begin_again(self, start: int) -> None:
        self._failure = None
        self._begin(max(start, self._recent.start))


def _load(access: Access) -> tuple[GoogleSdk, Callable[[], Metadata]]:
    """Google's package, and what says who asks; both take their time.

    Raises:
        ProviderRefused: the key cannot be read.
        ImportError: the package cannot be loaded.
    """
    sdk = GoogleSdk()
    try:
        return sdk, sdk.credentials(access.api_key)
    except sdk.errors as error:
        raise told_by_google(access.provider, error) from None
