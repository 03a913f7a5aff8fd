"""Numbers and sums as callers say them."""

import pytest

from reception.dialogue.understanding.parsers.amounts import read_amount


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("85", 85),
        ("$1,200.50", 1200.5),
        ("about 1.5 million", 1_500_000),
        ("350k", 350_000),
        ("a hundred and fifty", 150),
        ("twelve hundred dollars", 1200),
        ("two and a half thousand", 2500),
        ("two point five", 2.5),
        ("minus 3", -3),
        ("it's five, no, six", 6),
        ("between 200 and 300", 200),
        ("a dozen", 12),
        ("to", 2),
        ("the brakes squeak", None),
        ("one o'clock", 1),
    ],
)
def test_numbers(said: str, value: float | None) -> None:
    assert read_amount(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("eight fifty", 850),
        ("eighty five fifty", 85.5),
        ("eighty five dollars and fifty cents", 85.5),
        ("forty pounds", 40),
        ("up to 2,000 euros", 2000),
        ("nine ninety nine", 999),
    ],
)
def test_sums_of_money(said: str, value: float) -> None:
    assert read_amount(said, money=True) == value
