"""Leads: what somebody wants of an estate agency, private events, messages for people by name."""

from tests.unit.dialogue.stage import Caller, agency, book_of, restaurant


def _only(caller: Caller) -> dict[str, object]:
    (lead,) = caller.book.leads
    return dict(lead.details)


async def test_what_was_said_of_a_home_is_not_asked_again() -> None:
    caller = Caller(book_of(agency()))
    replies = await caller.talk(
        "Hi, I'm looking to rent a two bedroom flat in Harbourside for up to 1,800 a month from June",
        "Saturday at 11", "Maria Ramos", "415 555 0142", "yes",
    )  # fmt: skip
    assert "viewing" in replies[0]
    assert "To rent, two bedrooms, in Harbourside, up to $1,800, from June" in replies[3]
    lead = _only(caller)
    assert (lead["purpose"], lead["area"], lead["bedrooms"], lead["budget"]) == ("rent", "Harbourside", 2, 1800)
    assert (lead["date"], lead["time"]) == ("2027-03-13", "11:00")
    assert lead["message"].startswith("Hi, I'm looking to rent")  # type: ignore[attr-defined]


async def test_who_sells_is_asked_for_each_thing_once() -> None:
    caller = Caller(book_of(agency()))
    replies = await caller.talk(
        "I'm thinking about selling my house", "42 Cedar Road", "three", "about four fifty", "I don't know yet",
        "next Tuesday at two", "Bob Stone", "415 555 0142", "yes",
    )  # fmt: skip
    asked = [reply.split(". ")[-1] for reply in replies[:-1]]
    assert len(set(asked)) == len(asked)
    lead = _only(caller)
    assert (lead["purpose"], lead["area"], lead["bedrooms"], lead["budget"]) == ("sell", "42 Cedar Road", 3, 450_000)
    assert "timing" not in lead
    assert "financing" not in lead


async def test_who_buys_says_how_they_pay() -> None:
    caller = Caller(book_of(agency()))
    await caller.talk(
        "I want to buy a home", "somewhere near the park", "two or three", "half a million", "in the spring",
        "we're first time buyers with a mortgage agreed", "weekends are best", "Bob Stone", "415 555 0142", "yes",
    )  # fmt: skip
    lead = _only(caller)
    assert lead["area"] == "near the park"
    assert (lead["bedrooms"], lead["budget"], lead["timing"]) == (2, 500_000, "in the spring")
    assert "first time buyers" in str(lead["financing"])
    assert "weekends" in str(lead["notes"])


async def test_a_question_in_the_middle_is_answered_and_the_enquiry_goes_on() -> None:
    caller = Caller(book_of(agency()))
    replies = await caller.talk("I want to buy a home", "is there parking?", "Harbourside")
    assert "Parking is free" in replies[1]
    assert "area" in replies[1] or "live" in replies[1]
    assert "bedrooms" in replies[2]


async def test_a_number_corrected_at_the_end_is_corrected() -> None:
    caller = Caller(book_of(agency()))
    await caller.talk(
        "I want to rent a one bedroom flat in Harbourside for 1500 a month from June", "no thanks", "Maria Ramos",
        "415 555 0142", "no, it's 415 555 0143", "yes",
    )  # fmt: skip
    (lead,) = caller.book.leads
    assert lead.phone == "+14155550143"


async def test_a_private_event_is_for_a_person() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk(
        "we want to hold our wedding reception at your place", "the 5th of June", "about sixty people", "Bob Stone",
        "415 555 0142", "yes",
    )  # fmt: skip
    (lead,) = caller.book.leads
    assert lead.kind == "private_event"
    assert (lead.details["date"], lead.details["party_size"]) == ("2027-06-05", 60)


