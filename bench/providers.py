"""What our layer adds to a vendor's own time, how long another takes to stand in, and fifty calls with one vendor dead.

    python -m bench.providers

Vendors are local servers that answer at once, in this process; "bare" is the same request by httpx or websockets alone.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table
from tests.contract.vendors import test_batch_transcription as batch
from tests.contract.vendors import test_listeners as listeners
from tests.contract.vendors import test_voices as voices
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Asked, HttpVendor
from tests.support.vendors.openai_like import OpenAiServer
from tests.support.vendors.ws_vendor import WsVendor, quiet, speech
from websockets.asyncio.client import connect

from reception.ports.events import ProviderSwitched
from reception.ports.speech import Recognizer, TranscriptionHints, Voice
from reception.providers.access import Access
from reception.providers.http import open_http
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Link, Probes
from reception.providers.resilience.recognition import ResilientRecognizer
from reception.providers.resilience.voice import ResilientTextToSpeech, Speaker
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.vendor_stream import StreamingRecognizer
from reception.providers.vendors.openai_embeddings import OpenAiEmbedder

ROUNDS = 120
CALLS = 50
TEXT = "Certainly, that is no problem at all."
HINTS = TranscriptionHints(names=("Lumen", "Ada"))


def _access(provider: str, url: str, http: httpx.AsyncClient) -> Access:
    return Access(provider, provider.partition(":")[2], url, http, KEY)


async def _no_probe() -> None:
    return None


def _told(_: ProviderSwitched) -> None:
    return None


async def _timed(work: Callable[[int], Awaitable[object]], rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each round but the first few."""
    took = []
    for number in range(rounds + 5):
        started_s = time.perf_counter()
        await work(number)
        took.append(1000 * (time.perf_counter() - started_s))
    return took[5:]


def _voice(*access_and_case: tuple[Access, voices.Case]) -> ResilientTextToSpeech:
    links = [
        Link(access.provider, Speaker(CachedTextToSpeech(case.make(access), 1 << 20)), _no_probe)
        for access, case in access_and_case
    ]
    return ResilientTextToSpeech(links, Probes(), _told, Budget())


async def _first_audio(tts: ResilientTextToSpeech, rate_hz: int, number: int) -> None:
    stream = tts.stream(TEXT.replace("that", f"number {number}"), Voice(), rate_hz)
    await anext(stream)
    await stream.aclose()


async def _replayed(http: httpx.AsyncClient, url: str, asked: Asked, *, whole: bool) -> None:
    headers = {name: value for name, value in asked.headers.items() if name not in ("host", "content-length")}
    async with http.stream(
        asked.method, url + asked.path, params=dict(asked.query), headers=headers, content=asked.body
    ) as answer:
        pieces = answer.aiter_raw()
        await anext(pieces)
        if whole:
            async for _ in pieces:
                pass


async def measure_voice(case: voices.Case, http: httpx.AsyncClient) -> tuple[list[float], list[float]]:
    server = voices.serve(case)
    async with server:
        tts = _voice((_access(case.provider, server.base_url, http), case))
        ours = await _timed(lambda number: _first_audio(tts, case.rate_hz, number))
        if isinstance(server, HttpVendor):
            asked = server.asked[-1]
            bare = await _timed(lambda _: _replayed(http, server.base_url, asked, whole=False))
        else:
            bare = await _timed(partial(_bare_socket, server))
    return ours, bare


async def _bare_socket(server: WsVendor, _: int) -> None:
    request = server.requests[0]
    headers = {"xi-api-key": KEY}
    socket = await connect(server.base_url + request.path, additional_headers=headers, compression=None)
    await socket.send('{"text":" ","voice_settings":{"speed":1.0}}')
    await socket.send('{"text":"' + TEXT + ' ","flush":true}')
    await socket.send('{"text":""}')
    await socket.recv()
    socket.transport.abort()


