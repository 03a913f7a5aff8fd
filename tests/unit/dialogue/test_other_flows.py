"""Changing, cancelling, messages, people, and callers who do not get anywhere."""

from dataclasses import replace
from datetime import date, time
from uuid import uuid4

import pytest

from reception.ports.booking import ReservationStatus
from reception.ports.business import AgentKind, AgentSettings
from reception.ports.dialogue import HangUp, Transfer
from reception.ports.expectation import Expects
from reception.ports.knowledge import Passage
from tests.unit.dialogue.stage import Caller, agency, book_of, booked, held, restaurant, take

FRIDAY = date(2027, 3, 12)


async def test_a_reservation_is_moved_after_it_was_found_by_phone() -> None:
    caller = Caller(book_of(restaurant()))
    row = take(caller.book, FRIDAY, time(19), 2)
    assert "phone number" in await caller.say("I'd like to change my reservation")
    assert "Friday, March 12th at 7 PM, under Pat Doe" in await caller.say("415 555 0199")
    assert "So that would be a table for two on Friday, March 12th at 8 PM." in await caller.say("8 pm instead")
    assert booked(caller.book)[0].starts_at == row.starts_at
    reply = await caller.say("yes")
    (moved,) = booked(caller.book)
    assert (moved.reservation_id, moved.starts_at.time()) == (row.reservation_id, time(20))
    assert moved.reference in reply
    assert caller.act("reservation.updated").data["starts_at"] == "2027-03-12T20:00:00-08:00"


async def test_a_callers_own_number_finds_the_reservation_at_once() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    take(caller.book, FRIDAY, time(19), 2)
    reply = await caller.say("Can you move my booking to Saturday?")
    assert "I have found a table for two on Friday, March 12th at 7 PM" in reply
    assert "a table for two on Saturday, March 13th at 7 PM" in reply
    await caller.say("yes")
    assert booked(caller.book)[0].starts_at.date() == date(2027, 3, 13)


async def test_a_new_time_is_held_from_its_read_back_on_until_it_is_taken_or_let_go() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    row = take(caller.book, FRIDAY, time(19), 2)
    await caller.say("Please move my booking to 8 pm")
    assert [one.starts_at.time() for one in held(caller.book)] == [time(20)]
    await caller.say("no, make it 9 pm")
    assert [one.starts_at.time() for one in held(caller.book)] == [time(21)]
    await caller.say("no, leave it as it is")
    assert held(caller.book) == []
    await caller.talk("move my booking to 8 pm then", "yes")
    assert held(caller.book) == []
    (moved,) = booked(caller.book)
    assert (moved.reservation_id, moved.starts_at.time()) == (row.reservation_id, time(20))


async def test_a_new_time_is_let_go_when_the_booking_is_cancelled_elsewhere_meanwhile() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    row = take(caller.book, FRIDAY, time(19), 2)
    await caller.say("Please move my booking to 8 pm")
    entry = caller.book.entries[row.reservation_id]
    entry.row = replace(entry.row, status=ReservationStatus.CANCELLED)
    await caller.say("yes")
    assert held(caller.book) == []
    assert booked(caller.book) == []


async def test_a_new_time_that_is_taken_keeps_the_old_one() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    row = take(caller.book, FRIDAY, time(17), 8)
    take(caller.book, FRIDAY, time(19), 8, phone="+14155550198")
    reply = await caller.say("Please move my booking to 7 pm")
    assert "no table free" in reply
    assert "stays" in await caller.say("no, none of those")
    assert booked(caller.book)[0].starts_at == row.starts_at


async def test_a_reservation_that_cannot_be_found_is_asked_for_again_and_then_left() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("change my reservation", "415 555 0111", "415 555 0112", "415 555 0113", "415 555 0114")
    assert "can't find a booking under 415 555 0111" in replies[1]
    assert any("call you back" in reply or "message" in reply for reply in replies)


async def test_a_reservation_is_cancelled_only_after_a_yes() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    take(caller.book, FRIDAY, time(19), 2)
    reply = await caller.say("I want to cancel my reservation")
    assert "Friday, March 12th at 7 PM, under Pat Doe" in reply
    assert booked(caller.book)
    reply = await caller.say("yes")
    assert "is cancelled" in reply
    assert caller.act("reservation.cancelled").data["status"] == "cancelled"
    assert caller.book.rows(ReservationStatus.CANCELLED)


async def test_a_reservation_is_kept_after_a_no() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    take(caller.book, FRIDAY, time(19), 2)
    await caller.say("I want to cancel my reservation")
    assert "stays as it is" in await caller.say("no")
    assert booked(caller.book)


async def test_one_of_several_reservations() -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    take(caller.book, FRIDAY, time(19), 2)
    take(caller.book, date(2027, 3, 13), time(19), 2)
    reply = await caller.say("I want to cancel my reservation")
    assert "Friday at 7 PM or Saturday at 7 PM" in reply
    await caller.talk("the one on Saturday", "yes")
    assert [row.starts_at.date() for row in booked(caller.book)] == [FRIDAY]


