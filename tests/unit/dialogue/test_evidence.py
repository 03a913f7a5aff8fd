"""What a question asks for, and what speaks against a passage as its answer."""

from uuid import uuid4

import pytest

from reception.core.requirements import requirements
from reception.core.thesaurus import canonical, others, siblings
from reception.dialogue.inquiry import Kind, days_asked, days_in, inquire, kind_of
from reception.dialogue.knowledge import compose
from reception.ports.knowledge import Passage


def _passage(heading: str, text: str, similarity: float | None = 0.6) -> Passage:
    return Passage(uuid4(), uuid4(), "Guide", heading, text, 0.03, similarity, 0.1)


PETS = _passage("House > Pets", "Dogs are welcome for a fee of $35 per stay.")
MUSIC = _passage("Evenings > Do you have live music?", "A trio plays live music every Friday from 7 p.m. to 10 p.m.")
HOUSES = [
    _passage("Homes > 14 Willow Lane", "14 Willow Lane is a house for $389,000. It was built in 1998."),
    _passage("Homes > 14 Willow Lane", "14 Willow Lane has a garage. Property tax is $6,200 a year."),
    _passage("Homes > 52 Cedar Street", "52 Cedar Street is a house for $525,000. It has a finished basement."),
]
DISHES = [
    _passage("Menu > Soups", "Dish: Tomato soup; Price: $9; Diet: Vegan."),
    _passage("Menu > Desserts", "Dish: Lemon sorbet; Price: $8; Diet: Vegan."),
    _passage("Menu > Mains", "Dish: Ribeye steak; Price: $42; Diet: Contains dairy."),
]


