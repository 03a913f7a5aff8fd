import pytest

from reception.providers.clauses import Clause, clauses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sure.", [Clause("Sure.", ends_sentence=True)]),
        ("How many people, please?", [Clause("How many people, please?", ends_sentence=True)]),
        (
            "Thank you for calling Lumen, how can I help you today?",
            [
                Clause("Thank you for calling Lumen,", ends_sentence=False),
                Clause("how can I help you today?", ends_sentence=True),
            ],
        ),
        (
            "Yes. We have parking behind the house, and it is free for all guests.",
            [
                Clause("Yes.", ends_sentence=True),
                Clause("We have parking behind the house, and it is free for all guests.", ends_sentence=True),
            ],
        ),
        ("Ask J. Quill about it.", [Clause("Ask J. Quill about it.", ends_sentence=True)]),
        ("", []),
        ("...", []),
    ],
)
def test_cuts(text: str, expected: list[Clause]) -> None:
    assert clauses(text) == expected


def test_a_list_is_not_cut_after_its_first_word() -> None:
    first = clauses("Well, we have a table for four at seven, at eight, or at nine.")[0]
    assert len(first.text.split()) >= 3


def test_a_long_sentence_is_cut_again_and_nothing_is_lost() -> None:
    text = "We are open " + ", ".join(["from five until ten in the evening"] * 8) + "."
    parts = clauses(text)
    assert len(parts) > 2
    assert " ".join(part.text for part in parts) == text
