"""Appointments for a service, with a person; rooms by what they cost."""

from dataclasses import replace
from decimal import Decimal

from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.services import find_service, find_staff
from reception.ports.rules import RoomRate
from tests.unit.dialogue.stage import Caller, book_of, booked, hotel, salon

SERVICES = ("Haircut", "Kids' haircut", "Cut and colour", "Beard trim", "Hot stone massage")


async def test_a_service_with_a_person_is_booked_in_one_sentence() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk("I'd like a haircut on Friday at 3 with Dana", "Maria Ramos", "415 555 0142", "yes")
    assert "a haircut with Dana on Friday, March 12th at 3 PM" in replies[-1]
    (row,) = booked(caller.book)
    assert (row.service, row.resource_names, row.starts_at.hour) == ("Haircut", ("Dana",), 15)


async def test_what_it_is_for_is_asked_where_it_was_not_said() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk("can I book an appointment for tomorrow at ten", "a cut and colour please")
    assert "What is it for" in replies[0]
    assert "cut and colour" in replies[1]


async def test_who_does_not_do_that_is_not_booked_for_it() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk("can I get a beard trim with Dana tomorrow at 2pm", "with Ben then")
    assert "Dana does not do that" in replies[0]
    assert "a beard trim with Ben" in replies[1]


async def test_an_appointment_is_moved_with_its_service() -> None:
    caller = Caller(book_of(salon()))
    await caller.talk("a haircut on Friday at 3 with Dana please", "Maria Ramos", "415 555 0142", "yes")
    await caller.talk("can you move it to 4", "yes")
    (row,) = booked(caller.book)
    assert (row.starts_at.hour, row.service, row.resource_names) == (16, "Haircut", ("Dana",))


async def test_who_is_taken_is_offered_at_other_times() -> None:
    book = book_of(salon())
    await Caller(book).talk("a haircut on Friday at 3 with Dana please", "Maria Ramos", "415 555 0142", "yes")
    reply = await Caller(book).say("I want a haircut with Dana on Friday at 3")
    assert "Dana isn't free then" in reply


def test_services_are_known_by_what_callers_call_them() -> None:
    said = {
        "a trim please": "Haircut", "my son needs a hair cut": "Kids' haircut", "cut and color": "Cut and colour",
        "beard": "Beard trim", "a hot stones massage": "Hot stone massage", "massage": "Hot stone massage",
    }  # fmt: skip
    for text, service in said.items():
        (found,) = find_service(tokenize(text), SERVICES)
        assert found.value == service, text


def test_people_are_asked_for_by_name() -> None:
    staff = ("Dana Reyes", "Dr. Ben Ortiz", "Dr. Ana Ortiz")
    for text, name in {
        "with Dana": "Dana Reyes", "I'd like to see Dr. Ben Ortiz": "Dr. Ben Ortiz",
        "can I see doctor Reyes": "Dana Reyes",
    }.items():  # fmt: skip
        (found,) = find_staff(tokenize(text), staff)
        assert found.value == name, text
    assert not find_staff(tokenize("my name is Dana"), staff)


async def test_the_cheapest_room_is_offered_and_its_price_read_back() -> None:
    rates = (RoomRate("Queen Room", Decimal(120)), RoomRate("Suite", Decimal(210)))
    plain = hotel()
    house = replace(plain, rules=replace(plain.rules, rates=rates))
    caller = Caller(book_of(house))
    replies = await caller.talk(
        "I'd like your cheapest room from Friday for two nights for two people", "yes please", "Maria Ramos",
        "415 555 0142", "yes",
    )  # fmt: skip
    assert "Queen Room" in replies[0]
    assert "$240 in total" in replies[3]
    assert booked(caller.book)[0].place == "Queen Room"


async def test_a_room_type_of_one_word_is_known_by_it() -> None:
    caller = Caller(book_of(hotel()))
    reply = await caller.say("I'd like to book a suite from the 20th until the 23rd for 3 adults and a child")
    assert "Three nights, arriving on Saturday, March 20th, Suite" in reply


async def test_who_is_taken_may_be_replaced_by_somebody_else_at_the_same_time() -> None:
    book = book_of(salon())
    await Caller(book).talk("a haircut on Friday at 3 with Dana please", "Maria Ramos", "415 555 0142", "yes")
    caller = Caller(book)
    offered, held = await caller.talk("I want a haircut with Dana on Friday at 3", "or with anyone else")
    assert "3:00 with Ben" in offered
    assert "Friday at 3 PM, a haircut with Ben" in held


async def test_a_total_is_told_before_the_yes_and_with_the_confirmation() -> None:
    business = hotel()
    rates = tuple(RoomRate(place, Decimal(100)) for place in business.places)
    caller = Caller(book_of(replace(business, rules=replace(business.rules, rates=rates))))
    replies = await caller.talk(
        f"a {business.places[0]} from Friday for three nights for two", "Ann Lee", "415 555 0142", "how much is that?",
        "yes",
    )  # fmt: skip
    assert "$300 in total" in replies[2]
    assert "$300 in total" in replies[3]
    assert "$300 in total" in replies[4]


async def test_two_services_are_booked_one_after_the_other() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk(
        "I'd like a haircut and a beard trim on Friday at three", "Joe Miller", "415 555 0142", "yes please"
    )
    assert "One after the other" in replies[0]
    assert "a haircut" in replies[0]
    assert "beard trim" in replies[-1]
    await caller.talk("yes", "Friday at four", "yes please")
    assert [(row.service, row.starts_at.hour) for row in booked(caller.book)] == [("Haircut", 15), ("Beard trim", 16)]


async def test_what_goes_by_both_words_is_one_service() -> None:
    caller = Caller(book_of(salon()))
    replies = await caller.talk("Can I get a cut and colour on Friday at 10?", "Ann Lee", "415 555 0142", "yes")
    assert "You also said" not in replies[-1]
    assert [row.service for row in booked(caller.book)] == ["Cut and colour"]


async def test_of_two_people_with_one_name_it_is_asked_which() -> None:
    caller = Caller(book_of(replace(salon(), staff=("Dana Lee", "Dana Cole", "Ben"))))
    reply = await caller.say("a haircut with Dana on Friday at 3")
    assert "Dana Lee, Dana Cole or Ben?" in reply
