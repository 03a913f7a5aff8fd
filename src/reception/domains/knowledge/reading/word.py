"""Word files: through HTML, which keeps headings, lists and tables."""

from pathlib import Path
from xml.parsers.expat import ExpatError

import mammoth

from reception.domains.knowledge.chunking import Part, chunk_parts
from reception.domains.knowledge.reading import markup, problems
from reception.domains.knowledge.reading.formats import check_archive
from reception.domains.knowledge.reading.result import Reading, Source


def read_word(source: Source) -> Reading:
    """The passages of a .docx file.

    Raises:
        Unreadable: it is damaged, or holds pictures only.
    """
    with check_archive(Path(source.path)) as archive:
        has_pictures = any(name.startswith("word/media/") for name in archive.namelist())
    try:
        with Path(source.path).open("rb") as file:
            html = mammoth.convert_to_html(file, convert_image=mammoth.images.img_element(_no_image)).value
    except (ExpatError, KeyError, OSError, ValueError):
        raise problems.damaged() from None
    markdown, _, _ = markup.parse(f"<body>{html}</body>")
    chunks = chunk_parts([Part(markdown)], source.chunking)
    if not chunks and has_pictures:
        raise problems.only_pictures()
    return Reading("word", chunks)


def _no_image(_image: object) -> dict[str, str]:
    return {"src": ""}
