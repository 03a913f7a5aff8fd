"""What callers say that cannot be: a polite and right way out of each."""

from datetime import UTC, datetime

from reception.core.clock import FixedClock
from reception.ports.dialogue import HangUp, Say
from tests.unit.dialogue.stage import Caller, book_of, booked, held, hotel, restaurant


def _caller() -> Caller:
    return Caller(book_of(restaurant()))


async def test_never_mind_with_nothing_in_hand_is_no_goodbye() -> None:
    caller = _caller()
    reply = await caller.say("never mind")
    assert reply.startswith("No problem.")
    assert caller.ended is None


async def test_nobody_and_a_crowd_are_not_booked() -> None:
    caller = _caller()
    replies = await caller.talk("a table for 0 people on Friday at 7pm", "two")
    assert "can't be right" in replies[0]
    assert "for two" in replies[1]
    crowd = _caller()
    assert "colleague" in await crowd.say("a table for 400 people on Friday at 7pm")
    assert not held(crowd.book)


async def test_days_that_there_are_not_are_asked_again() -> None:
    caller = _caller()
    assert "already passed" in await caller.say("a table for two last Friday at 7pm")
    assert "no such day" in await caller.say("March 32nd")
    assert "no such day" in await caller.say("February 29th 2027")
    assert "180 days" in await caller.say("February 29th")
    assert "Friday at 7 PM" in await caller.say("Friday")


async def test_an_hour_that_no_clock_has_is_asked_again() -> None:
    caller = _caller()
    replies = await caller.talk("a table for two on Friday at 25:00", "thirty o'clock", "seven pm")
    assert "can't be right" in replies[0]
    assert "can't be right" in replies[1]
    assert "7 PM" in replies[2]


async def test_an_hour_that_the_clocks_skip_or_repeat_is_no_trap() -> None:
    skipped = _caller()
    reply = await skipped.say("a table for two on Sunday March 14th at 2:30 am")
    assert "last table" in reply
    repeated = Caller(book_of(restaurant(), FixedClock(datetime(2027, 11, 1, 15, tzinfo=UTC))))
    reply = await repeated.say("a table for two on Sunday November 7th at 1:30 am")
    assert "last table" in reply
    assert not booked(repeated.book)


async def test_of_three_names_the_last_one_counts() -> None:
    caller = _caller()
    await caller.talk(
        "a table for two on Friday at 7pm", "Maria", "no it's Anna Grant", "sorry, put it under Joe Miller",
        "415 555 0142", "yes",
    )  # fmt: skip
    assert booked(caller.book)[0].guest.name == "Joe Miller"


async def test_another_language_is_said_and_a_message_taken() -> None:
    caller = _caller()
    replies = await caller.talk("Quiero una mesa para dos personas", "sí", "llámame por favor", "Ana Ruiz")
    assert "only speak English" in replies[0]
    assert "call you back" in replies[0] or "message" in replies[0]
    assert "pass on" in replies[1] or "message" in replies[1]


async def test_abuse_and_the_wish_for_a_person_are_never_argued_with() -> None:
    for text in ("you're a stupid machine", "fuck this, give me a human", "shut up and get me a person"):
        caller = _caller()
        await caller.talk("a table for two on Friday at 7pm", text)
        assert [lead.kind for lead in caller.book.leads] == ["callback"], text
        assert not held(caller.book)


async def test_silence_is_asked_twice_and_ends_politely() -> None:
    caller = _caller()
    await caller.say("a table for two on Friday at 7pm")
    said = [
        " ".join(part.text for part in await caller.dialogue.on_silence(n) if isinstance(part, Say)) for n in (1, 2)
    ]
    assert "still there" in said[0]
    assert "name" in said[1]
    assert any(isinstance(part, HangUp) for part in await caller.dialogue.on_silence(3))


async def test_a_monologue_of_ten_minutes_is_taken_by_what_it_asks() -> None:
    caller = _caller()
    ramble = (
        "and you know my sister was saying how the weather has been so strange lately and the garden is all over. " * 70
    )
    reply = await caller.say(f"Oh hello, I'd like a table for two on Friday at 7pm. {ramble}")
    assert "Friday at 7 PM for two" in reply


async def test_what_contradicts_itself_is_asked_about() -> None:
    caller = _caller()
    reply = await caller.say("a table for two on Monday the 12th of March at 7pm")
    assert "The 12th is a Friday." in reply


async def test_stays_of_no_night_and_of_a_year_are_not_booked() -> None:
    caller = Caller(book_of(hotel()))
    replies = await caller.talk("a queen room from Friday for two people for 300 nights", "two nights")
    assert "longest stay" in replies[0]
    assert "Two nights" in replies[1]
