"""What the agent did by its own account, and said that it did, is held against the rows."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from reception.ports.dialogue import Act, Json
from reception.runtime.evaluation.results import Exchange
from reception.runtime.evaluation.rows import Row, Snapshot
from reception.runtime.evaluation.truth import grade_truth

AT = datetime(2027, 3, 12, 19, 30)  # noqa: DTZ001  local to the business
BOOKED = "You're booked: a table for four on Friday at 7:30 p.m., under Ann Lee. Your reference is AB12CD."
CHANGED = "That's changed: a table for four on Friday at 7:30 p.m. Your reference is still AB12CD."
CANCELLED = "Your table for Friday, the 12th of March at 7 p.m., under Ann Lee, is cancelled."


def row(reference: str = "AB12CD", **changes: object) -> Row:
    held = {"id": reference, "reference": reference, "status": "confirmed", "at": AT, "party": 4, "name": "Ann Lee"}
    return {**held, **changes}


def act(deed: str, reference: str = "AB12CD", starts: datetime = AT, party: int = 4) -> Act:
    data: Mapping[str, Json] = {
        "reference": reference,
        "starts_at": f"{starts.isoformat()}-08:00",
        "party_size": party,
        "name": "Ann Lee",
    }
    return Act(f"reservation.{deed}", data)


def graded(replies: list[tuple[str, list[Act]]], after: list[Row], before: list[Row] | None = None) -> str:
    talk = [Exchange("Yes", "Yes", reply, "anything_else", tuple(acts)) for reply, acts in replies]
    found = grade_truth(talk, Snapshot({"reservations": before or []}), Snapshot({"reservations": after}))
    return "\n".join(f"{one.what}: {one.detail}" for one in found)


def test_what_is_in_the_database_is_true() -> None:
    assert graded([(BOOKED, [act("created")])], [row()]) == ""
    assert graded([(CHANGED, [act("updated")])], [row()], [row(party=2)]) == ""
    assert graded([(CANCELLED, [act("cancelled")])], [row(status="cancelled")], [row()]) == ""
    whole = [(BOOKED, [act("created", party=2)]), (CHANGED, [act("updated")]), (CANCELLED, [act("cancelled")])]
    assert graded(whole, [row(status="cancelled")]) == ""
    again = [(BOOKED, [act("created")]), ("As I said, you're booked.", [])]
    assert graded(again, [row()]) == ""


@pytest.mark.parametrize(
    ("said", "acts", "why"),
    [
        (BOOKED, [act("created", "ZZ99ZZ")], "booked, and is not in the database: ZZ99ZZ"),
        (BOOKED, [act("created", party=6)], "AB12CD has party 4, not 6"),
        (BOOKED, [act("created", starts=AT.replace(day=13))], "AB12CD is at 2027-03-12 19:30:00, not 2027-03-13"),
        (BOOKED, [act("created"), act("created")], "booked twice as one booking: AB12CD"),
        (CANCELLED, [act("cancelled")], "AB12CD has status confirmed, not cancelled"),
    ],
)
def test_an_action_needs_a_row_of_its_own_that_is_as_it_says(said: str, acts: list[Act], why: str) -> None:
    assert why in graded([(said, acts)], [row(), row("EF34GH")])


def test_an_action_that_left_its_row_as_it_was_did_nothing() -> None:
    assert "is as it was in the database: AB12CD" in graded([(CHANGED, [act("updated")])], [row()], [row()])
    assert "was there before: AB12CD" in graded([(BOOKED, [act("created")])], [row()], [row()])


@pytest.mark.parametrize(
    ("said", "acts", "why"),
    [
        (BOOKED, [], "said to be booked, and nothing was"),
        ("You are all booked for Friday.", [], "said to be booked, and nothing was"),
        ("Your viewing is booked: 12 Elm Street.", [], "said to be booked, and nothing was"),
        (CHANGED, [], "said to be changed, and nothing was"),
        ("I've moved it to eight.", [Act("lead.created", {})], "said to be changed, and nothing was"),
        (CANCELLED, [], "said to be cancelled, and nothing was"),
        (CANCELLED, [act("created")], "said to be cancelled, and nothing was"),
        ("I've noted that on your booking: a birthday.", [], "said to be changed, and nothing was"),
    ],
)
def test_a_claim_without_its_deed_is_false_whatever_else_is_there(said: str, acts: list[Act], why: str) -> None:
    others = [row("EF34GH", status="cancelled"), row("IJ56KL", name="Bob Ray")]
    assert why in graded([(said, acts)], [*others, row()] if acts else others)


@pytest.mark.parametrize(
    "said",
    [
        "If your booking is cancelled within a day, we charge nothing.",
        "The menu is changed every week, and the room is booked that night.",
        "No problem, nothing has been booked.",
        "Your booking stays as it is. Shall I cancel it?",
        "You're on the waitlist: a table for two on Friday.",
        "I'm sorry, we're fully booked on Friday.",
    ],
)
def test_what_claims_no_deed_is_no_claim(said: str) -> None:
    assert graded([(said, [])], []) == ""


def test_a_booking_of_before_may_be_told() -> None:
    told = "You're booked for Friday at 7:30 p.m., under Ann Lee."
    assert graded([(told, [])], [row()], [row()]) == ""
    assert "nothing was" in graded([(told.replace("Ann Lee", "Bob Ray"), [])], [row()], [row()])
