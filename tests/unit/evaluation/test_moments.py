"""Days, times, lengths and opening hours in every form that a scenario may use."""

from datetime import date, datetime, time, timedelta

import pytest

from reception.ports.business import OpeningHours, OpenSpan
from reception.runtime.evaluation.document import parse
from reception.runtime.evaluation.hours import hours_of
from reception.runtime.evaluation.moments import read_day, read_length, read_moment, read_time
from reception.runtime.evaluation.reading import Wrong

WEDNESDAY = date(2027, 3, 10)
NINE_TO_FIVE = OpenSpan(time(9), time(17))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19:30", time(19, 30)),
        ("7:30 PM", time(19, 30)),
        ("7.30pm", time(19, 30)),
        ("7 p.m.", time(19)),
        ("12am", time(0)),
        ("noon", time(12)),
        ("24:00", time(0)),
        ("09:05", time(9, 5)),
    ],
)
def test_times(text: str, expected: time) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize("text", ["7", "25:00", "13 pm", "soon", "19:75", ""])
def test_what_is_no_time_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match="7:30 PM"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-13", date(2027, 3, 13)),
        ("today", WEDNESDAY),
        ("tomorrow", date(2027, 3, 11)),
        ("+3d", date(2027, 3, 13)),
        ("in 3 days", date(2027, 3, 13)),
        ("+2 weeks", date(2027, 3, 24)),
        ("-1d", date(2027, 3, 9)),
        ("saturday", date(2027, 3, 13)),
        ("Sat", date(2027, 3, 13)),
        ("wednesday", date(2027, 3, 17)),
        ("next saturday", date(2027, 3, 20)),
        ("next monday", date(2027, 3, 15)),
        ("March 13", date(2027, 3, 13)),
        ("13 march", date(2027, 3, 13)),
        ("Feb 2nd", date(2028, 2, 2)),
        ("December 24th, 2026", date(2026, 12, 24)),
    ],
)
def test_days(text: str, expected: date) -> None:
    assert read_day(text, WEDNESDAY) == expected


@pytest.mark.parametrize("text", ["2027-02-29", "someday", "32 march", "3d"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no such day|is no day"):
        read_day(text, WEDNESDAY)


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-13 19:30",
        "2027-03-13T19:30",
        "saturday 19:30",
        "Saturday at 7:30 PM",
        "+3d 7:30pm",
        "March 13, 7:30 PM",
    ],
)
def test_moments(text: str) -> None:
    assert read_moment(text, WEDNESDAY) == datetime(2027, 3, 13, 19, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("1h30", timedelta(minutes=90)),
        ("1.5 hours", timedelta(minutes=90)),
        ("2 weeks", timedelta(weeks=2)),
        ("90 days", timedelta(days=90)),
        ("0", timedelta()),
    ],
)
def test_lengths(text: str, expected: timedelta) -> None:
    assert read_length(text) == expected


@pytest.mark.parametrize("text", ["90", "an hour", "3 fortnights"])
def test_a_length_needs_its_unit(text: str) -> None:
    with pytest.raises(ValueError, match="90m"):
        read_length(text)


def hours(text: str) -> OpeningHours:
    (node,) = parse(text, "test")
    return hours_of(node, WEDNESDAY)


WEEK = ((NINE_TO_FIVE,),) * 5


@pytest.mark.parametrize(
    "text",
    [
        "mon-fri 9:00-17:00",
        "Mon-Fri: 9am-5pm",
        "Monday to Friday 9-17, Sat closed, Sun closed",
        "weekdays 9-5pm",
        "daily 9-17; weekend closed",
        "{mon-fri: '9:00-17:00'}",
        "{weekdays: 9-17, sunday: closed}",
        "{mon: 9-17, tue: 9-17, wed: 9-17, thu: 9-17, fri: [['9:00', '17:00']]}",
        "['mon-thu 9-17', 'fri 9-17']",
        "{'mon, tue, wed': 9-17, thu-fri: {opens: '9:00', closes: '17:00'}}",
        "{weekly: mon-fri 9-17}",
    ],
)
def test_opening_hours(text: str) -> None:
    assert hours(text).weekly == (*WEEK, (), ())


def test_a_day_may_open_twice_and_close_after_midnight() -> None:
    lunch, dinner = OpenSpan(time(11, 30), time(14, 30)), OpenSpan(time(17), time(1))
    assert hours("tue-thu 11:30-14:30 and 17:00-1:00").weekly == ((), *((lunch, dinner),) * 3, (), (), ())
    assert hours("5-10pm").weekly == ((OpenSpan(time(17), time(22)),),) * 7
    assert hours("always").weekly == ((OpenSpan(time(0), time(0)),),) * 7


def test_holidays_stand_beside_the_days() -> None:
    found = hours("{mon-fri: 9-17, holidays: {2027-12-24: 9-12, 2027-12-25: closed}}")
    assert found.exceptions == (
        (date(2027, 12, 24), (OpenSpan(time(9), time(12)),)),
        (date(2027, 12, 25), ()),
    )


@pytest.mark.parametrize("text", ["mon-fri", "sometimes", "{someday: 9-17}", "{mon: whenever}", "mon-fri 9-17 maybe"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Wrong):
        hours(text)
