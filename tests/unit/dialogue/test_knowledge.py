"""Answers from documents and from the profile, and the withholding of what nothing stands behind."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from reception.dialogue.grounding import is_grounded
from reception.dialogue.hours import answer_from_profile, answer_from_rules
from reception.dialogue.knowledge import compose
from reception.dialogue.statements import statements
from reception.dialogue.turn import TurnScene
from reception.ports.business import Agent, AgentKind, AgentSettings
from reception.ports.knowledge import Passage
from reception.ports.rules import RoomRate
from tests.unit.dialogue.fakes import BookReads
from tests.unit.dialogue.stage import Caller, agency, book_of, hotel, restaurant


def _passage(heading: str, text: str, similarity: float | None) -> Passage:
    return Passage(uuid4(), uuid4(), "Guide", heading, text, 0.03, similarity, 0.1)


RATES = _passage(
    "Rooms > Rates",
    "Room type: Queen Room; Sunday to Thursday: $149; Friday and Saturday: $179; Sleeps: 2 guests.",
    0.6,
)
PARKING = _passage("Getting here > Is there parking?", "Parking costs $12 a night. You need not reserve a space.", 0.6)
CHECK_IN = _passage("House > Check-in", "Check-in is from 3 p.m. The desk is staffed 24 hours a day.", 0.6)


def _answer(question: str, *passages: Passage) -> str:
    return " ".join(sentence.text for sentence in compose(question, passages))


def test_the_answer_is_the_passages_own_sentences_with_its_id() -> None:
    (first, _) = compose("Is there parking?", [CHECK_IN, PARKING])
    assert first.text == "Parking costs $12 a night."
    assert first.citation.chunk_id == PARKING.chunk_id


def test_a_question_of_price_is_answered_with_a_price_or_not_at_all() -> None:
    assert "$12" in _answer("How much is parking?", CHECK_IN, PARKING)
    assert _answer("How much is check-in?", CHECK_IN) == ""


def test_a_table_row_is_said_as_a_sentence() -> None:
    said = _answer("How much is the Queen Room?", RATES)
    assert said == "Queen Room: Sunday to Thursday $149, Friday and Saturday $179."
    assert _answer("Tell me about the Queen Room", RATES).endswith("sleeps 2 guests.")


def test_another_thing_of_the_same_sort_is_not_the_answer() -> None:
    assert _answer("How much is the Honeymoon Room?", RATES) == ""
    house = _passage("Homes > 14 Willow Lane", "14 Willow Lane is a house for $389,000.", 0.7)
    assert _answer("How much is 22 Willow Lane?", house) == ""
    assert "$389,000" in _answer("How much is 14 Willow Lane?", house)


def test_what_is_far_away_is_not_an_answer() -> None:
    far = _passage("House > Check-in", CHECK_IN.text, 0.2)
    assert compose("Do you sell telescopes?", [far]) == ()
    assert compose("Do you sell telescopes?", []) == ()


def test_statements_leave_out_questions_and_marks() -> None:
    assert statements("Q: Is there Wi-Fi?\nA: Yes. It is free.") == ("Yes.", "It is free.")


def scene_of(question: str, hour: int = 18) -> TurnScene:
    book = book_of(restaurant())
    agent = Agent(uuid4(), book.business.tenant_id, "June", AgentKind.RECEPTIONIST, AgentSettings())
    now = datetime(2027, 3, 10, hour, tzinfo=UTC).astimezone(ZoneInfo("America/Los_Angeles"))
    return TurnScene(book.business, agent, "voice", now, 1, question, BookReads(book, uuid4()))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("are you open on Monday?", "No, we're closed on Monday."),
        ("are you open on Sundays", "On Sunday we're open from 5 PM to 10 PM."),
        ("what time do you close tonight?", "Today we close at 10 PM."),
        ("are you open right now", "We're closed right now. We open today at 5 PM."),
        ("What are your opening hours?", "Monday we're closed."),
        ("what's your address?", "We're at 28 Lantern Street, Port Linden."),
        ("what is your phone number", "Our number is 415 555 0140."),
        ("when does the kitchen close?", ""),
        ("do you have parking?", ""),
    ],
)
def test_the_profile_answers_for_hours_address_and_number(question: str, said: str) -> None:
    assert " ".join(answer_from_profile(question, scene_of(question))).startswith(said)
    if not said:
        assert answer_from_profile(question, scene_of(question)) == ()


def test_open_now_in_the_evening() -> None:
    evening = scene_of("are you open now?")
    late = datetime(2027, 3, 10, 20, tzinfo=ZoneInfo("America/Los_Angeles"))
    scene = TurnScene(
        evening.business, evening.agent, "voice", late, 1, evening.text, evening.reads
    )  # fmt: skip
    assert answer_from_profile("are you open now?", scene) == ("Yes, we're open until 10 PM.",)


SOURCE = (
    "Breakfast costs $18 and is served from 6:30 a.m. by Helen Archer. Write to alder@example.com or call 802-555-0170."
)


@pytest.mark.parametrize(
    ("sentence", "grounded"),
    [
        ("Breakfast is served from 6:30 AM.", True),
        ("Breakfast is served from 7:30 AM.", False),
        ("It costs $18.", True),
        ("It costs $19.", False),
        ("Please ask Helen Archer.", True),
        ("Please ask Daniel Moreno.", False),
        ("Write to alder@example.com.", True),
        ("Write to other@example.com.", False),
        ("Call 802 555 0170.", True),
        ("Call 802 555 0171.", False),
        ("See www.example.org/menu for more.", False),
        ("You are very welcome.", True),
    ],
)
def test_every_fact_of_a_sentence_needs_a_source(sentence: str, grounded: bool) -> None:
    assert is_grounded(sentence, [SOURCE]) is grounded


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What's the rate for the Suite?", ("Suite is from $180 a night.",)),
        ("How much is the Queen Room?", ("Queen Room is $95.50 a night.",)),
        ("What time is check-in?", ("Check-in is from 3 PM.",)),
        ("When do we have to check out?", ("Check-out is until 11 AM.",)),
        ("Is there a pool?", ()),
    ],
)
def test_the_rules_answer_for_prices_and_times_of_rooms(question: str, said: tuple[str, ...]) -> None:
    rates = (
        RoomRate("Suite", Decimal(220), weekdays=(4, 5)),
        RoomRate("Suite", Decimal(180)),
        RoomRate("Queen Room", Decimal("95.50")),
    )
    place = hotel()
    business = replace(place, rules=replace(place.rules, rates=rates))
    assert answer_from_rules(question, replace(scene_of(question), business=business)) == said


HOMES = tuple(
    _passage(
        f"Homes for sale > {number} Elm Street",
        f"{number} Elm Street is a house for sale for ${price},000. It has {rooms} bedrooms and a garden.",
        0.6,
    )
    for number, price, rooms in (
        (1, 310, "three"),
        (2, 320, "three"),
        (3, 330, "four"),
        (4, 340, "three"),
        (5, 350, "three"),
    )
)
OPEN_HOUSES = _passage("Homes and visits > Open houses", "Open houses are on the first Saturday of each month.", 0.6)


async def test_of_many_that_fit_three_are_said_and_how_to_hear_the_others() -> None:
    caller = Caller(book_of(agency()), passages=(*HOMES, OPEN_HOUSES))
    reply = await caller.say("Which homes have three bedrooms?")
    assert [number for number in (1, 2, 3, 4, 5) if f"{number} Elm Street" in reply] == [1, 2, 4]
    assert "There are more: say “the others” to hear them." in reply
    reply = await caller.say("the others, please")
    assert [number for number in (1, 2, 3, 4, 5) if f"{number} Elm Street" in reply] == [5]
    assert "more" not in reply
    assert "That is all there are." in await caller.say("any others?")
    reply = await caller.say("Which homes have three bedrooms?")
    assert "1 Elm Street" in reply


async def test_all_homes_are_listed_a_few_at_a_time() -> None:
    caller = Caller(book_of(agency()), passages=(OPEN_HOUSES, *HOMES))
    reply = await caller.say("Which homes do you have for sale?")
    assert "1 Elm Street" in reply
    assert "There are more" in reply
    assert "Open houses" not in reply
    assert "5 Elm Street" in await caller.say("are there more?")


async def test_what_is_left_of_a_list_is_forgotten_with_the_next_question() -> None:
    caller = Caller(book_of(agency()), passages=(*HOMES, PARKING))
    await caller.talk("Which homes have three bedrooms?", "Is there parking?")
    assert "5 Elm Street" not in await caller.say("what else?")