def _answer(question: str, *passages: Passage, about: str = "") -> str:
    return " ".join(sentence.text for sentence in compose(question, passages, about))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much is the soup?", Kind.PRICE),
        ("What does it cost?", Kind.PRICE),
        ("When does it open?", Kind.TIME),
        ("What happens when we're late?", Kind.ANYTHING),
        ("How long does it take?", Kind.LENGTH),
        ("How big is the room?", Kind.SIZE),
        ("How many rooms are there?", Kind.COUNT),
        ("Who is the chef?", Kind.PERSON),
        ("Where is the pool?", Kind.PLACE),
        ("Is there a pool?", Kind.ANYTHING),
    ],
)
def test_a_question_asks_for_a_kind_of_answer(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


def test_days_are_read_with_what_lies_between_them() -> None:
    assert days_in("Tuesday through Thursday from 5 p.m.") == {1, 2, 3}
    assert days_in("Friday to Monday") == {4, 5, 6, 0}
    assert days_in("on weekdays and Sundays") == {0, 1, 2, 3, 4, 6}
    assert days_asked("in the middle of the week") == {0, 1, 2, 3}
    assert days_in("every evening") == frozenset()


def test_the_name_and_place_of_the_business_tell_nothing() -> None:
    inquiry = inquire("What's the weather like in Port Linden?", "Harbor Table, 28 Lantern Street, Port Linden")
    assert inquiry.terms == {"weather"}
    assert inquiry.names == frozenset()


def test_another_of_the_sort_is_not_the_answer() -> None:
    assert "$35" in _answer("How much is a dog?", PETS)
    assert _answer("Are cats allowed?", PETS) == ""


def test_another_day_is_not_the_answer() -> None:
    assert "7 p.m." in _answer("Is there live music on Friday?", MUSIC)
    said = _answer("Is there live music on Sundays?", MUSIC)
    assert "7 p.m." in said
    assert said.endswith("I have nothing on Sundays.")
    assert _answer("Is there a magician on Sundays?", MUSIC) == ""


def test_a_slip_is_the_word_that_it_resembles() -> None:
    quiet = _passage("Rooms > Quiet hours", "Quiet hours are from 10 p.m. to 7 a.m.")
    assert "10 p.m." in _answer("when are quite hours", quiet)
    massage = _passage("Rooms > Messages", "A message is kept at the desk until 10 p.m.")
    assert _answer("How late can I have a massage?", massage) == ""


def test_a_rule_for_the_sort_holds_for_what_it_covers_unless_it_tells_them_apart() -> None:
    pets = _passage("House rules > Pets", "Pets are welcome on the terrace.")
    assert "welcome" in _answer("Are parrots welcome?", pets)
    dogs = _passage("House rules > Dogs", "Dogs are welcome on the terrace. Pets like them bring a bed.")
    assert _answer("Are parrots welcome?", dogs) == ""
    others = _passage("House rules > Animals", "Dogs are welcome on the terrace. Other animals stay at home.")
    assert "stay at home" in _answer("Are parrots welcome?", others)


def test_what_is_done_with_ones_own_thing_says_less_than_the_thing() -> None:
    drones = _passage("Photographs > Filming", "Commercial filming costs $600 a day. Drones are not allowed.")
    assert "not allowed" in _answer("Can I fly my drone?", drones)


def test_a_name_that_is_not_spoken_of_is_not_answered() -> None:
    shuttle = _passage("Getting here > Is there a shuttle?", "Our shuttle to the airport costs $20.")
    assert "$20" in _answer("How much is the shuttle?", shuttle)
    assert _answer("How much is the shuttle to Boston?", shuttle) == ""


def test_what_is_told_of_another_house_is_not_the_answer() -> None:
    assert "basement" in _answer("Is there a basement at 52 Cedar Street?", *HOUSES)
    assert _answer("Is there a basement at 14 Willow Lane?", *HOUSES) == ""
    assert _answer("What's the property tax on 52 Cedar Street?", *HOUSES) == ""


def test_the_passage_with_what_was_asked_is_chosen_among_those_of_a_house() -> None:
    assert "$6,200" in _answer("What's the property tax on 14 Willow Lane?", *HOUSES)
    assert "$389,000" in _answer("What does 14 Willow Lane cost?", *HOUSES)
    assert "1998" in _answer("When was 14 Willow Lane built?", *HOUSES)


def test_rows_that_fit_are_named_together() -> None:
    said = _answer("Which things are vegan?", *DISHES)
    assert said == "For example: Tomato soup and Lemon sorbet."


def test_the_cheapest_is_not_guessed() -> None:
    assert _answer("What's the cheapest dish?", *DISHES) == ""


def test_without_meaning_most_words_must_be_there() -> None:
    parking = _passage("Getting here > Is there parking?", "Parking is free behind the house.", None)
    assert "free" in _answer("Is there parking?", parking)
    assert _answer("Is there a helicopter parking deck?", parking) == ""


def test_a_question_about_nothing_is_not_answered() -> None:
    assert _answer("How is that?", PETS, MUSIC) == ""


def test_other_words_for_the_same() -> None:
    assert canonical("cot") == canonical("crib")
    assert "bicycle" in others("bikes")
    assert others("corkage") == ()
    assert "dog" in siblings("cat")
    assert siblings("sauna") == ()


HOMES = [
    _passage("Homes > 14 Willow Lane", "14 Willow Lane is a house for sale for $389,000. It has three bedrooms."),
    _passage("Homes > 52 Cedar Street", "52 Cedar Street is a house for sale for $525,000. It has four bedrooms."),
    _passage("Homes > 52 Cedar Street", "The price of 52 Cedar Street has been reduced by $15,000."),
    _passage("Homes > 120 Station Road", "120 Station Road is a loft for sale for $189,000. It has one bedroom."),
    _passage("Homes > 5 Meadow Way", "5 Meadow Way is a studio for rent for $980 a month. It has one room."),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "What houses do you have with three bedrooms?",
            "14 Willow Lane is a house for sale for $389,000. It has three bedrooms.",
        ),
        (
            "Is there anything with four bedrooms?",
            "52 Cedar Street is a house for sale for $525,000. It has four bedrooms.",
        ),
        (
            "Which homes have at least three bedrooms?",
            "14 Willow Lane is a house for sale for $389,000. 52 Cedar Street is a house for sale for $525,000.",
        ),
        ("Is there anything with six bedrooms?", ""),
        ("Is there anything with twelve bedrooms?", ""),
        ("Do you have a loft with three bedrooms?", ""),
        ("Which homes are under 300000 dollars?", "120 Station Road is a loft for sale for $189,000."),
        ("Is there anything under 200 thousand?", "120 Station Road is a loft for sale for $189,000."),
        ("Is there anything under $100,000?", ""),
        ("Do you have something for rent under $1,000?", "5 Meadow Way is a studio for rent for $980 a month."),
        ("What do you have for over $389,000?", "52 Cedar Street is a house for sale for $525,000."),
    ],
)
def test_what_is_looked_for_by_number_or_price_has_it(question: str, answer: str) -> None:
    assert _answer(question, *HOMES) == answer


