"""PDF files: headings by the size of their letters, tables by their lines, pages without text by name."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

from reception.domains.knowledge.chunking import Part, chunk_parts
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.page import Headings, page_markdown
from reception.domains.knowledge.reading.result import MOST_PAGES, Reading, Source

_TAIL_BYTES = 64 << 10
_SAMPLED_PAGES = 12
_FEWEST_CHARS = 12


def read_pdf(source: Source, progress: Callable[[float], None]) -> Reading:
    """The passages of a PDF file, page by page.

    Raises:
        Unreadable: it is locked, damaged, too long, or made of pictures.
    """
    path = Path(source.path)
    _check_whole(path)
    try:
        file = pdfplumber.open(path)
    except PdfminerException as error:
        locked = error.args and isinstance(error.args[0], PDFPasswordIncorrect)
        raise problems.locked() if locked else problems.damaged() from None
    except MalformedPDFException:
        raise problems.damaged() from None
    with file:
        pages = file.pages
        if not pages:
            raise problems.damaged()
        if len(pages) > MOST_PAGES:
            raise problems.too_many_pages(len(pages), MOST_PAGES)
        return _read(pages, source, progress)


def _read(pages: list[Any], source: Source, progress: Callable[[float], None]) -> Reading:
    reading = Reading("pdf", page_count=len(pages))
    headings = _headings(pages)
    parts: list[Part] = []
    scanned: list[int] = []
    columns: list[str] = []
    for number, page in enumerate(pages, start=1):
        text, columns = page_markdown(page, headings, columns)
        if len(text) < _FEWEST_CHARS and page.images:
            scanned.append(number)
        elif text:
            parts.append(Part(text, f"page {number}"))
        page.close()
        progress(number / len(pages))
    if scanned and not parts:
        raise problems.only_pictures()
    if scanned:
        reading.notes.append(f"{_pages(scanned)} without text: scanned pictures, which were left out.")
    reading.chunks = chunk_parts(parts, source.chunking)
    return reading


def _check_whole(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        if b"%%EOF" not in file.read():
            raise problems.damaged()


def _headings(pages: list[Any]) -> Headings:
    """The sizes of letters that are larger than those of the text, from a sample of pages."""
    step = max(1, len(pages) // _SAMPLED_PAGES)
    sizes: Counter[float] = Counter()
    for page in pages[::step][:_SAMPLED_PAGES]:
        sizes.update(round(float(char["size"]), 1) for char in page.chars if str(char["text"]).strip())
        page.close()
    return Headings.of(sizes)


def _pages(numbers: list[int]) -> str:
    """ "Pages 3 and 5-7 are"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs[:20]]
    listed = ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1]
    return f"Page {listed} is" if len(numbers) == 1 else f"Pages {listed} are"
