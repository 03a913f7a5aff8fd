"""Passages keep together what belongs together, and lose nothing."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reception.domains.knowledge.chunking import TARGET_CHARS, Chunk, chunk
from reception.domains.knowledge.search import any_of

WORDS = re.compile(r"\w+")


def test_headings_give_the_path() -> None:
    text = "# Visit us\nWelcome, all year round.\n\n## Parking ##\nThere is a lot.\n\n# Menu\nSoup."
    assert chunk(text) == [
        Chunk("Visit us", "Welcome, all year round."),
        Chunk("Visit us > Parking", "There is a lot."),
        Chunk("Menu", "Soup."),
    ]


def test_a_question_stays_with_its_answer() -> None:
    text = (
        "Q: Is there parking?\nA: Yes, behind the house.\n\n"
        "**Q: Do you take dogs?**\n\nA: Small ones.\n\nOn a lead, please.\n\n"
        "**Can I bring my own cake?**\n\nYou may, for a fee of $3 a slice."
    )
    assert [piece.text for piece in chunk(text)] == [
        "Q: Is there parking?\nA: Yes, behind the house.",
        "**Q: Do you take dogs?**\nA: Small ones.\nOn a lead, please.",
        "**Can I bring my own cake?**\nYou may, for a fee of $3 a slice.",
    ]


def test_each_row_of_a_table_names_its_columns() -> None:
    text = "## Rooms\n\n| Room | Rate | Sleeps |\n|:---|---:|:-:|\n| **Garden** | $180 | 2 |\n| Harbor | $240 | |\n"
    assert chunk(text) == [
        Chunk("Rooms", "Room: Garden; Rate: $180; Sleeps: 2.", "", {"room": "Garden", "price": 180.0, "sleeps": 2.0}),
        Chunk("Rooms", "Room: Harbor; Rate: $240.", "", {"room": "Harbor", "price": 240.0}),
    ]


def test_a_list_stays_with_what_introduces_it() -> None:
    text = "We serve:\n\n- soup\n- fish\n\nThe kitchen closes at ten on weekdays and at eleven on Saturdays."
    assert [piece.text for piece in chunk(text)] == [
        "We serve:\n- soup\n- fish",
        "The kitchen closes at ten on weekdays and at eleven on Saturdays.",
    ]


def test_long_paragraphs_are_cut_at_sentence_ends() -> None:
    sentence = "The ferry to the island leaves from the north pier every second hour until dusk."
    pieces = chunk(" ".join([sentence] * 30))
    assert len(pieces) > 2
    assert all(piece.text.endswith("dusk.") and len(piece.text) <= TARGET_CHARS for piece in pieces)


def test_a_hash_in_code_is_no_heading() -> None:
    assert [piece.heading for piece in chunk("# Real\n```\n# not one\n```\n")] == ["Real"]


def test_headings_alone_are_nothing() -> None:
    assert chunk("# One\n\n## Two\n") == []
    assert chunk(" \n\t\n") == []


@given(st.text(alphabet="ab .?!:\n#|-*Q1", max_size=1500))
def test_passages_are_short_and_never_empty(text: str) -> None:
    for piece in chunk(text):
        assert piece.text.strip()
        assert len(piece.text) <= 2 * TARGET_CHARS


@given(st.lists(st.text(alphabet="abc xyz.?", min_size=1, max_size=900), max_size=6))
def test_no_word_of_plain_paragraphs_is_lost_or_added(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    unbroken = "".join("".join(WORDS.findall(piece.text)) for piece in chunk(text))
    assert unbroken == "".join(WORDS.findall(text))


def test_any_word_of_a_question_is_enough() -> None:
    words = any_of("Do you have parking -- or a 'garage'?").split(" or ")
    assert {"do", "you", "have", "parking", "a", "garage"} <= set(words)
    assert any_of("?!") == ""
    assert any_of("a " * 5000) == "a"
