"""An answer as a model writes it: sentence by sentence, each held against its sources before anybody hears it."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from reception.core.errors import ProviderError, ProviderTimeout
from reception.dialogue.hours import profile_text
from reception.dialogue.language.data import MOST_PASSAGES
from reception.dialogue.language.prompts import NO_ANSWER, answering_messages
from reception.dialogue.language.support import Sources, checked, plain
from reception.dialogue.language.turn import LanguageTurn
from reception.dialogue.replies import split_sentences
from reception.dialogue.terms import content_terms
from reception.dialogue.turn import TurnScene
from reception.ports.answers import Lookup
from reception.ports.dialogue import Say
from reception.ports.knowledge import Passage
from reception.ports.language import ChatMessage, ChatRequest

PART = "answer"
_MOST_TOKENS = 500
_MOST_WRITTEN = 8
"""Sentences read of a model that rambles, those withheld included."""
_LONGEST_UNBROKEN = 1500
"""Characters without the end of a sentence, at which no more is read."""
_CHARS_A_TOKEN = 4
_MOST_BREAKS = 3
_GO_ON = (
    "Your reply was cut off there. Go on with the next sentence as if nothing had happened, and repeat nothing of it. "
    "Write nothing if it was complete."
)
_AFTER_THE_MODEL_S = 0.05
"""A model that writes nothing is given up by its own deadline."""
_MARK_BEHIND = re.compile(r"([.!?])\s*([\[【]\d[^\]】]{0,12}[\]】])")


class WrittenAnswer:
    """One answer being written, by a task of its turn.

    `withheld` counts sentences that nothing stood behind; `kept` are the sentences that stand, all of the answer once
    `finished_s` says when it was. With `whole` the passages are all that is known, and none is left out.
    """

    def __init__(
        self,
        question: str,
        passages: Sequence[Passage],
        scene: TurnScene,
        turn: LanguageTurn,
        *,
        most: int,
        whole: bool = False,
    ) -> None:
        passages = passages if whole else passages[:MOST_PASSAGES]
        self.question = question
        self.withheld = 0
        self.kept: list[Say] = []
        self.finished_s: float | None = None
        self.passages = passages
        self._turn = turn
        self._most = most
        self._sources = Sources(passages, profile_text(scene), f"{question}\n{scene.text}")
        self._request = turn.writing_request(answering_messages(question, passages, scene, most), _MOST_TOKENS)
        self._written = 0
        self._breaks = 0
        self._kept: asyncio.Queue[Say | None] = asyncio.Queue()
        self._task = turn.spawn(self._write())

    @property
    def tokens(self) -> int:
        """How many tokens were read and written; about how many, where the vendor does not tell."""
        usage = self._request.usage
        if usage.read and usage.written:
            return usage.read + usage.written
        read = sum(len(message.text) for message in self._request.messages)
        return (read + sum(len(say.text) for say in self.kept)) // _CHARS_A_TOKEN

    async def first(self) -> Say | None:
        """The first sentence that stands; None when there will be none, or none in time."""
        return await self._next(self._turn.left_s + _AFTER_THE_MODEL_S)

    async def rest(self) -> AsyncIterator[Say]:
        """The sentences after the first, as they come."""
        while (say := await self._next(self._turn.budget_s)) is not None:
            yield say

    async def _next(self, within_s: float) -> Say | None:
        """The next sentence; a model that writes, but too slowly, is given up."""
        try:
            async with asyncio.timeout(within_s):
                return await self._kept.get()
        except TimeoutError:
            self._task.cancel()
            provider = self._turn.model.provider
            self._turn.replaced(PART, ProviderTimeout(provider, f"{provider} wrote too slowly", retryable=True))
            return None

    async def _write(self) -> None:
        try:
            while not await self._read_on():
                self._breaks += 1
            self.finished_s = self._turn.clock.monotonic_s()
        except ProviderError as error:
            self._turn.replaced(PART, error)
        finally:
            self._kept.put_nowait(None)

    async def _read_on(self) -> bool:
        """Read what the model writes, to the end; False when it broke off after it had begun, and may be asked again
        for what is missing. What it had not finished as a sentence is as if it had not been written."""
        read = _Read()
        try:
            async with (
                aclosing(self._turn.model.stream(self._going_on())) as pieces,
                aclosing(_sentences(read.noting(pieces), self._turn)) as sentences,
            ):
                async for sentence in sentences:
                    self._written += 1
                    if NO_ANSWER in sentence:
                        self._turn.did(PART)
                        break
                    self._take(sentence)
                    if len(self.kept) >= self._most or self._written >= _MOST_WRITTEN:
                        break
        except ProviderError as error:
            if not read.pieces or not error.retryable or self._breaks >= _MOST_BREAKS:
                raise
            return False
        return True

    def _going_on(self) -> ChatRequest:
        """The request; for what is missing of the answer once some of it has been said."""
        if not self.kept:
            return self._request
        said = ChatMessage("assistant", " ".join(say.text for say in self.kept))
        messages = (*self._request.messages, said, ChatMessage("user", _GO_ON))
        return replace(self._request, messages=messages, first_s=self._request.gap_s)

    def _take(self, sentence: str) -> bool:
        text = plain(sentence)
        if self._breaks and any(content_terms(text) <= content_terms(say.text) for say in self.kept):
            # Whoever goes on for another may begin again.
            return False
        if text.rstrip("\"')” ").endswith("?") or not content_terms(text):
            # What is asked next is the flow's to say: an answer to anything else could not be understood.
            return False
        say = checked(sentence, self._sources)
        if say is None:
            self.withheld += 1
            return False
        self._turn.did(PART)
        self.kept.append(say)
        self._kept.put_nowait(say)
        return True


@dataclass(slots=True)
class _Read:
    """How many pieces of one request have come."""

    pieces: int = 0

    async def noting(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        async for piece in pieces:
            self.pieces += 1
            yield piece


@dataclass(frozen=True, slots=True)
class Continued:
    """The place in a reply where `answer` goes on, to a question that `lookup` found no answer to at `asked_s`."""

    answer: WrittenAnswer
    lookup: Lookup | None = None
    asked_s: float = 0.0


async def _sentences(pieces: AsyncIterator[str], turn: LanguageTurn) -> AsyncGenerator[str]:
    """`pieces` by whole sentences, each as soon as the next one begins."""
    began_s = turn.clock.monotonic_s()
    text = ""
    async for piece in pieces:
        turn.took_first(began_s)
        text = _MARK_BEHIND.sub(r" \2\1", text + piece)
        if len(text) > _LONGEST_UNBROKEN:
            return
        *whole, begun = split_sentences(text) or ("",)
        if not whole or begun.startswith(("[", "【")):
            # A mark belongs to the sentence before it.
            continue
        for sentence in whole:
            yield sentence
        text = f"{begun} " if text[-1:].isspace() else begun
    for sentence in split_sentences(text):
        yield sentence
