"""What a site's robots.txt lets us read (RFC 9309)."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from reception.jobs.site.fetch import USER_AGENT, Fetcher, Unreachable

_LARGEST_BYTES = 500 << 10
_LONGEST_DELAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site; none allow everything."""

    rules: RobotFileParser | None

    def allows(self, address: str) -> bool:
        return self.rules is None or self.rules.can_fetch(USER_AGENT, address)

    @property
    def delay_s(self) -> float:
        """The pause between two pages that the site asks for, within reason."""
        asked = self.rules.crawl_delay(USER_AGENT) if self.rules is not None else None
        return min(float(asked or 0.0), _LONGEST_DELAY_S)


async def robots_of(fetcher: Fetcher, address: str) -> Robots:
    """The rules of the site of `address`. One that has none allows all; one that cannot say at present, nothing.

    Raises:
        Unreadable: the address is not one that may be asked for.
        Unreachable: the site does not answer.
    """
    parts = urlsplit(address)
    found = await fetcher.get(f"{parts.scheme}://{parts.netloc}/robots.txt", largest_bytes=_LARGEST_BYTES)
    if found.status >= 500:
        raise Unreachable("it does not say at present what may be read of it")
    if found.status >= 400:
        return Robots(None)
    rules = RobotFileParser()
    rules.parse(found.content.decode("utf-8", errors="replace").splitlines())
    return Robots(rules)
