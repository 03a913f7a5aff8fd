"""Written words against spoken ones."""

from hypothesis import given
from hypothesis import strategies as st

from reception.core.speakable import speakable
from reception.core.speakable.alignment import word_ends, words_needed


def test_what_is_spoken_in_more_words_is_said_with_the_last_of_them() -> None:
    written, spoken = (
        "Call (212) 555-0143, or 9 times",
        "Call two one two, five five five, zero one four three, or nine times",
    )
    needed = dict(zip(written.split(), words_needed(written, spoken), strict=True))
    assert needed["Call"] == 1
    assert needed["555-0143,"] == 11
    assert (needed["or"], needed["times"]) == (12, 14)


@given(st.text(alphabet="ab $19.:-(),@/%", max_size=60))
def test_every_word_has_its_place_in_order(text: str) -> None:
    spoken = speakable(text)
    needed = words_needed(text, spoken)
    assert len(needed) == len(word_ends(text)) == len(text.split())
    assert needed == sorted(needed)
    assert all(0 <= count <= len(spoken.split()) for count in needed)
