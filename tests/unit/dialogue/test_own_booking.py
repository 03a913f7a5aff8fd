"""What callers want of the reservation that they have: to find it, confirm it again, be late for it, add to it."""

from datetime import date, time, timedelta

import pytest

from reception.dialogue.understanding.parsers.durations import find_minutes
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.ports.booking import RequestKind, SpecialRequest
from reception.ports.business import AgentSettings
from reception.ports.dialogue import Transfer
from tests.unit.dialogue.stage import Caller, book_of, booked, held, restaurant, take

TODAY = date(2027, 3, 10)
PHONE = "+14155550199"


def _caller(**options: object) -> Caller:
    book = book_of(restaurant())
    take(book, TODAY, time(19), 2, PHONE)
    return Caller(book, caller_phone=PHONE, **options)  # type: ignore[arg-type]


async def test_a_caller_is_told_what_they_have_booked() -> None:
    reply = await _caller().say("hi, I just want to check my booking")
    assert "a table for two on Wednesday, March 10th at 7 PM, under Pat Doe" in reply


@pytest.mark.parametrize("text", ["when is my booking?", "cancel my booking", "actually make it 8 pm"])
async def test_who_goes_on_after_the_booking_is_over_is_told_so(text: str) -> None:
    caller = _caller()
    await caller.say("hi, I just want to check my booking")
    caller.book.clock.advance(timedelta(days=2))
    reply = await caller.say(text)
    assert "Your booking was a table for two on Wednesday, March 10th at 7 PM" in reply
    assert not caller.acts


async def test_a_booking_is_found_by_name_and_day() -> None:
    caller = _caller()
    caller.caller_phone = ""
    caller.take_up(None, 0)
    reply = await caller.say("do I have a reservation tonight? It's Pat Doe")
    assert "a table for two" in reply


async def test_who_still_comes_is_confirmed_again() -> None:
    caller = _caller()
    reply = await caller.say("I'm just calling to confirm my reservation for tonight")
    assert "that's confirmed: a table for two" in reply
    assert booked(caller.book)[0].reconfirmed_at is not None


async def test_a_few_minutes_late_are_noted() -> None:
    caller = _caller()
    reply = await caller.say("hi, we're stuck in traffic, we'll be about ten minutes late")
    assert "ten minutes late" in reply
    assert booked(caller.book)[0].late_minutes == 10
    assert not caller.book.leads


async def test_how_late_is_asked_where_it_was_not_said() -> None:
    caller = _caller()
    replies = await caller.talk("we're running late", "quarter of an hour")
    assert "how late" in replies[0].lower() or "minutes late" in replies[0]
    assert booked(caller.book)[0].late_minutes == 15


async def test_a_time_of_coming_tells_how_late_it_is() -> None:
    caller = _caller()
    await caller.talk("we're running a bit late", "we'll be there at ten past seven")
    assert booked(caller.book)[0].late_minutes == 10


async def test_longer_than_the_rules_allow_is_for_a_person() -> None:
    caller = _caller()
    reply = await caller.say("we're going to be forty five minutes late")
    assert "colleague will call you" in reply
    assert booked(caller.book)[0].late_minutes == 0
    (lead,) = caller.book.leads
    assert lead.kind == "running_late"
    assert "45 minutes late" in lead.summary


async def test_longer_than_the_rules_allow_is_put_through_where_somebody_is() -> None:
    caller = _caller(settings=AgentSettings(handoff_phone="+14155550100"))
    await caller.say("we'll be an hour late")
    assert isinstance(caller.ended, Transfer)


async def test_what_is_asked_for_after_booking_is_noted_on_it_at_once() -> None:
    caller = _caller()
    replies = await caller.talk("can you check my booking please", "oh, and one of us has a nut allergy")
    assert "I've noted that on your booking" in replies[1]
    assert booked(caller.book)[0].guest.requests == (SpecialRequest(RequestKind.ALLERGY, "nut"),)


async def test_wishes_are_caught_at_any_point_and_read_back() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk(
        "a table for two on Friday at 7pm, it's our anniversary",
        "Maria Ramos, and we need a high chair", "415 555 0142, oh and my mother is in a wheelchair", "yes",
    )  # fmt: skip
    assert "anniversary" in replies[2]
    assert "high chair" in replies[2]
    assert "wheelchair" in replies[2]
    kinds = {request.kind for request in booked(caller.book)[0].guest.requests}
    assert kinds == {RequestKind.OCCASION, RequestKind.HIGH_CHAIR, RequestKind.ACCESSIBILITY}


def test_lengths_of_time_are_read_as_they_are_said() -> None:
    said = {
        "ten minutes": 10, "about 20 mins": 20, "a quarter of an hour": 15, "half an hour": 30, "an hour": 60,
        "an hour and a half": 90, "ten or fifteen minutes": 15, "a couple of minutes": 5, "two hours": 120,
    }  # fmt: skip
    for text, minutes in said.items():
        (found,) = find_minutes(tokenize(text), expected=False)
        assert found.value == minutes, text


def _stranger() -> Caller:
    book = book_of(restaurant())
    take(book, TODAY, time(19), 2, PHONE)
    return Caller(book)


