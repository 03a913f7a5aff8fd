"""Conversations as callers have them, on the real database: what goes wrong with people, and how it ends well."""

from datetime import timedelta

from reception.db.database import Database
from tests.integration.test_dialogue_booking import FRIDAY_7, Line, _another, _line

BOOKED = ("a table for two on Friday at 7 pm", "Maria Ramos", "415 555 0142", "yes")


async def _booked(database: Database) -> Line:
    line = await _line(database, capacities=(2, 4, 8))
    await line.talk(*BOOKED)
    return line


async def test_a_rambling_opening_is_taken_in_whole(database: Database) -> None:
    line = await _line(database, capacities=(8,))
    replies = await line.talk(
        "Oh hi, um, so it's my mother's birthday next week and there's going to be six of us, "
        "could we come on Thursday around seven?",
        "It's Helen Park",
        "415 555 01",
        "42",
    )
    assert "birthday" in replies[-1]
    await line.say("yes that's great")
    (row,) = await line.find("+14155550142")
    assert (row.party_size, row.starts_at.date()) == (6, FRIDAY_7.date() + timedelta(days=6))
    assert "birthday" in row.guest.notes


async def test_a_time_between_two_steps_gets_its_neighbours(database: Database) -> None:
    line = await _line(database)
    reply = await line.say("a table for two on Friday at 7:40 pm")
    assert "quarter hour" in reply
    assert "7:30 or 7:45" in reply
    await line.talk("the second one please", "Anna Grant", "415 555 0142", "yes")
    (row,) = await line.find("+14155550142")
    assert row.starts_at == FRIDAY_7 + timedelta(minutes=45)


async def test_midnight_is_answered_with_the_end_of_that_evening(database: Database) -> None:
    line = await _line(database)
    reply = await line.say("a table for two on Friday at midnight")
    assert "the last table on Friday is at 10 PM" in reply
    assert "10:00" in reply


async def test_a_name_and_number_said_while_a_choice_is_open_are_kept(database: Database) -> None:
    line = await _line(database)
    await line.talk("a table for two on Friday at 7:40 pm", "Alice Miller", "415 555 0149", "the first", "yes")
    (row,) = await line.find("+14155550149")
    assert (row.guest.name, row.starts_at) == ("Alice Miller", FRIDAY_7 + timedelta(minutes=30))


async def test_a_name_misheard_is_mended_and_another_language_is_no_name(database: Database) -> None:
    line = await _line(database)
    replies = await line.talk(
        "a table for two on Friday at 7 pm", "hola, quiero reservar", "Maria Ramus", "the name is Ramos", "415 555 0142"
    )
    assert "English" in replies[1]
    assert "under Maria Ramos" in replies[-1]


async def test_right_after_booking_the_caller_changes_time_people_and_name(database: Database) -> None:
    line = await _booked(database)
    await line.talk("actually can you make that eight o'clock", "yes", "oh and make it four people", "yes")
    reply = await line.say("and the name should be Maria Lopez")
    assert "Maria Lopez" in reply
    await line.say("yes")
    (row,) = await line.find("+14155550142")
    assert (row.starts_at, row.party_size, row.guest.name) == (FRIDAY_7 + timedelta(hours=1), 4, "Maria Lopez")
    assert [act.name for act in line.acts] == ["reservation.created", *["reservation.updated"] * 3]


async def test_a_second_table_at_the_same_time_is_a_second_booking(database: Database) -> None:
    line = await _line(database, capacities=(2, 2, 2))
    await line.talk("a table for two Friday at 5pm, Tom Ray, 415 555 0171", "yes")
    replies = await line.talk("book another table for two Friday at 5pm under Zoe Quinn, 415 555 0172", "yes")
    (tom,), (zoe,) = await line.find("+14155550171"), await line.find("+14155550172")
    assert (tom.guest.name, zoe.guest.name, tom.starts_at) == ("Tom Ray", "Zoe Quinn", zoe.starts_at)
    assert " ".join(zoe.reference) in replies[-1] or zoe.reference in replies[-1]
    await line.talk("and another table for two Friday at 5pm please", "yes")
    assert len(await line.find("+14155550171")) + len(await line.find("+14155550172")) == 3


async def test_an_existing_booking_is_moved_by_steps_and_found_by_reference(database: Database) -> None:
    first = await _booked(database)
    (row,) = await first.find("+14155550142")
    line = await _another(first)
    replies = await line.talk(
        f"I have a booking, reference {row.reference}, can we push it back half an hour", "and one more person", "yes"
    )
    assert "7:30 PM" in replies[0]
    (moved,) = await line.find("+14155550142")
    assert (moved.starts_at, moved.party_size) == (FRIDAY_7 + timedelta(minutes=30), 3)


async def test_a_caller_who_forgot_the_number_is_found_by_name_and_day(database: Database) -> None:
    line = await _another(await _booked(database))
    replies = await line.talk("cancel my booking", "I don't remember the number", "Maria Ramos", "Friday")
    assert "What name is it under?" in replies[1]
    assert "last four digits" in replies[-1]
    assert "Shall I cancel it?" in await line.say("0142")
    await line.say("no wait")
    await line.talk("yes cancel it", "yes")
    assert not await line.find("+14155550142")


async def test_the_digits_of_anothers_number_cannot_be_guessed_in_one_chat_after_another(database: Database) -> None:
    booked = await _booked(database)
    for guess in range(4):
        stranger = await _another(booked)
        await stranger.talk("cancel my booking", "I don't remember the number", "Maria Ramos", "Friday")
        await stranger.say(f"100{guess}")
    lucky = await _another(booked)
    await lucky.talk("cancel my booking", "I don't remember the number", "Maria Ramos", "Friday")
    assert "can't do that for you myself" in await lucky.say("0142")
    await lucky.talk("yes cancel it", "yes")
    assert len(await booked.find("+14155550142")) == 1


async def test_wrong_numbers_end_in_an_offer_not_in_a_loop(database: Database) -> None:
    line = await _line(database)
    await line.talk("a table for two on Friday at 7 pm", "Kim Ray")
    replies = [await line.say("415 555 0148 99") for _ in range(3)]
    assert "complete phone number" in replies[0]
    assert "message" in replies[-1] or "call you back" in replies[-1]


async def test_an_okay_to_take_your_time_books_nothing(database: Database) -> None:
    line = await _line(database)
    await line.talk(*BOOKED[:3], "hold on a second")
    assert "Shall I book it?" in await line.say("okay")
    assert not await line.find("+14155550142")
    await line.say("yes")
    assert len(await line.find("+14155550142")) == 1


async def test_a_time_left_to_us_is_offered(database: Database) -> None:
    line = await _line(database, capacities=(8,))
    replies = await line.talk("a table for six", "whenever you have something on Saturday evening", "the later one")
    assert "6:00, 7:00 or 8:00" in replies[1]
    assert "Saturday at 8 PM for six" in replies[2]


async def test_who_hangs_up_before_the_yes_is_told_that_nothing_is_booked(database: Database) -> None:
    line = await _line(database)
    replies = await line.talk(*BOOKED[:3], "goodbye")
    assert "nothing has been booked" in replies[-1]
    assert not await line.find("+14155550142")


async def test_what_is_wrong_is_named_and_given_again(database: Database) -> None:
    line = await _line(database)
    replies = await line.talk(*BOOKED[:3], "no", "the time", "eight", "no", "the name", "Maria Stein", "yes")
    assert "time" in replies[4]
    (row,) = await line.find("+14155550142")
    assert (row.starts_at, row.guest.name) == (FRIDAY_7 + timedelta(hours=1), "Maria Stein")
