"""What is put into jsonb columns."""

import pytest

from reception.core.errors import Unprocessable
from reception.db.bounds import bounded_json


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_has_none_for_is_refused_and_says_where(number: float) -> None:
    with pytest.raises(Unprocessable, match="/details: must hold finite numbers only"):
        bounded_json({"a": {"b": [1.0, number]}}, "/details", longest=100)