async def test_a_name_and_a_day_alone_cancel_nothing() -> None:
    caller = _stranger()
    replies = await caller.talk("cancel my booking for tonight please, it's under Doe", "1234", "415 555 0111")
    assert "last four digits" in replies[0]
    assert "take a message" in replies[2] or "call you back" in replies[2]
    assert not any("Pat" in reply or "0199" in reply for reply in replies)
    replies = await caller.talk("no", "cancel the booking for tonight under Doe", "0199", "yes")
    assert "last four digits" not in " ".join(replies)
    assert len(booked(caller.book)) == 1


async def test_the_last_four_digits_prove_whose_booking_it_is() -> None:
    for digits in ("0199", "oh one double nine", "it ends in 0199", "415 555 0199"):
        caller = _stranger()
        await caller.talk("cancel my booking for tonight please, it's under Pat Doe", digits, "yes please")
        assert not booked(caller.book), digits


async def test_neither_the_reference_nor_the_whole_name_is_told_to_who_knows_a_surname() -> None:
    caller = _stranger()
    reply = await caller.say("do I have a reservation tonight? It's under Doe")
    assert "a table for two" in reply
    assert "Pat" not in reply
    assert "reference" not in reply
    await caller.talk("please change the phone number on it to 415 555 0111", "yes")
    assert booked(caller.book)[0].guest.phone == PHONE


async def test_the_number_on_a_booking_is_not_read_out_to_who_has_not_given_it() -> None:
    caller = _stranger()
    replies = await caller.talk("we'll be an hour late tonight, it's under Pat Doe", "0199")
    assert "on the number on the booking" in replies[-1]
    assert caller.book.leads[0].phone == PHONE


async def test_a_booking_of_another_day_is_asked_about_first() -> None:
    book = book_of(restaurant())
    take(book, date(2027, 3, 12), time(19), 2, PHONE)
    caller = Caller(book, caller_phone=PHONE)
    reply = await caller.say("we're running ten minutes late")
    assert "no booking for today" in reply
    assert "Is that the one" in reply
    await caller.say("no")
    assert booked(book)[0].late_minutes == 0
    reply = await caller.say("cancel my booking for tonight")
    assert "no booking for today" in reply
    assert len(booked(book)) == 1
    await caller.talk("yes, that one", "yes")
    assert not booked(book)


async def test_days_of_lateness_are_asked_about() -> None:
    caller = _caller()
    reply = await caller.say("we'll be 3000 minutes late")
    assert "late" in reply
    assert not caller.book.leads


async def test_who_has_just_booked_another_day_is_not_late_for_that() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two on Friday at 7pm", "Maria Ramos", "415 555 0142", "yes")
    reply = await caller.say("and by the way, we're running ten minutes late")
    assert "no booking for today" in reply
    assert booked(caller.book)[0].late_minutes == 0


async def test_who_does_not_know_the_digits_is_offered_a_message() -> None:
    caller = _stranger()
    reply = (await caller.talk("cancel my booking for tonight, it's under Pat Doe", "I don't remember"))[-1]
    assert "message" in reply or "call you back" in reply
    assert booked(caller.book)


async def test_a_second_guess_may_be_right() -> None:
    caller = _stranger()
    replies = await caller.talk("cancel my booking for tonight, it's under Pat Doe", "1234", "sorry, 0199", "yes")
    assert "isn't the number" in replies[1]
    assert not booked(caller.book)


async def test_moving_by_name_and_day_takes_the_digits_and_keeps_the_wish() -> None:
    caller = _stranger()
    replies = await caller.talk("can you move my booking tonight to eight pm, it's under Pat Doe", "0199", "yes")
    assert "last four digits" in replies[0]
    assert booked(caller.book)[0].starts_at.hour == 20


async def test_a_time_of_coming_is_kept_while_the_digits_are_asked_for() -> None:
    caller = _stranger()
    await caller.talk("we're running late, we'll be there at ten past seven", "it's under Pat Doe", "0199")
    assert booked(caller.book)[0].late_minutes == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two friends are joining us on Friday, can you make the table bigger?", "for four on Friday, March 12th"),
        ("I can't make Friday any more, what else do you have?", "I have found a table for two"),
        ("We need to come an hour earlier on Friday", "Friday, March 12th at 6 PM"),
        ("I booked for Friday at 7 but there will be four of us now", "for four on Friday, March 12th"),
        ("I'd like to bring two more people on Friday", "for four on Friday, March 12th"),
        ("Can I swap Friday for Saturday?", "Saturday, March 13th at 7 PM"),
        ("something came up for Friday, any chance of Sunday instead?", "Sunday, March 14th at 7 PM"),
        ("Is our booking for Friday or Saturday?", "You have a table for two on Friday"),
        ("We won't be coming on Friday after all", "Shall I cancel it?"),
    ],
)
async def test_what_is_said_of_a_booking_that_there_is_makes_no_second_one(text: str, expected: str) -> None:
    caller = Caller(book_of(restaurant()), caller_phone="+14155550199")
    take(caller.book, date(2027, 3, 12), time(19), 2)
    reply = await caller.say(text)
    assert expected in reply
    assert "Shall I book it" not in reply
    assert "information" not in reply
    assert not held(caller.book) or "change" in reply
