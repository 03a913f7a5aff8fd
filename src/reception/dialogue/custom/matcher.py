"""Which of an agent's own intents a caller's words are nearest to."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.errors import ProviderError, Unavailable
from reception.core.telemetry import PROVIDER_FAILED
from reception.dialogue.custom.context import CustomContext
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.ports.definition import IntentDefinition
from reception.ports.speech import Embedder

_log = structlog.get_logger(__name__)

_Key: TypeAlias = tuple[UUID, int]

_MOST_AGENTS = 128
_WAITS_FOR_EXAMPLES_S = 1.0
"""The first call of a new version of an agent with hundreds of examples may come before they are embedded."""
_LONGEST_WORDS = 40
_MOST_PIECES = 4
_SHORTEST_QUOTED = 2
"""Words of an example that is believed wherever it occurs in what was said."""
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|,\s*(?:and|but|so)\s+", re.IGNORECASE)
_POLITE = re.compile(
    r"\b(?:hi|hello|hey|good (?:morning|afternoon|evening)|please|thanks|thank you|i would like to|i want to|i need to|"
    r"can you|could you|can i|could i|may i|i would like|just|the|a|an|my|to)\b"
)


@dataclass(frozen=True, slots=True)
class Match:
    """`score` is a cosine, 1 for an example word by word; `margin` how much nearer it is than any other intent."""

    intent: IntentDefinition
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class _Embedded:
    labels: tuple[int, ...]
    vectors: NDArray[np.float32]


class IntentMatcher:
    """Embeds the examples of each version of an agent once. Without an embedder that answers, words alone decide."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[_Key, _Embedded] = OrderedDict()
        self._embedding: dict[_Key, asyncio.Task[None]] = {}

    def prepare(self, context: CustomContext) -> None:
        """Begin to embed the examples, if that is still to be done."""
        key = (context.agent_id, context.version)
        if not context.definition.intents or key in self._known or key in self._embedding:
            return
        task = asyncio.create_task(self._embed(key, context.definition.intents), name="embed-examples")
        self._embedding[key] = task
        task.add_done_callback(lambda _: self._embedding.pop(key, None))

    async def aclose(self) -> None:
        """Give up what is being embedded."""
        tasks = tuple(self._embedding.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def quoted(self, text: str, context: CustomContext) -> Match | None:
        """The intent of which `text` holds an example word by word."""
        words = _essence(text)
        found = _quoted(words, context.definition.intents) if 0 < len(words.split()) <= _LONGEST_WORDS else None
        return None if found is None else Match(found, 1.0, 1.0)

    async def nearest(self, text: str, context: CustomContext) -> Match | None:
        """The intent that is nearest in meaning; None where the agent has none, or nothing can be told in time."""
        intents = context.definition.intents
        if not intents or not 0 < len(text.split()) <= _LONGEST_WORDS:
            return None
        examples = await self._examples(context)
        if examples is None:
            return None
        try:
            vectors = await self._embedder.embed(_pieces(text))
        except (ProviderError, Unavailable) as error:
            _log.warning(PROVIDER_FAILED, code=error.code, provider=self._embedder.model)
            return None
        scores = (vectors @ examples.vectors.T).max(axis=0)
        best = np.full(len(intents), -1.0)
        np.maximum.at(best, list(examples.labels), scores)
        ranked = np.argsort(-best)
        second = float(best[ranked[1]]) if len(ranked) > 1 else 0.0
        score = float(best[ranked[0]])
        return Match(intents[int(ranked[0])], score, score - second)

    async def _examples(self, context: CustomContext) -> _Embedded | None:
        key = (context.agent_id, context.version)
        self.prepare(context)
        task = self._embedding.get(key)
        if task is not None:
            await asyncio.wait({task}, timeout=_WAITS_FOR_EXAMPLES_S)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        return known

    async def _embed(self, key: _Key, intents: Sequence[IntentDefinition]) -> None:
        pairs = [(index, text) for index, intent in enumerate(intents) for text in intent.examples]
        try:
            vectors = await self._embedder.embed([text for _, text in pairs])
        except (ProviderError, Unavailable) as error:
            _log.warning(PROVIDER_FAILED, code=error.code, provider=self._embedder.model)
            return
        self._known[key] = _Embedded(tuple(index for index, _ in pairs), vectors)
        while len(self._known) > _MOST_AGENTS:
            self._known.popitem(last=False)


def _pieces(text: str) -> list[str]:
    """The whole, and its sentences where there are several."""
    sentences = [part for part in _SENTENCE_END.split(text) if len(part.split()) > 1]
    return [text, *sentences[:_MOST_PIECES]] if len(sentences) > 1 else [text]


def _quoted(words: str, intents: Sequence[IntentDefinition]) -> IntentDefinition | None:
    for intent in intents:
        for example in intent.examples:
            essence = _essence(example)
            if essence == words:
                return intent
            if len(essence.split()) >= _SHORTEST_QUOTED and f" {essence} " in f" {words} ":
                return intent
    return None


def _essence(text: str) -> str:
    """The words without those that every wish begins with."""
    words = words_of(tokenize(text))
    return " ".join(_POLITE.sub(" ", words).split()) or words
