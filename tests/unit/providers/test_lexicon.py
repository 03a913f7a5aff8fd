"""How a business wants its words said."""

from collections.abc import AsyncGenerator

import numpy as np

from reception.core.audio import Pcm16
from reception.ports.speech import Voice
from reception.providers.lexicon import PronouncingTextToSpeech


class Remembering:
    provider = "remembering"

    def __init__(self) -> None:
        self.said: list[str] = []

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        self.said.append(text)
        yield np.zeros(1, np.int16)


async def test_whole_words_are_replaced_in_any_case_the_longest_first() -> None:
    inner = Remembering()
    voice = PronouncingTextToSpeech(inner, {"Aoife": "EE-fa", "Aoife's Table": "EE-fas Table", "C++": "see plus plus"})
    async for _ in voice.stream("AOIFE, of Aoife's Table, knows C++ but no Aoifer. $12", Voice(), 8000):
        pass
    assert inner.said == ["EE-fa, of EE-fas Table, knows see plus plus but no Aoifer. $12"]
