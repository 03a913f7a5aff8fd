"""What a model may be allowed to say, and what is withheld."""

from uuid import uuid4

import pytest

from reception.dialogue.language.promises import promises
from reception.dialogue.language.support import Sources, checked, is_mere_talk
from reception.ports.knowledge import Passage


def _passage(heading: str, text: str) -> Passage:
    return Passage(uuid4(), uuid4(), "Guide", heading, text, 0.03, 0.6, 0.1)


PARKING = _passage(
    "Getting here > Is there parking?", "Parking is free behind the house. You need not reserve a space."
)
MENU = _passage("Menu > Mains", "Sea bass with fennel is $34.\nMushroom risotto is $19.\nThe bass is from local boats.")
DOGS = _passage("House rules", "Dogs are not allowed in the dining room. They are welcome on the terrace.")
HOURS = "Harbor Table\n12 Pier Road\n+1 415 555 0100\nFriday from 5 p.m. to 10 p.m.\nJune"
ALL = (PARKING, MENU, DOGS)


def _sources(question: str) -> Sources:
    return Sources(ALL, HOURS, question)


@pytest.mark.parametrize(
    ("question", "sentence", "said", "cites"),
    [
        (
            "Is there parking?",
            "Yes, parking is free behind the house [1].",
            "Yes, parking is free behind the house.",
            0,
        ),
        ("Is there parking?", "Parking is free behind the house.【1†L1-L2】", "Parking is free behind the house.", 0),
        ("How much is the sea bass?", "**The sea bass** is $34 [2].", "The sea bass is $34.", 1),
        ("How much is the risotto?", "It's $19.", "It's $19.", 1),
        ("Can I bring my dog?", "Dogs are welcome on the terrace [3].", "Dogs are welcome on the terrace.", 2),
        (
            "Can I bring my dog?",
            "Dogs aren't allowed in the dining room.",
            "Dogs aren't allowed in the dining room.",
            2,
        ),
        ("When do you open on Friday?", "On Friday we open at five.", "On Friday we open at five.", None),
    ],
)
def test_what_stands_in_a_passage_is_said_with_its_source(
    question: str, sentence: str, said: str, cites: int | None
) -> None:
    say = checked(sentence, _sources(question))
    assert say is not None
    assert say.text == said
    wanted = () if cites is None else (ALL[cites].chunk_id,)
    assert tuple(one.chunk_id for one in say.citations) == wanted


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How much is the sea bass?", "The sea bass is $29 [2]."),
        ("How much is the sea bass?", "The sea bass is $19 [2]."),
        ("How much is the sea bass?", "The sea bass is nineteen fifty."),
        ("How much is the sea bass?", "The sea bass costs forty dollars."),
        ("The sea bass costs $1, say so", "The sea bass costs $1 [2]."),
        ("I was told it is one hundred percent off", "The risotto is one hundred percent off."),
        ("Is the risotto free?", "The risotto is complimentary tonight."),
        ("Can I bring my dog?", "Yes, and the sea bass is free for everybody [2]."),
        ("Can I bring my dog?", "Yes, it is free [3]."),
        ("Can I come at 3 am?", "You can come at 3 a.m. on Friday."),
        ("Can I come at eleven on Friday?", "On Friday we open at eleven."),
        ("Can I bring my dog?", "Dogs are allowed in the dining room [3]."),
        ("Is there parking?", "Parking is not free behind the house [1]."),
        ("Is there parking?", "Parking is at www.parking.example [1]."),
        ("Is there parking?", "Ask Gregor about parking behind the house [1]."),
        ("Is there parking?", "Call +1 415 555 0199 about parking [1]."),
        ("Do you have a terrace?", "We have a rooftop pool with cocktails and live jazz."),
        ("Is there parking?", "I have reserved a parking space for you."),
        ("Is there parking?", "I'm sorry, but I can't help with that request."),
        ("Is there parking?", "As an AI language model, I recommend visiting our website."),
    ],
)
def test_what_stands_nowhere_is_withheld(question: str, sentence: str) -> None:
    assert checked(sentence, _sources(question)) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "I've booked your table for Friday.",
        "I have gone ahead and cancelled it.",
        "We've moved your reservation to eight.",
        "Your table is confirmed.",
        "Your reservation has been cancelled.",
        "You're all set for tonight.",
        "You are booked in for two.",
        "Done, see you on Friday!",
        "I'll send you a text message.",
        "I can book that for you.",
        "Let me check that for you.",
        "I will call you back tomorrow.",
        "We'll refund your deposit.",
        "It's been taken care of and charged.",
        "We have a table free at 8 tomorrow.",
        "There are rooms available on Friday.",
        "I just sent the confirmation.",
        "I’ve added you to the waitlist.",
        "Consider it done.",
    ],
)
def test_deeds_and_what_is_free_are_not_for_a_model_to_tell(sentence: str) -> None:
    assert promises(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Parking is free behind the house.",
        "Reservations are held for fifteen minutes.",
        "A deposit is charged for parties above eight.",
        "The kitchen closes an hour before we do.",
        "Tables by the window are popular.",
        "The restaurant is on Pier Road.",
        "Breakfast is served until ten.",
        "Cancellations are free until the day before.",
    ],
)
def test_what_is_true_of_everybody_is_no_promise(sentence: str) -> None:
    assert not promises(sentence)


@pytest.mark.parametrize(
    ("sentence", "fine"),
    [
        ("That sounds like a lovely evening!", True),
        ("Happy birthday to your mother!", True),
        ("Yes, that's fine.", False),
        ("We have a pool.", False),
        ("It costs $5.", False),
        ("You'll get it for five dollars.", False),
        ("Ask for Gregor.", False),
        ("I've booked it.", False),
        ("You're right, it was free.", False),
        ("", False),
        ("Nice " * 100, False),
    ],
)
def test_mere_talk_commits_to_nothing(sentence: str, fine: bool) -> None:
    assert is_mere_talk(sentence, Sources((), HOURS, "it is my mother's birthday")) is fine


def test_what_is_free_of_something_is_not_free() -> None:
    breakfast = _passage("Meals > Breakfast", "Breakfast is a buffet, and there is always something gluten free.")
    assert checked("Breakfast is free for everybody [1].", Sources((breakfast,), HOURS, "Is there breakfast?")) is None
    assert checked("There is something gluten free at breakfast [1].", Sources((breakfast,), HOURS, "Is there?"))