async def test_a_message_is_taken() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("I'd like to leave a message for the manager")
    assert caller.dialogue.expectation().expects is Expects.FREE_TEXT
    await caller.talk("I left my scarf there and the heating was off", "Ann Lee", "415 555 0142")
    assert not caller.book.leads
    reply = await caller.say("yes")
    (lead,) = caller.book.leads
    assert (lead.kind, lead.name, lead.phone) == ("message", "Ann Lee", "+14155550142")
    assert "I left my scarf" in lead.summary
    assert "415 555 0142" in reply


async def test_a_question_without_an_answer_becomes_a_message_when_the_caller_wants() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("do you sell telescopes?")
    assert caller.dialogue.expectation().expects is Expects.YES_NO
    assert "don't" in reply
    await caller.talk("yes please", "Ann Lee", "415 555 0142", "yes")
    assert "telescopes" in caller.book.leads[0].summary


async def test_a_question_without_an_answer_in_the_middle_of_a_booking() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for two tomorrow at 6 pm")
    reply = await caller.say("do you sell telescopes?")
    assert "name" in reply
    assert caller.dialogue.expectation().expects is Expects.NAME
    await caller.talk("Ann Lee", "415 555 0142", "yes")
    assert booked(caller.book)


@pytest.mark.parametrize("before", [[], ["a table for two"], ["a table for two tomorrow at 6 pm", "Ann Lee"]])
async def test_a_person_is_fetched_at_once_at_any_time(before: list[str]) -> None:
    settings = AgentSettings(handoff_phone="+14155550141")
    caller = Caller(book_of(restaurant()), settings=settings)
    await caller.talk(*before)
    await caller.say("let me talk to a human")
    assert caller.ended == Transfer("+14155550141", "handoff")
    assert caller.act("handoff.requested")
    assert [lead.kind for lead in caller.book.leads] == (["handoff"] if before else [])
    assert not held(caller.book)


async def test_where_nobody_can_take_the_call_a_call_back_is_arranged() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("let me talk to a human")
    assert "call you back" in reply
    assert caller.act("handoff.requested")
    await caller.talk("Ann Lee", "415 555 0142", "yes")
    assert [(lead.kind, lead.phone) for lead in caller.book.leads] == [("callback", "+14155550142")]


async def test_abuse_is_handed_over_and_is_no_lead() -> None:
    settings = AgentSettings(handoff_phone="+14155550141")
    caller = Caller(book_of(restaurant()), settings=settings, caller_phone="+14155550142")
    await caller.say("fuck you")
    assert caller.ended == Transfer("+14155550141", "handoff")
    assert not caller.book.leads


GIVEN = [
    ("Can you tell Maria that the delivery is late, this is Joe, 415 555 0142", "Maria", "Joe"),
    ("please tell Maria the delivery is late this is Joe 415 555 0142", "Maria", "Joe"),
    ("Tell the chef that the delivery is late. It's Joe Baker on 415 555 0142.", "chef", "Joe Baker"),
    ("My message is that the delivery is late, it's for Maria, I'm Joe, 415 555 0142", "Maria", "Joe"),
    ("Let Maria know the delivery is late, my name is Joe Baker, my number is 415 555 0142", "Maria", "Joe Baker"),
    ("I have a message for Maria: the delivery is late. Joe Baker, 415 555 0142.", "Maria", "Joe Baker"),
    ("leave a message for the manager that the delivery is late, this is Joe, 415 555 0142", "manager", "Joe"),
]


@pytest.mark.parametrize(("said", "recipient", "name"), GIVEN)
async def test_a_message_that_is_given_up_front_is_not_asked_for_again(said: str, recipient: str, name: str) -> None:
    caller = Caller(book_of(restaurant()))
    assert "Is that right?" in await caller.say(said)
    await caller.say("yes")
    (lead,) = caller.book.leads
    assert (lead.kind, lead.recipient, lead.name, lead.phone) == ("message", recipient, name, "+14155550142")
    assert "delivery is late" in lead.summary


async def test_what_is_said_of_oneself_with_the_message_is_not_asked_for() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("I want to leave a message")
    reply = await caller.say("The fish comes at five instead of four, tell the chef. It's Joe Baker on 415 555 0142")
    assert "from Joe Baker, 415 555 0142. Is that right?" in reply


async def test_a_number_in_place_of_a_message_or_a_name_is_kept_and_what_was_asked_is_asked_again() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("I'd like to leave a message for Dana")
    await caller.say("415 555 0142")
    assert caller.dialogue.question == "message"
    assert "name" in await caller.say("please call me about the wedding cake")
    assert "name" in await caller.say("415 555 0142")
    assert "A message for Dana, from Joe Baker, 415 555 0142." in await caller.say("Joe Baker")


async def test_in_the_middle_of_a_message_we_are_asked_things_and_told_no_names() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("leave a message for the manager please")
    assert "message" in await caller.say("what?")
    assert caller.dialogue.question == "message"
    reply = await caller.say("what are your opening hours?")
    assert "open" in reply
    assert caller.dialogue.question == "message"
    assert "name" in await caller.say("Is my scarf still there? I lost it on Friday.")
    assert "whom it is for" in await caller.say("why do you need that?")
    assert "name" in await caller.say("The heating is broken")
    await caller.talk("Joe Baker", "415 555", "0142", "yes")
    (lead,) = caller.book.leads
    assert (lead.name, lead.recipient) == ("Joe Baker", "manager")
    assert "scarf" in lead.summary


