"""What callers say after the fact: undone, as before, the same again, asked about and then booked."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from reception.ports.rules import RoomRate
from tests.unit.dialogue.stage import Caller, agency, book_of, booked, hotel, restaurant, salon, take

TABLE = "Table for four Friday 7pm, Dana Reyes, 415 555 0142"


async def test_a_cancellation_is_undone() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes", "cancel it", "yes")
    assert booked(caller.book) == []
    again = await caller.say("oh no, undo that please")
    assert "A table for four on Friday, March 12th at 7 PM, under Dana Reyes" in again
    assert booked(caller.book) == [], "nothing is booked without a yes"
    await caller.say("yes")
    (row,) = booked(caller.book)
    assert (row.starts_at.date(), row.party_size, row.guest.phone) == (date(2027, 3, 12), 4, "+14155550142")


@pytest.mark.parametrize("words", ["actually move it back", "undo that"])
async def test_what_was_moved_is_moved_back(words: str) -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes", "move it to Saturday at 8", "yes")
    assert booked(caller.book)[0].starts_at.date() == date(2027, 3, 13)
    asked = await caller.say(words)
    assert "Friday, March 12th at 7 PM. Shall I change it?" in asked
    await caller.say("yes")
    assert (booked(caller.book)[0].starts_at.date(), booked(caller.book)[0].starts_at.hour) == (date(2027, 3, 12), 19)


async def test_the_same_again_is_for_as_many_at_the_same_time() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes", "the same again next Friday please", "yes")
    rows = booked(caller.book)
    assert [(row.starts_at.date(), row.starts_at.hour, row.party_size) for row in rows] == [
        (date(2027, 3, 12), 19, 4), (date(2027, 3, 19), 19, 4),
    ]  # fmt: skip


async def test_how_many_come_now_changes_what_was_booked() -> None:
    caller = Caller(book_of(restaurant()))
    asked = (await caller.talk("table for two Friday at 7, Dana Reyes, 415 555 0142", "yes", "we'll be five now"))[2]
    assert "a table for five on Friday" in asked
    await caller.say("yes")
    assert [row.party_size for row in booked(caller.book)] == [5]


async def test_the_room_that_was_asked_about_is_booked_for_that_day() -> None:
    plain = hotel()
    rates = (RoomRate("Queen Room", Decimal(120)), RoomRate("Suite", Decimal(210)))
    caller = Caller(book_of(replace(plain, rules=replace(plain.rules, rates=rates))))
    quoted = await caller.say("What's the cheapest room tonight?")
    assert "Queen Room" in quoted
    assert "$120" in quoted
    await caller.talk("book it please", "one night", "two", "yes", "Maria Ramos", "415 555 0142", "yes")
    (row,) = booked(caller.book)
    assert (row.starts_at.date(), row.place) == (date(2027, 3, 10), "Queen Room")


async def test_callers_are_told_what_they_have_and_that_nothing_is_booked_yet() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(TABLE, "so it's booked?", "yes", "what do I have booked?")
    assert "Not yet." in replies[1]
    assert "You have a table for four on Friday, March 12th at 7 PM" in replies[3]


async def test_two_homes_are_seen_one_after_the_other() -> None:
    caller = Caller(book_of(agency()))
    first = await caller.say("I'd like to see 12 Juniper Street tomorrow at 3 and 48 Bay Road tomorrow at 4")
    assert "we don't have that one" not in first
    await caller.talk("Dana Reyes", "415 555 0142", "yes", "yes", "yes")
    assert [(row.place, row.starts_at.hour) for row in booked(caller.book)] == [
        ("12 Juniper Street", 15), ("48 Bay Road", 16),
    ]  # fmt: skip


async def test_two_of_one_service_are_two_appointments() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk("two haircuts for my sons on Friday at 10", "Dana Reyes", "415 555 0142", "yes")
    assert "another Haircut" in replies[3]
    await caller.talk("yes", "Friday at 11", "yes")
    assert [row.starts_at.hour for row in booked(caller.book)] == [10, 11]


async def test_an_area_code_that_is_given_last_stands_first() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("Table for two on Saturday at 7", "Dana Reyes", "555 0142", "415")
    assert "And the area code?" in replies[2]
    assert "phone 415 555 0142" in replies[3]


async def test_people_in_line_are_told_where_they_are() -> None:
    book = book_of(restaurant())
    take(book, date(2027, 3, 12), time(19), 8)
    caller = Caller(book)
    await caller.talk(
        "Table for eight on Friday at 7", "no, put me on the waitlist", "Dana Reyes", "415 555 0142", "yes"
    )
    assert "You are on the waitlist for a table for eight on Friday" in await caller.say("am I on the waitlist?")
    stranger = Caller(book)
    asked = await stranger.talk("has anything come free? I'm on your waitlist", "415 555 0142")
    assert "phone number" in asked[0]
    assert "Nothing has come free yet." in asked[1]
    unknown = await Caller(book).talk("am I on your waitlist?", "415 555 0177")
    assert "can't find you on the waitlist" in unknown[1]


@pytest.mark.parametrize("words", ["cancel that", "cancel", "please cancel it"])
async def test_a_cancellation_right_after_the_booking_is_no_goodbye(words: str) -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes")
    assert "Shall I cancel it?" in await caller.say(words)
    await caller.say("yes")
    assert booked(caller.book) == []


async def test_the_day_that_is_named_with_the_deed_is_the_one_it_is_done_to() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes", "Table for two Saturday at 7", "yes")
    await caller.talk("cancel Friday and move Saturday to 8", "yes", "yes", "yes")
    assert [(row.starts_at.date(), row.starts_at.hour) for row in booked(caller.book)] == [(date(2027, 3, 13), 20)]


async def test_another_room_and_other_nights_change_what_was_booked() -> None:
    caller = Caller(book_of(hotel()))
    await caller.talk("Queen Room, Friday, two nights, two people, Dana Reyes, 415 555 0142", "yes")
    assert "Suite" in await caller.say("actually make it the Suite")
    await caller.talk("yes", "no, three nights is better after all", "yes")
    (row,) = booked(caller.book)
    assert (row.place, (row.ends_at.date() - row.starts_at.date()).days) == ("Suite", 3)


async def test_the_booking_of_the_day_that_is_named_is_moved() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(TABLE, "yes", "Table for two Saturday at 7", "yes")
    await caller.talk("move Friday to 8", "yes")
    moved = {(row.starts_at.date().day, row.starts_at.hour) for row in booked(caller.book)}
    assert moved == {(12, 20), (13, 19)}


async def test_a_call_to_cancel_may_become_one_to_move() -> None:
    book = book_of(restaurant())
    await Caller(book).talk(TABLE, "yes")
    replies = await Caller(book).talk("cancel my booking", "415 555 0142", "no, I mean move it", "Saturday", "yes")
    assert "What should I change?" in replies[2]
    (row,) = booked(book)
    assert row.starts_at.date() == date(2027, 3, 13)
