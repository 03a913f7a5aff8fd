"""The guide to the API names every operation with its permission, and every error."""

import re
from collections.abc import Iterator

from fastapi import FastAPI

from reception.api.routers import routers
from reception.core.errors import AppError
from tests.integration.api.operations import operations
from tests.support.console_blocks import ROOT

PAGE = (ROOT / "docs" / "API.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| [^|]+ \| (?:`([\w:]+)`)? *\|$", re.MULTILINE)


def _errors(root: type[AppError] = AppError) -> Iterator[type[AppError]]:
    """Those that can be met over HTTP; commands have some of their own."""
    if root.__module__ == AppError.__module__:
        yield root
    for kind in root.__subclasses__():
        yield from _errors(kind)


def test_the_guide_names_every_operation_and_no_other() -> None:
    app = FastAPI()
    for router in routers(demo_mode=True):
        app.include_router(router)
    expected = {(one.method, one.path): one.permission or "" for one in operations(app.openapi())}
    rows = ROW.findall(PAGE)
    assert len(rows) == len({row[:2] for row in rows}), "an operation is named twice"
    shown = {(method, path): permission for method, path, permission in rows}
    assert shown == expected


def test_the_guide_names_every_error() -> None:
    shown = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert {(str(kind.status), kind.code) for kind in _errors()} <= shown
