"""How a business wants its words said."""

from collections.abc import AsyncGenerator

import numpy as np

from reception.core.audio import Pcm16
from reception.core.speakable.alignment import word_ends
from reception.ports.speech import Voice, WordEnd
from reception.providers.lexicon import PronouncingTextToSpeech


class Remembering:
    provider = "remembering"

    def __init__(self) -> None:
        self.said: list[str] = []

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        self.said.append(text)
        yield np.zeros(1, np.int16)

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> list[WordEnd]:
        return [WordEnd(chars, 100 * index) for index, chars in enumerate(word_ends(text), 1)]


async def test_whole_words_are_replaced_in_any_case_the_longest_first() -> None:
    inner = Remembering()
    voice = PronouncingTextToSpeech(inner, {"Aoife": "EE-fa", "Aoife's Table": "EE-fas Table", "C++": "see plus plus"})
    async for _ in voice.stream("AOIFE, of Aoife's Table, knows C++ but no Aoifer. $12", Voice(), 8000):
        pass
    assert inner.said == ["EE-fa, of EE-fas Table, knows see plus plus but no Aoifer. $12"]


def test_when_a_word_is_said_in_others_it_ends_with_the_last_of_them() -> None:
    voice = PronouncingTextToSpeech(Remembering(), {"C++": "see plus plus"})
    text = "I know C++ well"
    ends = voice.word_ends(text, Voice(), 8000)
    assert [(text[: end.chars].split()[-1], end.sample) for end in ends] == [
        ("I", 100),
        ("know", 200),
        ("C++", 500),
        ("well", 600),
    ]