async def measure_ears(case: batch.Case, http: httpx.AsyncClient) -> tuple[list[float], list[float]]:
    async with case.server(case.provider.partition(":")[2]) as server:
        recognizer: Recognizer = SegmentedRecognizer(case.make(_access(case.provider, server.base_url, http)))
        link = Link(case.provider, recognizer, _no_probe)
        stream = ResilientRecognizer([link], Probes(), _told, Budget()).open(8000)
        stream.feed(batch.SPEECH)
        ours = await _timed(lambda _: stream.transcribe(0, 1000, HINTS, partial=False))
        asked = server.asked[-1]
        bare = await _timed(lambda _: _replayed(http, server.base_url, asked, whole=True))
    return ours, bare


async def measure_listener(case: listeners.SocketCase, http: httpx.AsyncClient) -> tuple[list[float], list[float]]:
    """From the question to the answer; the audio has been sent by then. Bare is what the local vendor itself takes,
    seen from a socket beside ours."""
    async with case.server() as server:
        recognizer: Recognizer = StreamingRecognizer(_access(case.provider, server.base_url, http), case.dialect)
        link = Link(case.provider, recognizer, _no_probe)
        stream = ResilientRecognizer([link], Probes(), _told, Budget()).open(8000, listeners.HINTS)
        at_ms = 0
        took = []
        for _ in range(40):
            audio = np.concatenate((speech("one two"), quiet(200)))
            for start in range(0, audio.size, 160):
                stream.feed(audio[start : start + 160])
            await asyncio.sleep(0.02)
            started_s = time.perf_counter()
            heard = await stream.transcribe(at_ms, at_ms + 600, listeners.HINTS, partial=False)
            took.append(1000 * (time.perf_counter() - started_s))
            assert heard.text == "one two", heard
            at_ms += 600
        await stream.aclose()
        bare = await _bare_listener(case, server.base_url, http)
    return took[5:], bare


async def _bare_listener(case: listeners.SocketCase, url: str, http: httpx.AsyncClient) -> list[float]:
    """The same question and answer over a socket alone."""
    dialect = case.dialect(_access(case.provider, url, http), 8000, listeners.HINTS)
    took = []
    async with connect(dialect.url(), additional_headers=dialect.headers(), compression=None) as socket:
        if (opening := dialect.opening()) is not None:
            await socket.send(opening)
        at_ms = 0
        for _ in range(40):
            audio = np.concatenate((speech("one two"), quiet(200)))
            for start in range(0, audio.size, 480):
                await socket.send(dialect.audio(audio[start : start + 480]))
            at_ms += 600
            await asyncio.sleep(0.02)
            started_s = time.perf_counter()
            flush = dialect.flush(at_ms)
            assert flush is not None
            await socket.send(flush)
            while not any(news.flushed for news in dialect.read(await socket.recv())):
                pass
            took.append(1000 * (time.perf_counter() - started_s))
    return took[5:]


async def measure_embeddings(http: httpx.AsyncClient) -> tuple[list[float], list[float]]:
    async with OpenAiServer("text-embedding-3-small") as server:
        embedder = OpenAiEmbedder(_access("openai:text-embedding-3-small", server.base_url, http))
        ours = await _timed(lambda number: embedder.embed([f"{TEXT} {number}"]))
        asked = server.asked[-1]
        bare = await _timed(lambda _: _replayed(http, server.base_url, asked, whole=True))
    return ours, bare


async def measure_failover(http: httpx.AsyncClient, fault: Fault) -> list[float]:
    """First audio by the second voice, in a call that meets the fault for the first time."""
    case = voices.CASES[0]
    async with voices.serve(case) as bad, voices.serve(case) as good:
        bad.fault = fault
        took = []
        for number in range(12):
            pair = [(_access(case.provider, server.base_url, http), case) for server in (bad, good)]
            started_s = time.perf_counter()
            await _first_audio(_voice(*pair), case.rate_hz, number)
            took.append(1000 * (time.perf_counter() - started_s))
    return took[2:]


