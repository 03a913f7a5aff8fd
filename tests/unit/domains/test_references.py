"""The reference that a guest quotes."""

import pytest

from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.references import find_references
from reception.domains.reservations.guests import new_reference


@pytest.mark.parametrize("quoted", ["I have a booking, reference {}, can we move it?", "it's {}", "{}"])
def test_a_reference_is_read_wherever_it_is_quoted(quoted: str) -> None:
    for reference in (new_reference() for _ in range(300)):
        (found,) = find_references(tokenize(quoted.format(reference)))
        assert found.value == reference


@pytest.mark.parametrize("reference", ["2X5TMR", "TMR4MT", "MMM84Z", "T54PPL", "JD9PLZ"])
def test_letters_of_a_reference_are_no_words(reference: str) -> None:
    for quoted in (reference, f"it's {reference.lower()}"):
        (found,) = find_references(tokenize(quoted))
        assert found.value == reference
    assert [token.word for token in tokenize("123ppl tmr")] == ["123", "people", "tomorrow"]


def test_a_reference_is_read_letter_by_letter() -> None:
    for reference in (new_reference() for _ in range(300)):
        (found,) = find_references(tokenize(f"reference {' '.join(reference)}, please"))
        assert found.value == reference
