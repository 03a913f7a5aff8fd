"""What came of reading a file."""

from dataclasses import dataclass, field

from reception.domains.knowledge.chunking import DEFAULT_CHUNKING, Chunk, Chunking

MOST_PAGES = 1_000
MOST_PASSAGES = 20_000
MOST_ROWS = 20_000
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: `name` and `media` are what its sender called it; `address` is where a page of a site is."""

    path: str
    name: str
    media: str = ""
    address: str = ""
    chunking: Chunking = DEFAULT_CHUNKING


@dataclass(slots=True)
class Reading:
    """The passages of a file, with the number of its pages or rows, and what was left out of it and why.

    `title` and `links` are those of a page of a site.
    """

    format: str
    chunks: list[Chunk] = field(default_factory=list)
    page_count: int = 0
    notes: list[str] = field(default_factory=list)
    title: str = ""
    links: list[str] = field(default_factory=list)
