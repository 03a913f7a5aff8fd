from calendar import day_name, month_name
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.calendar_words import (
    next_day_number,
    next_day_of_month,
    next_weekday,
    weekday_of_next_week,
)
from reception.dialogue.understanding.parsers.dates import find_dates
from reception.dialogue.understanding.parsers.day_readings import Day
from reception.dialogue.understanding.parsers.named_days import easter_sunday
from reception.dialogue.understanding.parsers.names import title_case
from reception.dialogue.understanding.parsers.normalize import quote, tokenize
from reception.dialogue.understanding.parsers.numbers import in_words, read_cardinal, read_ordinal
from reception.dialogue.understanding.parsers.phones import find_phones, read_number
from reception.dialogue.understanding.parsers.spelling import find_spelled
from reception.dialogue.understanding.parsers.times import find_times

DAYS = st.dates(date(2025, 1, 1), date(2030, 12, 31))
MONTHS = month_name[1:]
WEEKDAYS = list(day_name)
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).replace(" twenty-", "|twenty-").replace(" ", "|").split("|")  # fmt: skip


def dates_in(text: str, today: date) -> list[object]:
    return [found.value for found in find_dates(tokenize(text), Day(today))]


@given(DAYS, st.integers(0, 300))
def test_a_date_parses_back_however_it_is_said(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    month, ordinal = MONTHS[day.month - 1], ORDINALS[day.day - 1]
    figures = f"{day.day}{'th' if 10 < day.day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day.day % 10, 'th')}"
    said = (
        f"{month} {day.day}", f"{month} {figures}", f"the {ordinal} of {month}", f"{month.lower()} the {ordinal}",
        f"{day.day} {month}",
        f"{WEEKDAYS[day.weekday()]} {month} {figures}",
        f"on {WEEKDAYS[day.weekday()]}, the {figures} of {month}",
        f"{day.month}/{day.day}", f"{day.month}/{day.day}/{day.year}", day.isoformat(),
        f"{month} {figures}, {day.year}",
    )  # fmt: skip
    if next_day_of_month(today, day.month, day.day) == day:
        for text in said:
            assert dates_in(f"um {text} please", today) == [day], text


@given(DAYS, st.integers(1, 60))
def test_a_span_from_today_is_counted_in_days(today: date, count: int) -> None:
    assert dates_in(f"in {count} days", today) == [today + timedelta(days=count)]
    assert dates_in(f"in {in_words(count)} days" if count > 1 else "in a day", today) == [today + timedelta(days=count)]
    weeks = count % 8 + 1
    assert dates_in(f"in {in_words(weeks)} weeks", today) == [today + timedelta(weeks=weeks)]


@given(DAYS, st.integers(0, 6))
def test_weekday_conventions(today: date, weekday: int) -> None:
    name = WEEKDAYS[weekday]
    bare = dates_in(name, today)[0]
    assert bare == next_weekday(today, weekday)
    assert isinstance(bare, date)
    assert 1 <= (bare - today).days <= 7
    following = dates_in(f"next {name}", today)[0]
    assert following == weekday_of_next_week(today, weekday)
    assert isinstance(following, date)
    assert following.isocalendar().week != today.isocalendar().week
    assert dates_in(f"{name} week", today) == dates_in(f"a week on {name}", today) == [bare + timedelta(days=7)]


@given(DAYS, st.integers(1, 31))
def test_a_day_number_is_the_next_such_day(today: date, number: int) -> None:
    value = next_day_number(today, number)
    assert value is not None
    assert value >= today
    assert value.day == number
    assert dates_in(f"the {ORDINALS[number - 1]}", today) == [value]


@given(st.integers(1, 12), st.sampled_from([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]), st.booleans())
def test_a_time_parses_back_however_it_is_said(hour: int, minute: int, evening: bool) -> None:
    expected = time(hour % 12 + (12 if evening else 0), minute)
    either = (time(hour % 12, minute), time(hour % 12 + 12, minute))
    half = "pm" if evening else "am"
    following = in_words(hour % 12 + 1)
    said = [f"{hour}:{minute:02} {half}", f"{hour}.{minute:02}{half}", f"{hour}{minute:02} {half}", f"{expected:%H:%M}"]
    if minute == 0:
        said += [f"{in_words(hour)} {half}", f"{in_words(hour)} o'clock {half}", f"{hour}{half}"]
    elif minute < 10:
        said += [f"{in_words(hour)} oh {in_words(minute)} {half}"]
    else:
        said += [f"{in_words(hour)} {in_words(minute)} {half}", f"{hour} {minute} {half}"]
    if minute == 30:
        said += [f"half past {in_words(hour)} {half}", f"half {in_words(hour)} {half}"]
    if minute in {5, 10, 20, 25}:
        said += [f"{in_words(minute)} past {in_words(hour)} {half}"]
    for text in said:
        readings = find_times(tokenize(f"at {text}"))
        assert [reading.possible() for reading in readings] in ([(expected,)], [either]), text
    if minute == 45:
        reading = find_times(tokenize(f"quarter to {following}"))[0]
        assert time(hour % 12, 45) in reading.possible()


DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@given(st.integers(200, 999), st.integers(0, 99), st.sampled_from(["", "um ", "it's ", "my number is "]))
def test_a_phone_number_parses_back_however_it_is_dictated(area: int, last: int, lead: str) -> None:
    digits = f"{area}55501{last:02}"
    expected = "+1" + digits
    spelled = " ".join(DIGITS[int(digit)] for digit in digits)
    said = (
        digits, f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", f"({digits[:3]}) {digits[3:6]} {digits[6:]}", spelled,
        spelled.replace("zero", "oh"), f"plus one {spelled}", f"{digits[:3]}. {digits[3:6]}. {digits[6:]}.",
        spelled.replace("five five five", "triple five", 1), ", ".join(spelled.split()),
        f"{digits[:3]} {digits[3:6]} 0999, no sorry, {digits[6:]}",
    )  # fmt: skip
    for text in said:
        found = find_phones(tokenize(lead + text), "US", expected=True)
        assert [one.value for one in found] == [expected], text


@given(st.text(alphabet="0123456789", min_size=1, max_size=9))
def test_too_few_digits_are_incomplete_and_never_a_number(digits: str) -> None:
    assert read_number(digits, "US")[1] in {"incomplete_phone", "invalid_phone"}


@given(st.integers(0, 99))
def test_numbers_parse_back(value: int) -> None:
    tokens = tokenize(in_words(value))
    number = read_cardinal(tokens, 0)
    assert number is not None
    assert (number.value, number.end) == (value, len(tokens))


@pytest.mark.parametrize(
    ("text", "value"),
    [("a hundred and twenty", 120), ("two thousand five hundred", 2500), ("half a dozen", 6), ("1,200", 1200),
     ("four hundred thousand", 400_000), ("a couple of", 2)],
)  # fmt: skip
def test_larger_numbers(text: str, value: int) -> None:
    number = read_cardinal(tokenize(text), 0)
    assert number is not None
    assert number.value == value


@given(st.integers(1, 31))
def test_ordinals_parse_back(value: int) -> None:
    number = read_ordinal(tokenize(ORDINALS[value - 1]), 0)
    assert number is not None
    assert number.value == value


@given(st.text(alphabet="bcdfghjklmnopqrstvxz", min_size=3, max_size=8))
def test_a_spelled_name_parses_back(word: str) -> None:
    for text in ("-".join(word.upper()), " ".join(word), ". ".join(word.upper())):
        assert [run.word for run in find_spelled(tokenize(text))] == [word], text


@pytest.mark.parametrize(
    ("said", "written"),
    [("maria ramos", "Maria Ramos"), ("SEAN O'BRIEN", "Sean O'Brien"), ("ludwig van beethoven", "Ludwig van Beethoven"),
     ("anna smith-jones", "Anna Smith-Jones"), ("ronald mcdonald", "Ronald McDonald"), ("Ana DeVito", "Ana DeVito")],
)  # fmt: skip
def test_names_are_written_as_names(said: str, written: str) -> None:
    assert title_case(said) == written


def test_easter() -> None:
    assert [easter_sunday(year) for year in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip


@given(st.text(max_size=80))
def test_tokens_keep_their_place_in_any_text(text: str) -> None:
    tokens = tokenize(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert quote(text, tokens, 0, len(tokens)) in text


def test_the_day_comes_first_where_it_does() -> None:
    tokens = tokenize("3/4")
    assert find_dates(tokens, Day(date(2026, 3, 11), day_first=True))[0].value == date(2026, 4, 3)
    found = find_dates(tokens, Day(date(2026, 3, 11)))[0]
    assert (found.slot, found.reason) == (SlotName.DATE, "past_date")
