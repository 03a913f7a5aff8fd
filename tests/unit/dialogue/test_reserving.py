"""Making a reservation in conversation, for a restaurant, a hotel and an estate agency."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from reception.core.clock import FixedClock
from reception.dialogue.state import from_json, to_json
from reception.domains.reservations.availability import Unit
from reception.ports.booking import ReservationStatus
from reception.ports.dialogue import CallerTurn, HangUp
from reception.ports.expectation import Expects
from tests.unit.dialogue.fakes import Book
from tests.unit.dialogue.stage import NOW, Caller, agency, book_of, booked, held, hotel, restaurant, take

ZONE = ZoneInfo("America/Los_Angeles")
FRIDAY = date(2027, 3, 12)


async def test_a_table_is_booked_as_the_row_says() -> None:
    caller = Caller(book_of(restaurant()))
    first = await caller.say("Hi, I'd like to book a table for four on Friday at half past seven")
    assert "Friday at 7:30 PM for four." in first
    assert len(held(caller.book)) == 1
    assert caller.dialogue.expectation().expects is Expects.NAME
    await caller.say("Maria Ramos")
    assert caller.dialogue.expectation().expects is Expects.PHONE
    back = await caller.say("415 555 0142")
    assert "A table for four on Friday, March 12th at 7:30 PM, under Maria Ramos, phone 415 555 0142." in back
    assert not booked(caller.book)
    assert caller.dialogue.expectation().expects is Expects.YES_NO
    done = await caller.say("yes please")
    (row,) = booked(caller.book)
    assert (row.party_size, row.starts_at) == (4, datetime(2027, 3, 12, 19, 30, tzinfo=ZONE))
    assert (row.guest.name, row.guest.phone) == ("Maria Ramos", "+14155550142")
    assert row.reference in done
    data = caller.act("reservation.created").data
    assert data["starts_at"] == "2027-03-12T19:30:00-08:00"
    assert (data["party_size"], data["name"], data["reference"]) == (4, "Maria Ramos", row.reference)
    await caller.say("no thanks, bye")
    assert caller.ended == HangUp("goodbye")


async def test_a_room_is_booked_with_digits_over_two_turns() -> None:
    caller = Caller(book_of(hotel()))
    replies = await caller.talk(
        "I'd like a room", "on Friday", "two nights", "two of us", "the queen room please", "Sam Lee",
        "four one five five five five", "oh one four two", "yes",
    )  # fmt: skip
    assert "415 555." in replies[6]
    (row,) = booked(caller.book)
    assert (row.place, row.party_size, row.guest.phone) == ("Queen Room", 2, "+14155550142")
    assert (row.starts_at.date(), row.ends_at.date()) == (FRIDAY, date(2027, 3, 14))


async def test_a_viewing_is_booked_for_its_listing() -> None:
    caller = Caller(book_of(agency()))
    await caller.talk("I'd like to book a viewing", "48 Bay Road", "tomorrow at 3 pm", "Sam Lee", "415 555 0142", "yes")
    (row,) = booked(caller.book)
    assert (row.place, row.starts_at) == ("48 Bay Road", datetime(2027, 3, 11, 15, tzinfo=ZONE))


async def test_a_question_in_the_middle_is_answered_and_the_booking_goes_on() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for two tomorrow at 6 pm")
    reply = await caller.say("do you have parking?")
    assert "Parking is free" in reply
    assert reply.endswith("?")
    assert "name" in reply
    assert caller.dialogue.expectation().expects is Expects.NAME
    await caller.talk("Ann Lee", "415 555 0142")
    again = await caller.say("is there parking?")
    assert "Parking is free" in again
    assert "shall I book" in again
    await caller.say("yes")
    assert len(booked(caller.book)) == 1


async def test_a_question_and_a_booking_in_one_breath() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("Do you have parking, and a table for two tonight at 8?")
    assert reply.index("Parking is free") < reply.index("Tonight at 8 PM for two.")
    assert len(held(caller.book)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no, five people", "A table for five on Friday, March 12th at 7:30 PM, under Maria Ramos"),
        ("actually make it Saturday", "A table for four on Saturday, March 13th at 7:30 PM, under Maria Ramos"),
        ("no, at 8 pm", "A table for four on Friday, March 12th at 8 PM, under Maria Ramos"),
        ("the name is Marta Ramos", "at 7:30 PM, under Marta Ramos, phone 415 555 0142"),
        ("no, my number is 415 555 0143", "under Maria Ramos, phone 415 555 0143"),
    ],
)
async def test_what_is_said_last_at_the_read_back_is_read_back_again(change: str, said: str) -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for four on Friday at 7:30 pm", "Maria Ramos", "415 555 0142")
    assert said in await caller.say(change)
    assert not booked(caller.book)
    assert len(held(caller.book)) == 1
    await caller.say("yes")
    (row,) = booked(caller.book)
    assert said.split(",")[0].startswith("A table for five") == (row.party_size == 5)


async def test_a_mind_changed_at_every_step() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(
        "I need a table tomorrow", "three", "6 pm", "actually make it friday", "Bob Stone", "actually 8 pm",
        "415 555 0123", "no", "four people", "yes",
    )  # fmt: skip
    (row,) = booked(caller.book)
    assert (row.party_size, row.starts_at) == (4, datetime(2027, 3, 12, 20, tzinfo=ZONE))
    assert not held(caller.book)


async def test_a_correction_after_the_booking_changes_that_booking() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "415 555 0142", "yes")
    reply = await caller.say("actually, make it four people")
    assert "a table for four" in reply
    await caller.say("yes")
    (row,) = booked(caller.book)
    assert row.party_size == 4
    assert caller.act("reservation.updated").data["party_size"] == 4


async def test_where_it_is_full_what_is_free_is_offered() -> None:
    caller = Caller(book_of(restaurant()))
    take(caller.book, FRIDAY, time(19), 8)
    reply = await caller.say("a table for eight on Friday at 7 pm")
    assert "no table free" in reply
    assert "I have Friday at 5 PM, 9 PM or Saturday at 7 PM, or I can put you on the waitlist." in reply
    expectation = caller.dialogue.expectation()
    assert expectation.expects is Expects.CHOICE
    assert len(expectation.options) == 3
    assert "Saturday" in await caller.say("Saturday, please")
    await caller.talk("Ann Lee", "415 555 0142", "yes")
    assert booked(caller.book)[-1].starts_at.date() == date(2027, 3, 13)


async def test_none_of_what_is_offered_will_do() -> None:
    caller = Caller(book_of(restaurant()))
    take(caller.book, FRIDAY, time(19), 8)
    await caller.say("a table for eight on Friday at 7 pm")
    assert "waitlist?" in await caller.say("no")
    assert "day and time" in await caller.say("no thanks")
    assert "That" in await caller.say("on Saturday at 6 pm") or held(caller.book)
    assert held(caller.book)[0].starts_at == datetime(2027, 3, 13, 18, tzinfo=ZONE)


async def test_a_closed_day_is_said_to_be_closed() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("table for two on Monday at 7 pm")
    assert "we're closed on Monday" in reply
    assert "Tuesday at 7 PM" in reply


async def test_too_late_in_the_evening_says_the_hours() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("table for two on Friday at 4 pm")
    assert "from 5 PM to 10 PM" in reply
    assert "I have 5:00, 5:15 or 5:30." in reply
    await caller.say("5:15")
    assert held(caller.book)[0].starts_at.time() == time(17, 15)


async def test_a_time_that_has_passed_is_refused() -> None:
    book = book_of(restaurant(), FixedClock(datetime(2027, 3, 10, 20, 30, tzinfo=ZONE)))
    caller = Caller(book)
    reply = await caller.say("a table for two today at 6 pm")
    assert "passed" in reply
    assert not held(book)


async def test_too_many_people_are_left_to_a_colleague() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("We'd like to book for twelve people next Saturday")
    assert "colleague" in reply
    await caller.talk("Ann Lee", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert (lead.kind, lead.name, lead.phone, lead.details["party_size"]) == (
        "large_party", "Ann Lee", "+14155550142", 12,
    )  # fmt: skip
    assert caller.act("lead.created").data["kind"] == "large_party"
    assert not booked(caller.book)


async def test_what_is_taken_before_the_commit_is_apologised_for_and_something_else_is_offered() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for eight on Friday at 7 pm", "Ann Lee", "415 555 0142")
    caller.book.entries.clear()
    take(caller.book, FRIDAY, time(19), 8)
    reply = await caller.say("yes")
    assert "sorry" in reply
    assert "booked" not in reply
    assert "Friday at 5 PM" in reply
    assert not caller.acts
    await caller.say("five pm")
    await caller.say("yes")
    assert booked(caller.book)[-1].starts_at.time() == time(17)
    assert booked(caller.book)[-1].guest.name == "Ann Lee"


async def test_what_is_taken_before_the_hold_is_not_promised() -> None:
    caller = Caller(book_of(restaurant()))
    caller.last = await caller.dialogue.prepare(_turn(caller, "a table for eight on Friday at 7 pm"))
    take(caller.book, FRIDAY, time(19), 8)
    reply = await caller.commit(caller.last)
    assert "just been taken" in reply
    assert "available" not in reply
    assert caller.dialogue.expectation().expects is Expects.CHOICE


async def test_hanging_up_before_the_confirmation_leaves_nothing() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "415 555 0142")
    assert held(caller.book)
    await caller.dialogue.close("caller_gone")
    await caller.dialogue.close("caller_gone")
    assert not caller.book.entries
    assert caller.ledger.closed == ["caller_gone"]


async def test_never_mind_gives_the_place_back() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for two tomorrow at 6 pm")
    reply = await caller.say("never mind")
    assert "anything else" in reply
    assert not caller.book.entries


async def test_goodbye_in_the_middle_gives_the_place_back_and_ends_the_call() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for two tomorrow at 6 pm")
    await caller.say("goodbye")
    assert caller.ended == HangUp("goodbye")
    assert not caller.book.entries


async def test_yes_and_goodbye_in_one_breath_books_and_ends() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "415 555 0142")
    reply = await caller.say("yes that's right, goodbye")
    assert len(booked(caller.book)) == 1
    assert reply.index("booked") < reply.index("Goodbye")
    assert caller.ended == HangUp("goodbye")


async def test_the_number_that_the_caller_calls_from_is_offered() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550177")
    await caller.say("a table for two tomorrow at 6 pm")
    assert "ending 0177" in await caller.say("Ann Lee")
    assert caller.dialogue.expectation().expects is Expects.YES_NO
    await caller.talk("yes", "yes")
    assert booked(caller.book)[0].guest.phone == "+14155550177"


async def test_another_number_than_the_callers_own() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550177")
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "no", "415 555 0142", "yes")
    assert booked(caller.book)[0].guest.phone == "+14155550142"


async def test_a_conversation_is_taken_up_again_from_its_stored_state() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for four on Friday at 7:30 pm", "Maria Ramos")
    stored = caller.ledger.state(2)
    assert to_json(from_json(stored)) == stored
    resumed = Caller(caller.book, conversation_id=caller.conversation_id)
    resumed.take_up(stored, 2)
    await resumed.talk("415 555 0142", "yes")
    assert [row.status for row in caller.book.rows(ReservationStatus.CONFIRMED)] == [ReservationStatus.CONFIRMED]
    assert booked(caller.book)[0].guest.name == "Maria Ramos"


def _turn(caller: Caller, text: str) -> CallerTurn:
    return CallerTurn(caller.dialogue.next_turn, text, "voice")


async def test_where_there_are_no_tables_a_message_is_offered() -> None:
    caller = Caller(Book(restaurant(), (), FixedClock(NOW)))
    said = await caller.say("A table for two on Friday at 7 pm")
    assert said.startswith("I'm sorry, I can't book a table by phone right now.")
    assert caller.dialogue.expectation().expects is Expects.YES_NO
    await caller.talk("yes please", "It's about a table for two", "Sam Lee", "415 555 0142", "yes")
    assert len(caller.book.leads) == 1


async def test_a_party_that_no_table_holds_goes_to_a_colleague() -> None:
    caller = Caller(Book(restaurant(), (Unit(1, "T1", "", 2),), FixedClock(NOW)))
    said = await caller.say("A table for four on Friday at 7 pm")
    assert said.startswith("For four people, a colleague of mine arranges that with you.")


async def test_one_time_alone_is_said_with_its_half_of_the_day() -> None:
    caller = Caller(Book(restaurant(), (Unit(1, "T1", "", 2),), FixedClock(NOW)))
    for at in (time(18, 30), time(20, 30)):
        take(caller.book, FRIDAY, at, 2)
    await caller.say("A table for two on Friday")
    assert (await caller.say("whenever")).startswith("I have 5 PM.")


@pytest.mark.parametrize("text", ["no, do book it", "actually yes, book it please", "I do want it after all"])
async def test_what_was_just_given_up_is_taken_up_again(text: str) -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two on Friday at seven", "Maria Ramos", "415 555 0142", "never mind")
    assert not held(caller.book)
    reply = await caller.say(text)
    assert "Friday, March 12th at 7 PM, under Maria Ramos" in reply
    await caller.say("yes")
    assert [row.guest.name for row in booked(caller.book)] == ["Maria Ramos"]


async def test_what_was_given_up_is_not_taken_up_for_another_wish() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two on Friday at seven", "never mind")
    reply = await caller.say("book a table for five on Saturday at eight")
    assert "Saturday at 8 PM for five" in reply


async def test_what_somebody_cannot_eat_is_noted() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "A table for two on Friday at seven. My wife can't have nuts.", "Theo Marsh", "415 555 0198", "yes"
    )
    assert "nuts" in replies[-2]
    assert "nuts" in booked(caller.book)[0].guest.notes


async def test_a_message_in_the_middle_is_no_name() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for five tomorrow at 7:15 pm")
    reply = await caller.say("Actually, can you just tell the manager that I left my umbrella there?")
    assert "May I have your name" in reply or "What is your name" in reply
    await caller.talk("Lou Grant", "415 555 0190", "yes")
    assert "umbrella" in str(caller.act("lead.created").data["summary"])