async def measure_many(http: httpx.AsyncClient, fault: Fault) -> tuple[list[float], list[float]]:
    """Fifty calls ask for a sentence at once, five times, of a dead voice with another behind it: the first round, and
    the later ones."""
    case = voices.CASES[0]
    async with _elsewhere(fault) as bad, _elsewhere(Fault.NONE) as good:
        links = [
            Link(
                f"{case.provider}-{number}",
                Speaker(CachedTextToSpeech(case.make(_access(case.provider, url, http)), 1 << 20)),
                _no_probe if fault is Fault.NONE else _always_down,
            )
            for number, url in enumerate((bad, good))
        ]
        probes = Probes()
        rounds: list[list[float]] = []
        calls = [ResilientTextToSpeech(links, probes, _told, Budget()) for _ in range(CALLS)]
        for turn in range(5):

            async def one(call: int, turn: int = turn) -> float:
                started_s = time.perf_counter()
                await _first_audio(calls[call], case.rate_hz, call * 100 + turn)
                return 1000 * (time.perf_counter() - started_s)

            rounds.append(list(await asyncio.gather(*[one(call) for call in range(CALLS)])))
        await probes.aclose()
    return rounds[0], [took for turn in rounds[1:] for took in turn]


@asynccontextmanager
async def _elsewhere(fault: Fault) -> AsyncIterator[str]:
    """The address of a vendor's server in a process of its own, so that its work is not counted as ours."""
    command = [sys.executable, "-m", "bench.providers", fault.value]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def serve_only(fault: Fault) -> None:
    """Serve the first voice until killed, and print where."""
    async with voices.serve(voices.CASES[0]) as server:
        server.fault = fault
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


async def _always_down() -> None:
    await asyncio.sleep(3600)


def _p(values: list[float], share: float) -> str:
    return f"{float(np.percentile(values, share)):.1f}" if values else ""


async def main() -> None:
    """Print three tables."""
    console = Console(width=110)
    added = Table("adapter", "ours p50 ms", "p95", "bare p50 ms", "p95", "added p50", "added p95")
    async with open_http(connect_s=5.0, trust_env=False) as http:
        measured = [(case.provider, await measure_voice(case, http)) for case in voices.CASES]
        measured += [(case.provider, await measure_ears(case, http)) for case in batch.CASES]
        measured += [(case.provider, await measure_listener(case, http)) for case in listeners.SOCKET_CASES]
        measured += [("openai:text-embedding-3-small", await measure_embeddings(http))]
        for name, (ours, bare) in measured:
            row = [name, _p(ours, 50), _p(ours, 95), _p(bare, 50), _p(bare, 95)]
            if bare:
                row.append(f"{statistics.median(ours) - statistics.median(bare):.1f}")
                row.append(f"{float(np.percentile(ours, 95)) - float(np.percentile(bare, 95)):.1f}")
            added.add_row(*row)
        console.print(added)
        failover = Table("the first voice", "first audio by the second, p50 ms", "worst")
        for fault in (Fault.NONE, Fault.BROKEN, Fault.UNAUTHORIZED, Fault.GARBAGE, Fault.SLOW_FIRST_BYTE):
            took = await measure_failover(http, fault)
            failover.add_row(str(fault), _p(took, 50), _p(took, 100))
        console.print(failover)
        many = Table("50 calls at once", "first round p50 ms", "worst", "later rounds p50 ms", "p95", "worst")
        for fault in (Fault.NONE, Fault.BROKEN, Fault.SLOW_FIRST_BYTE):
            first, later = await measure_many(http, fault)
            many.add_row(str(fault), _p(first, 50), _p(first, 100), _p(later, 50), _p(later, 95), _p(later, 100))
        console.print(many)


if __name__ == "__main__":
    asyncio.run(serve_only(Fault(sys.argv[1])) if sys.argv[1:] else main())
