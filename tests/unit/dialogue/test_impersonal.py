"""A question is kept without what tells who asked it."""

import pytest

from reception.dialogue.commands import SetSlot, SlotName
from reception.dialogue.impersonal import impersonal
from reception.dialogue.state import Details


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Do you have a sauna?", "Do you have a sauna?"),
        ("Can you call me at 212-555-0142 about the sauna?", "Can you call me at … about the sauna?"),
        ("Write to maria@example.com about skis", "Write to … about skis"),
        ("My name is Maria Ramos, do you rent skis?", "…, do you rent skis?"),
        ("my name is maria ramos do you rent skis", "… do you rent skis"),
        ("This is Peter Miller, is there a sauna?", "…, is there a sauna?"),
        ("two one two five five five zero one four two is mine", "… is mine"),
        ("Is ramos a name you know?", "Is … a name you know?"),
        ("Is there a room for 12 people at 7:30?", "Is there a room for 12 people at 7:30?"),
    ],
)
def test_names_numbers_and_addresses_are_left_out(question: str, kept: str) -> None:
    assert impersonal(question, Details(name="Maria Ramos"), ()) == kept


def test_what_is_said_in_the_same_turn_is_known_too() -> None:
    said = (SetSlot(SlotName.NAME, "Kowalski"),)
    assert impersonal("kowalski here, is there a sauna", Details(), said) == "… here, is there a sauna"
