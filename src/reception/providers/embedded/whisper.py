"""One Whisper model, called directly with windows as short as the speech allows."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray
from tokenizers import Tokenizer as VocabularyTokenizer

from reception.providers.embedded.features import MEL_RATE_HZ, LogMel

FULL_WINDOW_S = 30.0
"""What Whisper was trained on; always right, and five to eight times slower than a window that fits the speech."""

LONGEST_S = FULL_WINDOW_S - 2.0
"""Longer speech has to be cut by the caller."""

_RUNTIME: Any = ctranslate2
_MIN_WINDOW_S = 8.0
_TAIL_S = 3.0
_PROMPT_TOKENS = 120
_TOKENS_PER_S = 10
_TOKENS_SPARE = 16
_MAX_TOKENS = 440


@dataclass(frozen=True, slots=True)
class Heard:
    """`log_probability` is the mean over tokens, `no_speech` the model's own probability that nobody spoke.

    `looping` says that the text repeats itself as the model does when its window is too short for it; `overrun` that
    it went on for longer than anyone could have spoken.
    """

    text: str
    log_probability: float
    no_speech: float
    looping: bool
    overrun: bool = False


class Whisper:
    """Blocking, and safe to call from `workers` threads at once."""

    def __init__(self, directory: Path, *, threads: int, workers: int) -> None:
        self._model = _RUNTIME.models.Whisper(
            str(directory), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=workers
        )
        vocabulary = VocabularyTokenizer.from_file(str(directory / "tokenizer.json"))
        self._tokenizer = Tokenizer(vocabulary, self._model.is_multilingual, task="transcribe", language="en")
        self._features = LogMel()

    def hear(self, audio: NDArray[np.float32], prompt: str, *, window_s: float | None = None) -> Heard:
        """Transcribe `audio`, at 16 kHz and full scale 1.0, of at most `LONGEST_S`. `prompt` is text that might have
        come before. `window_s` defaults to the length plus three seconds, at least eight."""
        length_s = audio.size / MEL_RATE_HZ
        window = window_s or min(max(_MIN_WINDOW_S, length_s + _TAIL_S), FULL_WINDOW_S)
        padded = np.pad(audio, (0, max(0, int(window * MEL_RATE_HZ) - audio.size)))
        features = self._features(padded)[None]
        tokens = self._prompt(prompt)
        budget = min(int(length_s * _TOKENS_PER_S) + _TOKENS_SPARE, _MAX_TOKENS - len(tokens))
        result = self._model.generate(
            _RUNTIME.StorageView.from_array(features),
            [tokens],
            beam_size=1,
            max_length=len(tokens) + budget,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        spoken = result.sequences_ids[0]
        text = self._tokenizer.decode(spoken).strip()
        return Heard(
            text=text,
            log_probability=result.scores[0] * len(spoken) / (len(spoken) + 1),
            no_speech=result.no_speech_prob,
            looping=len(spoken) >= budget or repeats(text),
            overrun=len(spoken) >= budget,
        )

    def _prompt(self, prompt: str) -> list[int]:
        start = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        if not prompt:
            return start
        before = self._tokenizer.encode(f" {prompt}")[-_PROMPT_TOKENS:]
        return [self._tokenizer.sot_prev, *before, *start]


_DIGITS = frozenset(
    (*"0123456789", "oh", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)
_WORD = re.compile(r"[\w']+")


def repeats(text: str) -> bool:
    """Whether the same three or more words, or one word four times, come directly after each other. Digits may."""
    return _first_repetition(_WORD.findall(text.lower())) is not None


def without_repetition(text: str) -> str:
    """`text` up to where it first starts to repeat itself."""
    matches = list(_WORD.finditer(text))
    found = _first_repetition([match.group().lower() for match in matches])
    return text if found is None else text[: matches[found - 1].end()]


def _first_repetition(words: list[str]) -> int | None:
    """Where the second round of a repetition starts: an index into `words`."""
    for start in range(len(words)):
        if words[start] not in _DIGITS and words[start : start + 4] == [words[start]] * 4:
            return start + 1
        for length in range(3, (len(words) - start) // 2 + 1):
            if words[start : start + length] == words[start + length : start + 2 * length]:
                return start + length
    return None