def test_of_a_thing_that_is_named_what_it_has_is_told_with_its_name() -> None:
    said = _answer("Does 14 Willow Lane have four bedrooms?", *HOMES)
    assert "14 Willow Lane" in said
    assert "three bedrooms" in said
    told = _passage(
        "Homes > 66 Elm Street",
        "66 Elm Street is a house. It was built in 2011. It is on a hill. It has a heated pool with a slide.",
    )
    assert "66 Elm Street: it has a heated pool" in _answer("Is there a heated pool with a slide?", told)


def test_ages_and_sizes_are_no_prices() -> None:
    assert not requirements("Do children under 12 eat free?").searches
    assert not requirements("Is there a flat under 2000 square feet?").searches
    assert requirements("Which mains are under $30?").bounds_price
    assert not requirements("Which mains are under $30?").price_holds("Crab cakes: $30.")


def test_a_word_that_is_everywhere_is_what_is_asked_about_where_there_is_no_other() -> None:
    visit = _passage("Viewings > Your first viewing", "A viewing takes 45 minutes. Please bring a photo ID.", 0.45)
    assert "photo ID" in _answer("What should I bring?", visit)
    assert _answer("What should I bring?", _passage("Viewings > Length", "A viewing takes 45 minutes.", 0.3)) == ""


def test_the_price_of_a_sort_is_not_that_of_one_of_its_goods() -> None:
    wine = _passage("Bar > Wine", "House wine is $7 a glass, and we have wine from five countries.")
    assert "wine" in _answer("Do you have merlot?", wine)
    assert _answer("How much is a glass of merlot?", wine) == ""


def test_prices_of_other_lengths_are_told_as_such() -> None:
    spa = _passage("Spa > Massage", "A massage of 50 minutes costs $110, one of 80 minutes $155.")
    assert _answer("How much is a massage of 80 minutes?", spa) == spa.text
    assert _answer("How much is a massage of 30 minutes?", spa) == f"{spa.text} I have nothing on 30 minutes."


def test_a_thing_that_goes_by_a_day_is_not_the_thing_without_it() -> None:
    roast = _passage("Menu > Mains", "Dish: Roast chicken; Price: $25; Diet: Contains dairy.")
    assert "$25" in _answer("How much is the roast chicken?", roast)
    assert _answer("Do you do a Sunday roast?", roast) == ""


def test_what_is_told_of_others_beside_a_name_is_left_out() -> None:
    sights = _passage(
        "Around > Sights",
        "The market is on Quay Street from 8 a.m. to 1 p.m. The Clock Museum is open from Wednesday to Sunday. "
        "There is a lift.",
    )
    said = _answer("When is the Clock Museum open?", sights)
    assert "Clock Museum" in said
    assert "Quay Street" not in said


def test_a_doctor_who_is_not_spoken_of_is_not_another() -> None:
    doctors = _passage("Practice > Doctors", "Dr. Amara Solberg is in on Monday. Dr. Henrik Vale is in on Friday.")
    assert "Monday" in _answer("When is Dr. Solberg in?", doctors)
    assert _answer("When is Dr. Blackwood in?", doctors) == ""


def test_what_the_house_does_is_not_what_the_caller_may_do() -> None:
    late = _passage("Table > Being late", "We keep your table for 15 minutes.", 0.7)
    length = _passage("Table > How long you have it", "Tables are reserved for 90 minutes, larger ones for two hours.")
    assert "90 minutes" in _answer("How long can we keep the table?", late, length)
    assert "15 minutes" in _answer("How long is my table held if I am late?", late)


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("is there a mini bar", _passage("Rooms > Fridge", "The fridge is empty; there is no minibar.", 0.4)),
        (
            "how many people can sleep in the suite",
            _passage("Rooms > Suite", "The Suite sleeps four with a sofa bed."),
        ),
        ("how many cars fit in the lot", _passage("House > Parking", "The lot has 40 spaces.")),
        ("how much is cutting a fringe", _passage("Cuts", "Service: Fringe cut; Price: $10; Minutes: 10.")),
        ("how much is a perm", _passage("Treatments", "Service: Perm, long; Price: $145; Minutes: 150.")),
    ],
)
def test_the_same_in_another_form_is_found(question: str, passage: Passage) -> None:
    assert _answer(question, passage) != ""
