"""A yes books, moves or cancels; a polite word before a question, a hesitation and a yes taken back do not."""

import pytest

from reception.ports.dialogue import Transfer
from tests.unit.dialogue.stage import Caller, book_of, booked, held, restaurant


async def _at_read_back() -> Caller:
    caller = Caller(book_of(restaurant()))
    *_, last = await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "415 555 0142")
    assert "book" in last.lower()
    return caller


async def _with_booking() -> Caller:
    caller = await _at_read_back()
    await caller.say("yes please")
    assert len(booked(caller.book)) == 1
    return caller


@pytest.mark.parametrize(
    "text",
    [
        "hmm ok what's the deposit?",
        "okay, is there a charge for that?",
        "alright so do you have vegan food?",
        "great. do you have parking?",
        "okay, can I still change it later?",
        "alright, are you sure the parking is free?",
        "great. wait, how far is it from the station",
    ],
)
async def test_a_polite_word_before_a_question_is_no_yes(text: str) -> None:
    caller = await _at_read_back()
    reply = await caller.say(text)
    assert not booked(caller.book)
    assert "book" in reply.lower()
    await caller.say("yes")
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize(
    "text", ["okay so let me think about it", "right, let me check with my wife first", "yes hold on a second"]
)
async def test_a_hesitation_waits(text: str) -> None:
    caller = await _at_read_back()
    reply = await caller.say(text)
    assert not booked(caller.book)
    assert held(caller.book)
    assert "?" not in reply
    await caller.say("yes, book it")
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "yes, no wait, don't book it",
        "yeah no I'm not sure",
        "yes that's wrong",
        "correct except the time",
        "no wait, yes, but not under that name",
    ],
)
async def test_yes_and_no_in_one_breath_book_nothing(text: str) -> None:
    caller = await _at_read_back()
    reply = await caller.say(text)
    assert not booked(caller.book)
    assert held(caller.book)
    assert "?" in reply


@pytest.mark.parametrize(
    "text",
    [
        "yes please, and do you have parking?",
        "okay, that's fine, book it",
        "okay",
        "great, thanks",
        "yes, that's what I meant",
        "yes, book it. No special requests.",
        "great, that works. Do you have parking?",
        "okay, sounds good, do you have parking?",
    ],
)
async def test_a_clear_yes_books_whatever_is_asked_beside_it(text: str) -> None:
    caller = await _at_read_back()
    await caller.say(text)
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "okay, what's the fee?",
        "okay, is there a charge for that?",
        "yes, no wait, don't cancel it",
        "yes that's wrong, I meant the other one",
    ],
)
async def test_a_booking_is_not_cancelled_without_a_clear_yes(text: str) -> None:
    caller = await _with_booking()
    await caller.say("I need to cancel my booking")
    await caller.say(text)
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize("text", ["okay, do you charge for changes?", "yes, no wait, leave it as it is"])
async def test_a_booking_is_not_moved_without_a_clear_yes(text: str) -> None:
    caller = await _with_booking()
    was = booked(caller.book)[0].starts_at
    await caller.say("I need to change my booking to 8 pm")
    await caller.say(text)
    assert booked(caller.book)[0].starts_at == was


async def test_what_is_wanted_besides_follows_the_booking() -> None:
    caller = await _at_read_back()
    reply = await caller.say("yes please, and can you also take a message for the manager that I loved it?")
    assert len(booked(caller.book)) == 1
    assert booked(caller.book)[0].reference in reply
    assert "message for the manager" in reply
    assert "A message for the manager, from Ann Lee, 415 555 0142." in await caller.say("yes")


async def test_a_person_is_fetched_once_the_booking_is_made() -> None:
    caller = await _at_read_back()
    reply = await caller.say("yes, and I want to talk to a person")
    assert len(booked(caller.book)) == 1
    assert "talk to a person" in reply
    reply = await caller.say("yes")
    assert isinstance(caller.ended, Transfer) or "call you back" in reply


async def test_a_second_table_does_not_take_the_place_of_the_first() -> None:
    caller = await _at_read_back()
    first = await caller.say("yes thanks, and can I also book a table for four on Friday at 7?")
    assert [row.party_size for row in booked(caller.book)] == [2]
    assert "table for four" in first
    await caller.talk("yes", "yes")
    assert sorted(row.party_size for row in booked(caller.book)) == [2, 4]


@pytest.mark.parametrize(
    "text",
    ["Sure, what's the fee?", "Yes, but can I cancel for free?", "yes, do you take a deposit?", "yes, how much is it?"],
)
async def test_a_yes_with_a_question_about_the_terms_waits_for_its_answer(text: str) -> None:
    caller = await _at_read_back()
    reply = await caller.say(text)
    assert not booked(caller.book)
    assert "book it?" in reply or "book that table?" in reply
    await caller.say("yes")
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize("text", ["actually cancel that", "yes and no", "well, no or yes"])
async def test_what_is_taken_back_or_undecided_books_nothing(text: str) -> None:
    caller = await _at_read_back()
    await caller.say(text)
    assert not booked(caller.book)
