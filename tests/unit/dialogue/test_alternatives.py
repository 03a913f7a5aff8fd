from datetime import date

from tests.unit.dialogue.stage import Caller, book_of, booked, hotel, restaurant


async def test_seven_or_eight_people_are_asked_which() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("a table for 7 or 8 on Friday at 7pm", "eight", "Maria Ramos", "415 555 0142", "yes")
    assert "seven or eight?" in replies[0]
    (row,) = booked(caller.book)
    assert row.party_size == 8


async def test_who_cannot_say_which_gets_the_larger_table() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("a table for 5 or 6 on Friday at 7pm", "I'm not sure yet")
    assert "six for now" in replies[1]


async def test_of_two_days_those_that_are_free_are_offered() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "a table for two on Friday or Saturday at 7pm", "Saturday", "Maria Ramos", "415 555 0142", "yes"
    )
    assert "Friday at 7 PM or Saturday at 7 PM" in replies[0]
    (row,) = booked(caller.book)
    assert row.starts_at.date() == date(2027, 3, 13)


async def test_a_span_of_time_is_answered_with_what_is_in_it() -> None:
    caller = Caller(book_of(restaurant()))
    assert "6:00, 7:00 or 8:00" in await caller.say("a table for two on Friday between 6 and 8")


async def test_a_weekday_that_is_not_that_date_is_pointed_out() -> None:
    caller = Caller(book_of(restaurant()))
    reply = await caller.say("a table for two on Sunday the 15th at 7")
    assert "The 15th is a Monday." in reply
    assert "Sunday" in reply


async def test_more_than_can_be_booked_goes_to_a_colleague() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for more than ten people on Friday", "Maria Ramos", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert lead.kind == "large_party"
    assert "more than ten" in lead.summary
    assert not booked(caller.book)


async def test_three_or_four_nights_are_asked_which() -> None:
    caller = Caller(book_of(hotel()))
    replies = await caller.talk("a queen room on Friday for three or four nights for two", "three")
    assert "three or four nights?" in replies[0]
    assert "Three nights" in replies[1]


async def test_two_bookings_in_one_breath_are_both_made() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "a table for two on Friday at 7pm and another for four on Saturday at 8pm",
        "Maria Ramos", "415 555 0142", "yes", "yes", "yes please",
    )  # fmt: skip
    assert "another for four on Saturday at 8pm" in replies[3]
    assert [(row.party_size, row.starts_at.day) for row in booked(caller.book)] == [(2, 12), (4, 13)]


async def test_a_booking_is_cancelled_and_another_made_after_one_sentence() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two on Friday at 7pm", "Maria Ramos", "415 555 0142", "yes", "no thanks")
    again = Caller(caller.book, caller_phone="+14155550142")
    replies = await again.talk(
        "cancel my booking for Friday and book me in for Saturday at eight for two", "yes", "yes", "Maria Ramos",
        "yes", "yes",
    )  # fmt: skip
    assert "Shall I cancel it?" in replies[0]
    (row,) = booked(caller.book)
    assert row.starts_at.day == 13


async def test_the_other_wish_may_be_dropped() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "a table for two on Friday at 7pm and another for four on Saturday at 8pm",
        "Maria Ramos", "415 555 0142", "yes", "no", "no thanks",
    )  # fmt: skip
    assert "All right." in replies[4]
    assert len(booked(caller.book)) == 1
    assert caller.ended is not None
