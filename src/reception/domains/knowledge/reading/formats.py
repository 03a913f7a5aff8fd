"""Tells what a file is from its content; what it is called only chooses among sorts of text."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from reception.domains.knowledge.reading import problems

_HEAD_BYTES = 4096
_PICTURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"RIFF", b"\x00\x00\x00\x1cftypheic",
    b"\x00\x00\x00\x18ftypheic",
)  # fmt: skip
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_TEXTS = {
    "html": "html", "htm": "html", "xhtml": "html", "md": "markdown", "markdown": "markdown", "csv": "csv",
    "tsv": "csv", "json": "json", "txt": "text", "text": "text",
}  # fmt: skip
_MEDIA = {
    "text/html": "html", "application/xhtml+xml": "html", "text/csv": "csv", "application/json": "json",
    "text/markdown": "markdown",
}  # fmt: skip
_BINARY_ENDINGS = {"pdf": "pdf", "docx": "word", "xlsx": "excel", "xlsm": "excel"}
_MOST_CONTROLS = 0.02
_FEW_CONTROLS = 8
_WESTERN = 0.2
"""The share of bytes above ASCII up to which a text of one byte a letter is taken to be of a western language."""
_MOST_UNPACKED_BYTES = 400 << 20
_HIGHEST_RATIO = 150
_SURELY_SMALL_BYTES = 20 << 20
LONGEST_TEXT_BYTES = 20 << 20


@dataclass(frozen=True, slots=True)
class Format:
    """`name` is `pdf`, `word`, `excel`, `csv`, `html`, `markdown`, `json` or `text`; `note` says where the file's name
    claims another."""

    name: str
    note: str = ""


def detect(path: Path, name: str, media: str = "") -> Format:
    """What the file at `path` is.

    Raises:
        Unreadable: nothing that can be read, or not what it is called.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip():
        raise problems.empty()
    found = _binary(path, head)
    ending = ending_of(name)
    claimed = _BINARY_ENDINGS.get(ending, "")
    if found is not None:
        known = claimed or _TEXTS.get(ending, "")
        note = f"Its name ends in .{ending}, but it is a {_called(found)} and was read as one." if known else ""
        return Format(found, note if known != found else "")
    looks_html = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].lower().startswith((b"<!doctype html", b"<html"))
    if claimed:
        raise problems.mistyped(ending, "a web page" if looks_html else "something else")
    if looks_html:
        return Format("html")
    return Format(_TEXTS.get(ending) or _MEDIA.get(media.split(";")[0].strip().lower(), "text"))


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def read_text(path: Path, charset: str = "") -> str:
    """The text of a file, in whatever encoding it is.

    Raises:
        Unreadable: it is no text, or too long.
    """
    if path.stat().st_size > LONGEST_TEXT_BYTES:
        raise problems.unsupported("A text of more than 20 MB", "Split it.")
    data = path.read_bytes()
    text = _decoded(data, charset)
    controls = sum(ord(character) < 32 and character not in "\n\r\t\f" for character in text[:100_000])
    if controls > max(_FEW_CONTROLS, _MOST_CONTROLS * min(len(text), 100_000)):
        raise problems.not_text()
    return text


def check_archive(path: Path) -> zipfile.ZipFile:
    """The archive at `path`, if it is whole and unpacks to no more than such files do.

    Raises:
        Unreadable: it is damaged, locked, or a bomb.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise problems.damaged() from None
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, path.stat().st_size)
    if unpacked > _MOST_UNPACKED_BYTES or (unpacked > _SURELY_SMALL_BYTES and unpacked / packed > _HIGHEST_RATIO):
        raise problems.inflates()
    if any(entry.flag_bits & 1 for entry in entries):
        raise problems.locked()
    return archive


def _binary(path: Path, head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _office(path)
    if head.startswith(_OLD_OFFICE):
        if _ENCRYPTED in path.read_bytes():
            raise problems.locked()
        raise problems.unsupported("A file in Office's format of before 2007", "Save it as .docx or .xlsx.")
    if head.startswith(_PICTURES):
        raise problems.only_pictures()
    if head.startswith(b"{\\rtf"):
        raise problems.unsupported("Rich text (RTF)", "Save it as .docx or PDF.")
    return None


def _office(path: Path) -> str:
    with check_archive(path) as archive:
        names = set(archive.namelist())
    if "word/document.xml" in names:
        return "word"
    if "xl/workbook.xml" in names:
        return "excel"
    if "ppt/presentation.xml" in names:
        raise problems.unsupported("A presentation", "Save it as PDF.")
    if "content.xml" in names:
        raise problems.unsupported("An OpenDocument file", "Save it as .docx, .xlsx or PDF.")
    raise problems.unsupported("An archive", "Upload the documents in it one by one.")


def _called(name: str) -> str:
    return {"pdf": "PDF file", "word": "Word file", "excel": "Excel file"}[name]


def _decoded(data: bytes, charset: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", errors="replace")
    half = len(data) // 2
    if half and data[1 : 2 * half : 2].count(0) > 0.8 * half:
        return data.decode("utf-16-le", errors="replace")
    for encoding in filter(None, (charset, "utf-8")):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    sample = data[:200_000]
    western = sum(byte > 127 for byte in sample) < _WESTERN * len(sample)
    guess = None if western else from_bytes(sample).best()
    return data.decode(guess.encoding if guess else "cp1252", errors="replace")
