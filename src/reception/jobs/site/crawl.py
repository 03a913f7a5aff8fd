"""Reads a site page by page from one address on, within bounds of pages, depth, size and time."""

import asyncio
import re
import tempfile
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from reception.domains.knowledge.chunking import Chunk, Chunking
from reception.domains.knowledge.reading.apart import ReadingLimits, read_apart
from reception.domains.knowledge.reading.problems import Unreadable, too_many_passages
from reception.domains.knowledge.reading.result import MOST_PASSAGES, Reading, Source
from reception.jobs.site.address import Allows, Resolve, in_ascii, is_public
from reception.jobs.site.fetch import Fetched, Fetcher, Unreachable, resolve
from reception.jobs.site.robots import Robots, robots_of

MOST_PAGES = 300
DEEPEST = 5
_MOST_WAITING = 3_000
_MOST_BYTES = 200 << 20
_LONGEST_S = 900.0
_MOST_QUERIES = 8
"""Pages that differ by what follows the question mark alone: beyond these, a calendar or a list without end."""
_LONGEST_ADDRESS = 300
_LONGEST_PATH = 10
_PAUSE_S = 0.2
_READ = {"text/html": "html", "application/xhtml+xml": "html", "application/pdf": "pdf", "text/plain": "txt"}
_NO_PAGES = re.compile(
    r"\.(jpe?g|png|gif|webp|svg|ico|css|js|mjs|json|xml|rss|zip|gz|mp[34]|mov|avi|woff2?|ttf|eot|exe|dmg|ics)$",
    re.IGNORECASE,
)
_TRACKING = re.compile(r"(utm_\w+|fbclid|gclid|phpsessid|sid|sessionid)", re.IGNORECASE)
_PAGE_LIMITS = ReadingLimits(memory_bytes=1 << 30, cpu_s=60, wall_s=120.0)


@dataclass(slots=True)
class _Visit:
    """A site while it is being read."""

    reading: Reading
    robots: Robots
    waiting: deque[tuple[str, int]] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)
    queries: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    read_bytes: int = 0
    barred: int = 0
    failed: int = 0
    cut: int = 0
    reason: str = ""


class SiteReader:
    """Reads sites.

    Args:
        resolve: how names become addresses.
        allows: which addresses may be connected to; anything but the public internet is for tests.
        pause: waits between two pages.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        allows: Allows = is_public,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._resolve = resolve
        self._allows = allows
        self._pause = pause

    async def read(
        self, address: str, depth: int, pages: int, chunking: Chunking, progress: Callable[[float], None]
    ) -> Reading:
        """The passages of the site, from `address` over at most `depth` links, of at most `pages` pages.

        Raises:
            Unreadable: nothing can be read of it; says why.
        """
        pages, depth = min(max(pages, 1), MOST_PAGES), min(max(depth, 0), DEEPEST)
        began_s = time.monotonic()
        async with Fetcher(self._resolve, self._allows) as fetcher:
            try:
                robots = await robots_of(fetcher, address)
            except Unreachable as error:
                raise Unreadable("unreachable", f"The site cannot be read: {error}.") from None
            if not robots.allows(address):
                raise _not_to_be_read()
            visit = _Visit(Reading("site"), robots)
            _offer(visit, address, 0)
            while visit.waiting and visit.reading.page_count < pages:
                if visit.read_bytes > _MOST_BYTES or time.monotonic() - began_s > _LONGEST_S:
                    break
                await self._visit(visit, fetcher, depth, chunking)
                progress(visit.reading.page_count / pages)
                await self._pause(max(_PAUSE_S, visit.robots.delay_s))
        return _closed(visit)

    async def _visit(self, visit: _Visit, fetcher: Fetcher, depth: int, chunking: Chunking) -> None:
        """Read the next page, and note where it links to."""
        address, at_depth = visit.waiting.popleft()
        try:
            page = await self._get(visit, fetcher, address, is_first=not at_depth)
            found = None if page is None else await _read_page(page, chunking)
        except Unreadable:
            if not at_depth:
                raise
            visit.failed += 1
            return
        except Unreachable as error:
            visit.failed += 1
            visit.reason = visit.reason or str(error)
            return
        if page is None or found is None:
            visit.barred += 1
            return
        visit.known.add(_plain(page.address))
        _take(visit, page.address, found)
        if at_depth < depth:
            for link in found.links:
                if _same_site(link, page.address):
                    _offer(visit, link, at_depth + 1)

    async def _get(self, visit: _Visit, fetcher: Fetcher, address: str, *, is_first: bool) -> Fetched | None:
        """A page; None for one that is not to be read, or leads to another site. The first one may: then that is
        the site."""
        if not visit.robots.allows(address):
            return None
        page = await fetcher.get(address)
        visit.read_bytes += len(page.content)
        if page.status >= 400:
            raise Unreachable(f"it answers with the error {page.status}")
        if page.media not in _READ:
            raise Unreachable("there is no page of text at this address")
        if not _same_site(page.address, address):
            if not is_first:
                return None
            visit.robots = await robots_of(fetcher, page.address)
        if visit.robots.allows(page.address):
            return page
        if is_first:
            raise _not_to_be_read()
        return None


async def _read_page(page: Fetched, chunking: Chunking) -> Reading:
    with tempfile.TemporaryDirectory(prefix="reception-page-") as folder:
        path = Path(folder) / "page"
        await asyncio.to_thread(path.write_bytes, page.content)
        source = Source(str(path), f"page.{_READ[page.media]}", page.media, page.address, chunking)
        return await read_apart(source, lambda _: None, _PAGE_LIMITS)


def _take(visit: _Visit, address: str, found: Reading) -> None:
    """Keep a page's passages, but not what every page has: its menu, its foot."""
    visit.reading.page_count += 1
    visit.reading.title = visit.reading.title or found.title
    for chunk in found.chunks:
        if chunk.text in visit.told:
            continue
        visit.told.add(chunk.text)
        place = address if chunk.place in ("", address) else f"{address}, {chunk.place}"
        visit.reading.chunks.append(_headed(replace(chunk, place=place), found.title))
    if len(visit.reading.chunks) > MOST_PASSAGES:
        raise too_many_passages(MOST_PASSAGES)


