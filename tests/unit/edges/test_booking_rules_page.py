"""The page about booking rules says what the API takes: its examples are valid, and it leaves out no field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reception.api.hours import Hours, Work
from reception.api.resources import NewResource
from reception.api.rules import Rate, Rules, ServiceRule, ShiftRule, Stay
from reception.api.tenants import TenantChange

PAGE = (Path(__file__).parents[3] / "docs" / "BOOKING_RULES.md").read_text(encoding="utf-8")


def examples() -> Iterator[Any]:
    """The JSON values of the page; a block may hold several."""
    decoder = json.JSONDecoder()
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        rest = block.strip()
        while rest:
            value, end = decoder.raw_decode(rest)
            yield value
            rest = rest[end:].strip()


def test_every_example_is_valid() -> None:
    found = list(examples())
    for value in found:
        if "rules" in value:
            TenantChange.model_validate(value).rules.value()
        else:
            NewResource.model_validate(value)
    assert len(found) >= 9


def test_no_field_is_left_out() -> None:
    for model in (Rules, ShiftRule, Rate, Stay, ServiceRule, Hours, Work):
        for name in model.model_fields:
            assert re.search(rf'[`".\]]{name}[`"]', PAGE), f"{model.__name__}.{name} is not on the page"
