"""When one answer serves two questions, and when an answer may serve anybody but the one who asked."""

from pathlib import Path

import pytest

from reception.dialogue.likeness import NEAR_ENOUGH, normalised, same_question, serves_others

PAIRS = Path(__file__).parents[2] / "integration" / "pairs"


def pairs(name: str) -> list[tuple[str, str]]:
    lines = (PAIRS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(one.strip(), other.strip()) for one, _, other in (line.partition("|") for line in lines)]


def test_no_near_miss_is_taken_for_the_same_however_near_its_meaning_is() -> None:
    near = pairs("near_misses")
    assert len(near) >= 200
    for one, other in near:
        assert not same_question(one, other, 1.0), (one, other)
        assert not same_question(other, one, 1.0), (one, other)


def test_most_ways_to_ask_the_same_are_taken_for_the_same() -> None:
    same = [same_question(one, other, 1.0) for one, other in pairs("paraphrases")]
    assert len(same) >= 200
    assert sum(same) / len(same) >= 0.85


def test_the_same_words_about_something_far_are_not_the_same() -> None:
    assert not same_question("Do you have parking?", "Is there parking?", NEAR_ENOUGH - 0.01)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How much is the soup?", "um how much is the soup please"),
        ("What's the Wi-Fi password?", "what is the wifi password"),
        ("Do you have parking", "Hello, can you tell me do you have parking?"),
    ],
)
def test_courtesies_case_and_marks_do_not_count(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    "question",
    [
        "Is my table ready?",
        "When is my appointment?",
        "Did I leave my scarf with you?",
        "Can you change the booking of ann@example.com?",
        "Is there a message for 212 555 0142?",
        "Has AB12CD been confirmed?",
        "Are you open today?",
        "Is the pool open right now?",
        "How much is it?",
        "What about Sundays?",
        "And for children?",
        "",
    ],
)
def test_what_is_personal_passing_or_leans_on_what_was_said_serves_nobody_else(question: str) -> None:
    assert not serves_others(question)


@pytest.mark.parametrize("question", ["Is parking free?", "How much is the tomato soup?", "Can I bring my dog?"])
def test_what_anybody_may_ask_serves_others(question: str) -> None:
    assert serves_others(question)