def _headed(chunk: Chunk, title: str) -> Chunk:
    """A passage that says which page it is of."""
    if not title or title.casefold() in chunk.heading.casefold():
        return chunk
    return replace(chunk, heading=f"{title} > {chunk.heading}" if chunk.heading else title)


def _offer(visit: _Visit, address: str, depth: int) -> None:
    """Have a page read later, unless it is known, or looks like one of endlessly many."""
    plain = _plain(address)
    parts = urlsplit(plain)
    segments = [segment for segment in parts.path.split("/") if segment]
    repeats = max(Counter(segments).values(), default=0) > 2
    if plain in visit.known or _NO_PAGES.search(parts.path):
        return
    visit.known.add(plain)
    endless = len(plain) > _LONGEST_ADDRESS or len(segments) > _LONGEST_PATH or repeats
    if parts.query:
        visit.queries[parts.path] += 1
        endless = endless or visit.queries[parts.path] > _MOST_QUERIES
    if endless or len(visit.waiting) >= _MOST_WAITING:
        visit.cut += 1
        return
    visit.waiting.append((plain, depth))


def _plain(address: str) -> str:
    """One writing for addresses of one page."""
    parts = urlsplit(address)
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(name))
    return parts._replace(
        scheme=parts.scheme.lower(),
        netloc=parts.netloc.lower(),
        path=in_ascii(parts.path) or "/",
        query=urlencode(kept),
        fragment="",
    ).geturl()


def _same_site(one: str, other: str) -> bool:
    return _host(one) == _host(other)


def _host(address: str) -> str:
    return urlsplit(address).netloc.lower().removeprefix("www.")


def _not_to_be_read() -> Unreadable:
    return Unreadable("robots", "The site's robots.txt asks that this page is not read by programs.")


def _closed(visit: _Visit) -> Reading:
    """What was read, with notes of what was not."""
    reading = visit.reading
    if not reading.chunks:
        if visit.reason:
            raise Unreadable("unreachable", f"The site cannot be read: {visit.reason}.")
        raise Unreadable(
            "empty", "No text was found on this site. Pages that only a browser can put together stay empty."
        )
    if visit.waiting:
        reading.notes.append(
            f"{reading.page_count} pages were read; {len(visit.waiting)} more that were found were not."
        )
    if visit.cut:
        reading.notes.append(f"{visit.cut} addresses were passed over, as they look like one of endlessly many.")
    if visit.barred:
        reading.notes.append(f"{visit.barred} page(s) were left out because the site's robots.txt asks for that.")
    if visit.failed:
        reading.notes.append(f"{visit.failed} page(s) could not be read.")
    return reading
