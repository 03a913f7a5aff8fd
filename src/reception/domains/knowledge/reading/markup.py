"""Web pages, and whatever else comes as HTML, as Markdown: what a reader sees, in its order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from reception.domains.knowledge.chunking import Part, chunk_parts
from reception.domains.knowledge.reading.formats import read_text
from reception.domains.knowledge.reading.hygiene import visible
from reception.domains.knowledge.reading.result import Reading, Source

_UNSEEN = frozenset(
    {
        "script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "head", "select",
        "button", "input", "textarea", "nav", "dialog", "audio", "video", "map",
    }
)  # fmt: skip
_BLOCKS = frozenset(
    {
        "p", "div", "section", "article", "main", "header", "footer", "aside", "ul", "ol", "li", "dl", "dt", "dd",
        "table", "tr", "td", "th", "blockquote", "figure", "figcaption", "address", "form", "fieldset", "details",
        "summary", "hr", "br", "pre", "body", "caption", "label", "legend",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0)", re.IGNORECASE)
_MARKS = re.compile(r"^(#+\s|```|~~~|\|)")
_MOST_LINKS = 500
_MOST_NODES = 400_000


@dataclass(slots=True)
class _Page:
    """Markdown as it comes about."""

    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    prefix: str = ""

    def flush(self, *, gap: bool = True) -> None:
        text = " ".join("".join(self.words).split())
        self.words.clear()
        if text:
            self.lines.append(self.prefix + (_MARKS.sub("", text) if not self.prefix.startswith("#") else text))
        if gap and self.lines and self.lines[-1]:
            self.lines.append("")
        self.prefix = ""


def read_html(source: Source) -> Reading:
    """A page with its passages, title, and links."""
    html = read_text(Path(source.path))
    reading = Reading("html", page_count=1)
    markdown, reading.title, reading.links = parse(html, source.address)
    reading.chunks = chunk_parts([Part(markdown, source.address)], source.chunking)
    return reading


def parse(html: str, address: str = "") -> tuple[str, str, list[str]]:
    """The text of a page as Markdown, its title, and where it links to."""
    tree = LexborHTMLParser(html)
    title = tree.css_first("title")
    shown = visible(" ".join(title.text().split()))[:200] if title is not None else ""
    body = tree.body
    return ("" if body is None else markdown_of(body)), shown, list(_links(tree, address))


def markdown_of(root: LexborNode) -> str:
    """What is seen of `root`, as Markdown."""
    page = _Page()
    # Pages can be nested deeper than Python calls itself: a stack, with a node once more for its end.
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    seen = 0
    while stack and seen < _MOST_NODES:
        node, ends = stack.pop()
        seen += 1
        tag = node.tag
        if ends:
            page.flush(gap=tag not in ("br", "li", "dt"))
            continue
        if tag == "-text":
            page.words.append(visible(node.text(deep=False)))
            continue
        if tag in _UNSEEN or tag is None or tag.startswith(("-", "!")) or _is_hidden(node):
            continue
        if tag == "table" and (rows := _rows(node)):
            page.flush()
            page.lines += [*_table(rows), ""]
            continue
        _enter(page, node, tag, stack)
    page.flush()
    return "\n".join(page.lines).strip()


def _enter(page: _Page, node: LexborNode, tag: str, stack: list[tuple[LexborNode, bool]]) -> None:
    if tag in _HEADINGS:
        page.flush()
        page.prefix = "#" * _HEADINGS[tag] + " "
        stack.append((node, True))
    elif tag in _BLOCKS:
        page.flush(gap=tag not in ("br", "li", "dd"))
        if tag == "li":
            page.prefix = "- "
        stack.append((node, True))
    children = list(node.iter(include_text=True))
    stack.extend((child, False) for child in reversed(children))


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(attributes.get("style") or ""))
    )


def _rows(table: LexborNode) -> list[list[str]]:
    """The cells of a table of data; none for one that only arranges the page."""
    if table.css_first("table table") is not None or table.css_first("h1, h2, h3, form, ul") is not None:
        return []
    rows = [[_cell(cell) for cell in row.css("th, td")] for row in table.css("tr") if not _is_hidden(row)]
    rows = [row for row in rows if any(row)]
    return rows if len(rows) > 1 and max(map(len, rows)) > 1 else []


def _cell(cell: LexborNode) -> str:
    return " ".join(visible(cell.text(separator=" ")).split()).replace("|", "/")


def _table(rows: list[list[str]]) -> list[str]:
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    return [lines[0], "|" + "---|" * width, *lines[1:]]


def _links(tree: LexborHTMLParser, address: str) -> Iterator[str]:
    """Addresses of pages that the page links to, whole and without what comes after #."""
    base = tree.css_first("base[href]")
    base_address = urljoin(address, base.attributes.get("href") or "") if base is not None else address
    found: dict[str, None] = {}
    for link in tree.css("a[href]"):
        if "nofollow" in (link.attributes.get("rel") or "").lower():
            continue
        try:
            target = urljoin(base_address, (link.attributes.get("href") or "").strip())
            parts = urlsplit(target)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and len(target) <= 2000 and len(found) < _MOST_LINKS:
            found.setdefault(parts._replace(fragment="").geturl())
    yield from found