async def test_a_message_is_for_whom_it_is_left() -> None:
    caller = Caller(book_of(restaurant()))
    replies = await caller.talk("can you tell Dana that I'll be there at nine", "Bob Stone", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert lead.recipient == "Dana"
    assert "for Dana" in replies[-1]


async def test_what_is_no_answer_is_none_and_is_asked_for_once_more() -> None:
    caller = Caller(book_of(agency()))
    await caller.say("I want to buy a house")
    reply = await caller.say("12")
    assert "catch" in reply or "get that" in reply
    await caller.say("Riverside")
    assert "bedrooms" in await caller.say("415 555 0142")
    assert "bedrooms" in await caller.say("purple")
    assert "budget" in await caller.say("three")
    assert "budget" in await caller.say("green")
    assert "move" in await caller.say("green, as I said")
    assert "move" in await caller.say("yes")
    assert "mortgage" in await caller.say("in May")
    assert "mortgage" in await caller.say("four hundred")
    assert "viewing" in await caller.say("cash")
    assert "viewing" in await caller.say("banana")
    assert "name" in await caller.say("Tuesday at 3")
    await caller.talk("Joe Baker", "yes")
    (lead,) = caller.book.leads
    wanted = {"area": "Riverside", "bedrooms": 3, "timing": "in May", "financing": "cash", "date": "2027-03-16"}
    assert {name: lead.details.get(name) for name in wanted} == wanted
    assert "budget" not in lead.details
    assert (lead.name, lead.phone) == ("Joe Baker", "+14155550142")


async def test_whoever_does_not_know_or_will_not_say_is_asked_the_next_thing() -> None:
    caller = Caller(book_of(agency()))
    await caller.say("I want to buy a house")
    assert "bedrooms" in await caller.say("I don't know")
    assert "budget" in await caller.say("skip")
    assert "move" in await caller.say("that's none of your business")
    assert "mortgage" in await caller.say("I'd rather not say")
    assert "viewing" in await caller.say("I don't want to tell you")
    assert "name" in await caller.say("not yet")
    await caller.talk("Joe Baker", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert set(lead.details) == {"purpose", "message", "name", "phone"}


async def test_a_question_in_the_middle_is_answered_and_leaves_no_value() -> None:
    caller = Caller(book_of(agency()))
    await caller.say("I want to buy a house")
    asked = await caller.say("What did you say?")
    assert "live" in asked or "area" in asked
    reply = await caller.say("Are there schools in Willow Park?")
    assert "area" in reply or "live" in reply
    reply = await caller.say("why do you ask?")
    assert "look for what fits" in reply
    await caller.say("Riverside")
    assert "bedrooms" in await caller.say("what did you say?")
    await caller.talk("two", "400 thousand", "in May")
    reply = await caller.say("What do you mean by that?")
    assert "mortgage is arranged" in reply
    await caller.talk("mortgage", "no", "next Friday at 10", "Joe Baker", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert (lead.details["area"], lead.details["date"]) == ("Riverside", "2027-03-19")


async def test_what_was_said_before_is_taken_back() -> None:
    caller = Caller(book_of(agency()))
    await caller.talk("I want to buy a house", "Riverside", "two", "actually three bedrooms", "400 thousand")
    await caller.talk("in the summer", "cash", "Saturday at 11", "Joe Baker", "415 555 0142", "yes")
    (lead,) = caller.book.leads
    assert (lead.details["bedrooms"], lead.details["budget"]) == (3, 400_000)


async def test_all_at_once_is_asked_for_nothing_that_was_said() -> None:
    caller = Caller(book_of(agency()))
    said = "I want to buy a home near the park, three bedrooms, up to 500 thousand, cash, in June."
    reply = await caller.say(f"{said} Joe Baker, 415 555 0142.")
    assert "viewing" in reply
    reply = await caller.say("Saturday at 11")
    assert "near the park" in reply
    await caller.say("yes")
    (lead,) = caller.book.leads
    assert (lead.details["date"], lead.details["budget"], lead.name) == ("2027-03-13", 500_000, "Joe Baker")
