"""Makes the files that businesses upload, good and bad ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import openpyxl
from fpdf import FPDF
from PIL import Image

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(
    *pages: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]] = (),
    password: str = "",
    picture_pages: Sequence[int] = (),
) -> bytes:
    """A PDF whose pages are lists of ("h1" | "h2" | "p", text); a table ends the first page; pages of `picture_pages`
    (from 1) hold a picture and no text."""
    made = FPDF()
    made.set_compression(False)
    made.set_font("helvetica", size=11)
    for number, blocks in enumerate(pages, start=1):
        made.add_page()
        if number in picture_pages:
            made.image(Image.new("RGB", (400, 500), (200, 200, 200)), x=10, y=10, w=180)
            continue
        for style, text in blocks:
            made.set_font(style="B" if style != "p" else "", size={"h1": 22, "h2": 16}.get(style, 11))
            made.multi_cell(0, text=text, new_x="LMARGIN", new_y="NEXT")
            made.ln(4)
        if table and number == 1:
            made.set_font(style="", size=11)
            with made.table() as drawn:
                for row in table:
                    cells = drawn.row()
                    for cell in row:
                        cells.cell(cell)
    if password:
        made.set_encryption(owner_password=f"{password}-owner", user_password=password)
    return bytes(made.output())


def word(*blocks: tuple[str, str], table: Sequence[Sequence[str]] = (), picture: bool = False) -> bytes:
    """A .docx of ("Heading1" | "Heading2" | "", text), with a table at its end."""
    body = "".join(_paragraph(style, text) for style, text in blocks)
    if table:
        rows = "".join(
            "<w:tr>" + "".join(f"<w:tc>{_paragraph('', cell)}</w:tc>" for cell in row) + "</w:tr>" for row in table
        )
        body += f"<w:tbl>{rows}</w:tbl>"
    files = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELS,
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    if picture:
        files["word/media/image1.png"] = "not looked at"
    return archive(files)


def excel(sheets: dict[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    """An .xlsx; amounts are given as ("$", 9.5)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row, values in enumerate(rows, start=1):
            for column, value in enumerate(values, start=1):
                cell = sheet.cell(row, column)
                if isinstance(value, tuple):
                    cell.value, cell.number_format = value[1], f'"{value[0]}"#,##0.00'
                else:
                    cell.value = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def bomb() -> bytes:
    """What calls itself a Word file, and unpacks to half a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("[Content_Types].xml", _TYPES)
        made.writestr("_rels/.rels", _RELS)
        with made.open("word/document.xml", "w", force_zip64=True) as entry:
            for _ in range(512):
                entry.write(b" " * (1 << 20))
    return file.getvalue()


def long_pdf(pages: int) -> bytes:
    """A PDF of many pages that share one line of text; made by hand, for it is made often and read never."""
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Length 37 >>\nstream\nBT /F1 12 Tf 72 700 Td (Page) Tj ET   \nendstream",
        *(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
            for _ in range(pages)
        ),
    ]
    file = io.BytesIO()
    file.write(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(file.tell())
        file.write(f"{number} 0 obj\n{content}\nendobj\n".encode())
    start = file.tell()
    file.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    file.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    file.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return file.getvalue()


def _paragraph(style: str, text: str) -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"
