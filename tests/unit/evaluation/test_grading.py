"""Grading: a scenario that must fail does, and says why."""

from datetime import date, datetime, time

import pytest

from reception.ports.dialogue import Act
from reception.runtime.evaluation.document import ScenarioError
from reception.runtime.evaluation.grading import grade_rows, grade_words
from reception.runtime.evaluation.results import Exchange
from reception.runtime.evaluation.rows import Row, Snapshot
from tests.support.scenarios import written

FRIDAY = date(2027, 3, 12)


def booking(identity: str, **changes: object) -> Row:
    row = {
        "id": identity,
        "status": "confirmed",
        "name": "Ann Lee",
        "phone": "+14155550142",
        "party": 4,
        "date": FRIDAY,
        "time": time(19, 30),
        "at": datetime.combine(FRIDAY, time(19, 30)),
        "nights": 0,
        "place": "",
        "notes": "",
        "resource": ["Table 4-1"],
        "special_requests": ["", {"kind": "allergy", "text": "peanuts"}],
        "reference": "AB12CD",
    }
    return {**row, **changes}


def graded(expected: str, after: list[Row], before: list[Row] | None = None, table: str = "reservations") -> str:
    """Why the rows are not as `expected`; empty when they are."""
    (scenario,) = written(f"business: harbor-table\nturns: [Hi]\nexpect:\n  {table}: {expected}")
    (rows,) = scenario.expect.rows
    found = grade_rows(rows, Snapshot({table: before or []}), Snapshot({table: after}))
    return "\n".join(f"{failure.what} line {failure.line}: {failure.detail}" for failure in found)


@pytest.mark.parametrize(
    "expected",
    [
        "[{party: 4, date: friday, time: 7:30 PM, name: ann  lee, phone: (415) 555-0142}]",
        "[{guests: 2-5, at: 2027-03-12 19:30, table: table 4-1, special_requests: peanut}]",
        "{party: 4}",
        "[{name: /^ann/, reference: any, notes: empty}]",
        "[{name: [Bob, Ann Lee], phone: 415 555 0142}]",
        "[{name: {not: Bob}, party: 4}]",
        "any",
        "1",
        "1-3",
        "{count: 1, includes: [{name: Ann Lee}], excludes: [{name: Bob}]}",
    ],
)
def test_a_row_is_found_by_the_fields_that_matter(expected: str) -> None:
    assert graded(expected, [booking("1")]) == ""


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ("[{party: 5}]", "party is 4, not 5"),
        ("[{date: saturday}]", "date is 2027-03-12, not Saturday 2027-03-13"),
        ("[{time: 7 PM}]", "time is 19:30:00, not 19:00"),
        ("[{phone: 415 555 0143}]", 'phone is "+14155550142"'),
        ("[{name: Bob}]", 'name is "Ann Lee", not "Bob"'),
        ("[{status: cancelled}]", 'status is "confirmed", not "cancelled"'),
        ("none", "none expected; there is 1"),
        ("unchanged", "nothing new or changed expected"),
        ("2", "2 expected; there is 1"),
        ("[{party: 4}, {party: 4}]", "no row with party 4"),
        ("[{party: 4, count: 2}]", "no row with party 4"),
        ("{excludes: [{name: Ann Lee}]}", "must not be there"),
        ("[]", "not expected"),
    ],
)
def test_what_is_not_as_expected_is_told(expected: str, why: str) -> None:
    told = graded(expected, [booking("1")])
    assert why in told
    assert "reservations line 4" in told


def test_rows_that_were_there_need_not_be_named_but_may_be() -> None:
    old, new = booking("1", name="Old Guest"), booking("2")
    assert graded("[{name: Ann Lee}]", [old, new], [old]) == ""
    assert graded("[{name: Ann Lee}, {name: Old Guest}]", [old, new], [old]) == ""
    assert graded("unchanged", [old], [old]) == ""
    assert "none expected" in graded("none", [old], [old])


def test_a_change_that_was_not_expected_is_told() -> None:
    old = booking("1", name="Old Guest")
    moved = booking("1", name="Old Guest", time=time(20))
    assert "not expected: status confirmed, name Old Guest" in graded("[{name: Ann Lee}]", [moved, booking("2")], [old])
    assert "nothing new or changed" in graded("unchanged", [moved], [old])
    assert graded("[{name: Old Guest, time: 8 PM}]", [moved], [old]) == ""


