"""Where a voice was when it broke off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.core.speakable.alignment import word_ends
from reception.ports.speech import WordEnd
from reception.providers.resilience.pace import Pace, left_after

MS_PER_CHAR = 60
NUMBER = "five five five zero one two three"
TEXT = f"You can reach us at {NUMBER} until nine this evening."


def pace() -> Pace:
    made = Pace()
    made.learn("x" * 100, 100 * MS_PER_CHAR, 1.0)
    return made


def left(text: str, chars: float) -> str:
    """What is left when so many characters of `text` took as long as they do on the average."""
    return pace().left_of(text, chars * MS_PER_CHAR, 1.0)


@pytest.mark.parametrize(
    ("after", "rest"),
    [
        ("", "The gate closes near midnight."),
        ("The", "gate closes near midnight."),
        ("The ga", "gate closes near midnight."),
        ("The gat", "closes near midnight."),
        ("The gate", "closes near midnight."),
        ("The gate clo", "closes near midnight."),
        ("The gate closes near midnig", "midnight."),
        ("The gate closes near midnight", ""),
        ("The gate closes near midnight.", ""),
    ],
)
def test_a_word_that_broke_off_before_its_last_letter_is_said_again_whole(after: str, rest: str) -> None:
    assert left("The gate closes near midnight.", len(after)) == rest


@given(st.integers(0, len(TEXT)), st.floats(-0.1, 0.1))
def test_no_digit_is_lost_or_said_twice_though_the_voice_was_further_or_less_far_than_reckoned(
    chars: int, off: float
) -> None:
    rest = left(TEXT, chars * (1 + off))
    heard = TEXT[:chars]
    begins = TEXT.index(NUMBER)
    if NUMBER.split()[0] in heard and chars < begins + len(NUMBER):
        # The number has begun, and is said from its beginning, or that and what comes before it.
        assert NUMBER in rest
    elif chars <= begins:
        assert NUMBER in rest


def test_whoever_breaks_off_in_a_number_says_it_again_from_its_beginning() -> None:
    assert left(TEXT, len("You can reach us at five five five ze")).startswith(NUMBER)
    assert left(TEXT, len(TEXT) - len("this evening.")) == "nine this evening."
    assert left("That is seven thirty p m on the second.", len("That is seven thir")).startswith("seven thirty p m on")
    assert left("Room 1204, please.", len("Room 12")) == "1204, please."


@pytest.mark.parametrize("text", [TEXT, "You need not reserve any space.", "The gate closes near midnight."])
def test_of_a_voice_that_keeps_no_even_pace_a_word_is_said_again_rather_than_lost(text: str) -> None:
    """Each word takes a third of a second, however long."""
    made = Pace()
    for said in ("We are open every day from noon.", "Breakfast is served between seven and ten.", "I am.", TEXT) * 5:
        made.learn(said, 333 * len(said.split()), 1.0)
    words = text.split()
    for said_whole in range(len(words) + 1):
        rest = made.left_of(text, 333 * said_whole, 1.0).split()
        assert len(rest) >= len(words) - said_whole
        assert words[len(words) - len(rest) :] == rest


def test_words_whose_times_are_told_need_no_reckoning() -> None:
    # Each word takes half a second, however long it is.
    told = [WordEnd(chars, 4000 * number) for number, chars in enumerate(word_ends(TEXT), start=1)]
    words = TEXT.split()
    for said in range(len(words) + 1):
        assert left_after(TEXT, told, 4000 * said + 1000, 8000) == " ".join(words[said:])
        assert left_after(TEXT, told, max(0, 4000 * said - 240), 8000) == " ".join(words[said:])
