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


def test_a_reference_is_read_letter_by_letter() -> None:
    for reference in (new_reference() for _ in range(300)):
        (found,) = find_references(tokenize(f"reference {' '.join(reference)}, please"))
        assert found.value == reference
