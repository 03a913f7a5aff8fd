import pytest

from reception.providers.embedded.whisper import repeats, without_repetition


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("Yes. Yes. Yes. Yes. Yes.", "Yes"),
        ("That's right, sir. That's right, sir. That", "That's right, sir"),
        ("I want a table I want a table I want", "I want a table"),
    ],
)
def test_a_loop_is_noticed_and_cut(text: str, once: str) -> None:
    assert repeats(text)
    assert without_repetition(text) == once


@pytest.mark.parametrize(
    "text", ["", "No, no, no!", "Yes yes.", "four one five five five five", "a table for two for two"]
)
def test_what_people_say_twice_is_left_alone(text: str) -> None:
    assert not repeats(text)
    assert without_repetition(text) == text
