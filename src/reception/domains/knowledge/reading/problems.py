"""Why a file cannot be taken in, in words for the one who owns it."""

from reception.core.errors import Unprocessable


class Unreadable(Unprocessable):
    """A file that is refused. `reason` is for programs, `detail` for people: what is wrong, and what to do."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def empty() -> Unreadable:
    return Unreadable("empty", "There is no text in this file. Check that it is the right one.")


def damaged(what: str = "This file") -> Unreadable:
    return Unreadable(
        "damaged",
        f"{what} is damaged or was not uploaded whole. Open it on your computer, save it anew, and upload that.",
    )


def locked() -> Unreadable:
    return Unreadable("locked", "This file is protected by a password. Remove the protection, and upload it again.")


def too_heavy() -> Unreadable:
    return Unreadable(
        "too_heavy",
        "Reading this file takes more time or memory than any one file may. Split it, or save it in a simpler form.",
    )


def too_many_pages(pages: int, most: int) -> Unreadable:
    return Unreadable(
        "too_many_pages", f"This file has {pages:,} pages, and at most {most:,} can be read at once. Split it."
    )


def too_many_passages(most: int) -> Unreadable:
    return Unreadable(
        "too_long", f"This file makes more than {most:,} passages. Split it, or leave out what is not asked for."
    )


def inflates() -> Unreadable:
    return Unreadable(
        "inflates", "This file unpacks to far more than a document of its sort holds, so it was not opened."
    )


def only_pictures() -> Unreadable:
    return Unreadable(
        "only_pictures",
        "This file holds pictures of text (scanned pages, for instance) and no text. Have the text recognised first, "
        "for example with the scanner's own program, or upload the original.",
    )


def not_text() -> Unreadable:
    return Unreadable("not_text", "This file does not hold text. Upload a PDF, Word, Excel, CSV, HTML or text file.")


def unsupported(what: str, instead: str) -> Unreadable:
    return Unreadable("unsupported", f"{what} cannot be read. {instead}")


def mistyped(ending: str, found: str) -> Unreadable:
    return Unreadable(
        "mistyped", f"The name of this file ends in .{ending}, but it holds {found}. Check that it is the right file."
    )