def test_a_booking_that_nobody_expected_fails_though_an_old_one_is_as_wanted() -> None:
    old, extra = booking("1", name="Pat Doe", party=2), booking("2", name="Pat Doe", party=6, date=date(2027, 3, 13))
    wanted = "[{name: Pat Doe, date: friday, party: 2}]"
    assert graded(wanted, [old], [old]) == ""
    assert "not expected: status confirmed, name Pat Doe" in graded(wanted, [old, extra], [old])
    assert "not expected" in graded("[{name: Pat Doe}]", [old, extra, booking("3", name="Pat Doe")], [old])


def test_each_row_has_a_wanted_one_of_its_own_in_whatever_order_they_are_named() -> None:
    rows = [booking("1"), booking("2", name="Bob Ray")]
    assert graded("[{party: 4}, {name: Ann Lee}]", rows) == ""
    assert graded("[{name: Ann Lee}, {party: 4}]", rows) == ""


@pytest.mark.parametrize("expected", ["unchanged", "[]", "[{name: Ann Lee}]", "{unchanged: yes}"])
def test_a_row_that_is_gone_is_a_change(expected: str) -> None:
    kept, lost = booking("1"), booking("2", name="Old Guest")
    assert "is gone: status confirmed, name Old Guest" in graded(expected, [kept], [kept, lost])


def test_a_booking_that_lapsed_is_a_change() -> None:
    assert "nothing new or changed" in graded("unchanged", [booking("1", status="expired")], [booking("1")])


@pytest.mark.parametrize("expected", ["{}", "{unchanged: no}", "{includes: []}"])
def test_what_would_check_nothing_is_refused(expected: str) -> None:
    with pytest.raises(ScenarioError, match=r"test\.yaml:4: expect\.reservations.*nothing"):
        graded(expected, [])


def test_holds_are_no_bookings() -> None:
    held = booking("1", status="held")
    assert graded("none", [held]) == ""
    assert graded("unchanged", [held, booking("2", status="expired")]) == ""


def test_any_table_is_graded_by_its_columns() -> None:
    rows: list[Row] = [{"id": "1", "state": "sent", "tries": 2}]
    (scenario,) = written("business: harbor-table\nturns: [Hi]\nexpect: {tables: {deliveries: [{state: sent}]}}")
    assert grade_rows(scenario.expect.rows[0], Snapshot({}), Snapshot({"deliveries": rows})) == []
    assert "no table" in grade_rows(scenario.expect.rows[0], Snapshot({}), Snapshot({}))[0].detail


TALK = (
    Exchange("", "", "Hello, how can I help?", "how_help"),
    Exchange("Wine?", "Wine?", "Corkage is $25 per bottle.", "anything_else", commands=("AskKnowledge(Wine)",)),
    Exchange(
        "A table", "A table", "You're booked: Friday at 7 p.m.", "anything_else", (Act("reservation.created", {}),)
    ),
)


def words(expected: str, ended: str = "caller_hung_up") -> str:
    (scenario,) = written(f"business: harbor-table\nturns: [Hi]\nexpect: {expected}")
    return "\n".join(f"{one.what}: {one.detail}" for one in grade_words(scenario.expect, TALK, ended, 3))


@pytest.mark.parametrize(
    "expected",
    [
        "{said: [corkage is $25, /you.re booked/, [nothing, bottle], friday at 7 pm]}",
        "{not_said: [lobster], actions: [reservation.created], ended: caller, asks: more}",
        "{not_actions: [lead.created], most_turns: 2, commands: [AskKnowledge], heard: [wine]}",
        "{actions: {includes: [reservation.created]}}",
    ],
)
def test_words_and_deeds_that_are_as_expected(expected: str) -> None:
    assert words(expected) == ""


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ("{said: [lobster]}", 'said: the agent never said anything with "lobster"'),
        ("{not_said: [/corkage/]}", "not_said: the agent said something like /corkage/: Corkage is $25 per bottle."),
        ("{actions: none}", "actions: expected none; done: reservation.created"),
        ("{not_actions: [reservation.created]}", "reservation.created was done"),
        ("{ended: goodbye}", "ended: expected goodbye; it was caller_hung_up"),
        ("{asks: phone}", 'expected the agent to ask phone; it asks "anything_else"'),
        ("{most_turns: 1}", "2 turns; at most 1 expected"),
        ("{heard: [lobster]}", "heard: nothing"),
    ],
)
def test_words_and_deeds_that_are_not_are_told(expected: str, why: str) -> None:
    assert why in words(expected)
