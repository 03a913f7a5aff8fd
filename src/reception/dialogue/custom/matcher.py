"""Which of an agent's own intents a caller's words are nearest to."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
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

_MOST_AGENTS = 128
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
        self._known: OrderedDict[tuple[UUID, int], _Embedded] = OrderedDict()

    async def best(self, text: str, context: CustomContext) -> Match | None:
        """The nearest intent, None where the agent has none or nothing can be told."""
        intents = context.definition.intents
        words = _essence(text)
        if not intents or not words or len(words.split()) > _LONGEST_WORDS:
            return None
        quoted = _quoted(words, intents)
        if quoted is not None:
            return Match(quoted, 1.0, 1.0)
        try:
            examples = await self._examples(context)
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

    async def _examples(self, context: CustomContext) -> _Embedded:
        key = (context.agent_id, context.version)
        known = self._known.get(key)
        if known is None:
            pairs = [(i, text) for i, intent in enumerate(context.definition.intents) for text in intent.examples]
            known = _Embedded(tuple(i for i, _ in pairs), await self._embedder.embed([text for _, text in pairs]))
            self._known[key] = known
            while len(self._known) > _MOST_AGENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known


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