async def test_a_caller_who_never_says_a_date_is_let_go_politely() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("a table for two please", "green", "purple", "blah")
    assert "for example" in replies[2]
    assert "call" in replies[3] or "message" in replies[3]
    for _ in range(8):
        if caller.ended:
            break
        await caller.say("blah")
    assert isinstance(caller.ended, HangUp)
    assert not caller.book.entries


async def test_no_conversation_without_sense_goes_on_for_ever() -> None:
    caller = Caller(book_of(restaurant()))
    for _ in range(12):
        if caller.ended:
            break
        await caller.say("asdf qwer")
    assert isinstance(caller.ended, HangUp)


async def test_a_date_after_the_offer_of_a_message_goes_on_with_the_booking() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two please", "green", "purple", "blah")
    await caller.say("tomorrow at 6 pm")
    assert held(caller.book)


async def test_repeat_says_the_same_again() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("a table for two tomorrow at 6 pm")
    asked = await caller.say("Ann Lee")
    assert await caller.say("what did you say?") == asked
    assert caller.dialogue.expectation().expects is Expects.PHONE


async def test_hints_hold_the_names_and_the_form_of_the_answer() -> None:
    caller = Caller(book_of(restaurant()), settings=AgentSettings(vocabulary=("bouillabaisse",)))
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee")
    hints = caller.dialogue.hints()
    assert {"Harbor Table", "bouillabaisse", "Ann Lee"} <= set(hints.names)
    assert "415 555 0142" in hints.expected


async def test_what_it_is_comes_from_the_place_that_was_named() -> None:
    price = Passage(
        uuid4(),
        uuid4(),
        "Homes",
        "Homes for sale > 48 Bay Road",
        "48 Bay Road is a house for $389,000.",
        0.03,
        0.7,
        0.1,
    )
    caller = Caller(book_of(agency()), passages=(price,))
    assert "$389,000" in await caller.say("I saw 48 Bay Road online, how much is it?")
    assert not held(caller.book)
    await caller.talk("Can I see it tomorrow at 3 pm?", "Ann Lee", "415 555 0142", "yes")
    assert booked(caller.book)[0].place == "48 Bay Road"


async def test_an_enquiry_becomes_a_lead() -> None:
    caller = Caller(book_of(agency()), kind=AgentKind.REAL_ESTATE)
    reply = await caller.say("I'm looking for a two bedroom apartment to rent")
    assert "area" in reply or "live" in reply
    await caller.talk("Harbourside", "2,000 a month", "from June", "not yet", "Ann Lee", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert lead.kind == "enquiry"
    assert "two bedroom apartment" in lead.summary


async def test_a_caller_who_says_stop_is_listened_to_and_nothing_is_dropped() -> None:
    caller = Caller(book_of(restaurant()))
    assert await caller.say("Stop.") in {"Sure. What can I do for you?", "Sure. How can I help you?"}
    assert caller.ended is None
    await caller.say("A table for two on Friday at 7 pm")
    assert "name" in await caller.say("Stop.")
    assert len(held(caller.book)) == 1
    assert "nothing has been booked" in await caller.say("Stop the booking.")


async def test_who_leaves_day_and_time_to_us_is_offered_some_and_then_a_message() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("a table for two please", "whenever", "you choose", "yes")
    assert "I have 6:00, 7:00 or 8:00." in replies[1]
    assert "A colleague of mine can find a time with you." in replies[2]
    assert caller.ended is None
    assert "pass on" in replies[3]


async def test_who_leaves_the_day_of_a_viewing_to_us_is_offered_some() -> None:
    caller = Caller(book_of(agency()))
    replies = await caller.talk("a viewing of 48 Bay Road at 3 pm please", "any day", "the second one")
    assert "Today at 3 PM" in replies[1] or "today at 3 PM" in replies[1]
    assert "Tomorrow at 3 PM" in replies[2]


async def test_a_message_is_taken_from_who_will_not_say_who_they_are() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "Can I leave a message for the chef?",
        "The delivery gate was left open.",
        "I'd rather not give my name",
        "I don't want to give you my number",
        "yes",
    )
    assert not any("name" in reply for reply in replies[2:3])
    assert "without a name" in replies[3]
    lead = caller.act("lead.created").data
    assert (lead["name"], lead["phone"], lead["summary"]) == ("", "", "The delivery gate was left open.")


async def test_whose_booking_it_is_can_be_said_in_the_question() -> None:
    caller = Caller(book_of(restaurant()))
    take(caller.book, FRIDAY, time(19), 2)
    replies = await caller.talk("What time is Pat Doe's reservation?", "on Friday")
    assert "what day" in replies[0].lower()
    assert "Friday, March 12th at 7 PM" in replies[1]
    assert "reference" not in replies[1]
