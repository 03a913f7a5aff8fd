"""A site is read as far as it allows, within bounds, and never through it into a private network."""

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Sequence

import pytest

from reception.domains.knowledge.chunking import DEFAULT_CHUNKING
from reception.domains.knowledge.reading.problems import Unreadable
from reception.domains.knowledge.reading.result import Reading
from reception.jobs.site.address import IpAddress, is_public
from reception.jobs.site.crawl import SiteReader
from tests.support import documents

LOOPBACK = ipaddress.ip_address("127.0.0.1")
PRIVATE = ipaddress.ip_address("10.0.0.7")


def page(body: str, title: str = "", *, links: Sequence[str] = ()) -> bytes:
    menu = "".join(f'<a href="{link}">there</a>' for link in links)
    return f"<html><head><title>{title}</title></head><body><nav>{menu}</nav>{body}</body></html>".encode()


class Site:
    """A web server on loopback. `pages` maps paths to (status, headers, content); `asked` are the paths asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.port = 0
        self.names: dict[str, Sequence[IpAddress]] = {}
        self.paused: list[float] = []

    def put(self, path: str, content: bytes, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html; charset=utf-8", **named}, content)

    def url(self, path: str = "/", host: str = "bistro.example.com") -> str:
        return f"http://{host}:{self.port}{path}"

    async def read(
        self, path: str = "/", *, depth: int = 2, pages: int = 20, host: str = "bistro.example.com"
    ) -> Reading:
        reader = SiteReader(resolve=self._resolve, allows=lambda address, _: address == LOOPBACK, pause=self._pause)
        return await reader.read(self.url(path, host), depth, pages, DEFAULT_CHUNKING, lambda _: None)

    async def refusal(self, path: str = "/", **options: str) -> str:
        with pytest.raises(Unreadable) as refused:
            await self.read(path, **options)  # type: ignore[arg-type]
        return refused.value.reason

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ")[1].decode()
        self.asked.append(path)
        status, headers, content = self.pages.get(path) or self.pages.get("*") or (404, {}, b"")
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(content)}", "Connection: close", "", ""]).encode())
        writer.write(content)
        await writer.drain()
        writer.close()

    async def _resolve(self, host: str, port: int) -> Sequence[IpAddress]:
        return self.names.get(host, [LOOPBACK])

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_pages_and_files_of_a_site_are_read_and_know_their_address(site: Site) -> None:
    foot = "<footer>1 Example Street</footer>"
    site.put("/", page(f"<p>Welcome to us.</p>{foot}", "Bistro", links=["/menu", "/list.pdf", "/x.png"]))
    site.put("/menu", page(f"<h1>Menu</h1><p>Soup is $9.</p>{foot}", "Our menu", links=["/"]))
    site.put("/list.pdf", documents.pdf([("p", "Wine by the glass is $8.")]), Content_Type="application/pdf")
    found = await site.read()
    assert [(chunk.heading, chunk.text, chunk.place) for chunk in found.chunks] == [
        ("Bistro", "Welcome to us.", site.url()),
        ("Bistro", "1 Example Street", site.url()),
        ("Our menu > Menu", "Soup is $9.", site.url("/menu")),
        ("", "Wine by the glass is $8.", f"{site.url('/list.pdf')}, page 1"),
    ]
    assert (found.page_count, found.notes) == (3, [])
    assert "/x.png" not in site.asked


async def test_addresses_with_letters_of_any_language_are_read(site: Site) -> None:
    site.put("/", page("<p>Welcome.</p>", links=["/größe", "/gr%C3%B6%C3%9Fe", "/umzug"]))
    site.put("/gr%C3%B6%C3%9Fe", page("<p>We seat forty.</p>"))
    site.put("/umzug", b"", 301, Location="/café?zu=früh")
    site.put("/caf%C3%A9?zu=fr%C3%BCh", page("<p>Coffee from seven.</p>"))
    read = await site.read(host="bücher.example.com")
    said = " ".join(chunk.text for chunk in read.chunks)
    assert "We seat forty." in said
    assert "Coffee from seven." in said
    assert site.asked.count("/gr%C3%B6%C3%9Fe") == 1


async def test_robots_are_honoured(site: Site) -> None:
    site.put("/robots.txt", b"User-agent: *\nDisallow: /staff\nCrawl-delay: 3\n", Content_Type="text/plain")
    site.put("/", page("<p>Welcome to our house.</p>", links=["/staff/rota", "/in"]))
    site.put("/in", page("<p>Come in.</p>"), status=302, Location="/staff/door")
    site.put("/staff/door", page("<p>The code of the door is 1234.</p>"))
    found = await site.read()
    assert [chunk.text for chunk in found.chunks] == ["Welcome to our house."]
    assert "/staff/rota" not in site.asked
    assert found.notes == ["2 page(s) were left out because the site's robots.txt asks for that."]
    assert set(site.paused) == {3.0}
    assert await site.refusal("/staff/rota") == "robots"
    site.put("/robots.txt", b"", status=503)
    assert await site.refusal() == "unreachable"


async def test_no_name_and_no_redirect_leads_into_a_private_network(site: Site) -> None:
    site.names["inside.example.com"] = [LOOPBACK, PRIVATE]
    assert await site.refusal(host="inside.example.com") == "forbidden_address"
    assert site.asked == []
    site.put("/", b"", status=302, Location=f"http://inside.example.com:{site.port}/secret")
    assert await site.refusal() == "forbidden_address"
    site.put("/", page("<p>Welcome to our house.</p>", links=["/out"]))
    site.put("/out", b"", status=301, Location="http://10.0.0.7/secret")
    site.names["10.0.0.7"] = [PRIVATE]
    found = await site.read()
    assert [chunk.text for chunk in found.chunks] == ["Welcome to our house."]
    assert "/secret" not in site.asked


async def test_the_address_that_was_checked_is_the_one_connected_to(site: Site) -> None:
    """A name that resolves to something else the second time is asked for once a connection, and checked each time."""
    answers = [[LOOPBACK], [PRIVATE]]
    site.put("/", page("<p>Welcome to our house.</p>"))

    async def rebinding(host: str, port: int) -> Sequence[IpAddress]:
        return answers.pop(0)

    reader = SiteReader(resolve=rebinding, allows=lambda address, _: address == LOOPBACK, pause=site._pause)
    with pytest.raises(Unreadable) as refused:
        await reader.read(site.url(), 0, 1, DEFAULT_CHUNKING, lambda _: None)
    assert refused.value.reason == "forbidden_address"
    assert site.asked == ["/robots.txt"]


async def test_a_site_that_never_ends_is_read_to_its_limits(site: Site) -> None:
    days = [f"/day/{number}" for number in range(30)]
    calendar = [f"/calendar?month={number}" for number in range(200)]
    site.put("*", page("<p>Something for today.</p>", links=[*days, *calendar, "a/"]))
    site.put("/robots.txt", b"", status=404)
    found = await site.read(pages=6, depth=3)
    assert found.page_count == 6
    assert [chunk.text for chunk in found.chunks] == ["Something for today."], "what every page has is told once"
    assert "6 pages were read" in found.notes[0]
    assert "endlessly many" in found.notes[1]
    site.asked.clear()
    await site.read(pages=20, depth=0)
    assert site.asked == ["/robots.txt", "/"]


async def test_other_sites_are_not_followed_and_the_first_redirect_is(site: Site) -> None:
    site.put("/", b"", status=301, Location=site.url("/home", host="www.bistro.example.com"))
    site.put("/home", page("<p>Welcome to our house.</p>", links=[site.url("/x", host="other.example.com")]))
    found = await site.read()
    assert [chunk.place for chunk in found.chunks] == [site.url("/home", host="www.bistro.example.com")]
    assert "/x" not in site.asked


@pytest.mark.parametrize(
    ("status", "headers", "content", "reason"),
    [
        (404, {}, b"", "unreachable"),
        (200, {"Content_Type": "image/png"}, b"x", "unreachable"),
        (200, {}, b"x" * (11 << 20), "unreachable"),
        (200, {"Content_Encoding": "gzip"}, gzip.compress(b"<p>x" * (8 << 20), 1), "unreachable"),
        (200, {"Content_Encoding": "gzip"}, b"not packed", "unreachable"),
        (302, {"Location": "/"}, b"", "unreachable"),
        (302, {"Location": "ftp://bistro.example.com/"}, b"", "bad_address"),
        (200, {}, b"<html><body><script>render()</script></body></html>", "empty"),
    ],
    ids=["missing", "picture", "large", "bomb", "damaged", "circle", "ftp", "script"],
)
async def test_what_cannot_be_read_says_so(
    site: Site, status: int, headers: dict[str, str], content: bytes, reason: str
) -> None:
    site.put("/", content, status=status, **headers)
    assert await site.refusal() == reason


@pytest.mark.parametrize(
    ("address", "port", "public"),
    [
        ("93.184.216.34", 443, True),
        ("2606:2800:220:1::1", 80, True),
        ("93.184.216.34", 22, False),
        ("127.0.0.1", 80, False),
        ("10.1.2.3", 80, False),
        ("172.16.0.1", 80, False),
        ("192.168.1.1", 80, False),
        ("169.254.169.254", 80, False),
        ("100.64.0.1", 80, False),
        ("0.0.0.0", 80, False),
        ("224.0.0.1", 80, False),
        ("255.255.255.255", 80, False),
        ("::1", 80, False),
        ("::", 80, False),
        ("fe80::1", 80, False),
        ("fc00::1", 80, False),
        ("::ffff:127.0.0.1", 80, False),
        ("::ffff:10.0.0.1", 80, False),
        ("64:ff9b::a00:1", 80, False),
        ("2002:7f00:1::", 80, False),
        ("ff02::1", 80, False),
    ],
)
def test_only_the_public_internet_is_public(address: str, port: int, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address), port) is public
