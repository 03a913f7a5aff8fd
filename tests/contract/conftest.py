"""The real models, each loaded once for all tests of a run."""

import pytest

from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.tts import HibariTextToSpeech
from reception.providers.embedded.turn import SmartTurn
from reception.providers.embedded.vad import SileroVad


@pytest.fixture(scope="session")
def stt() -> WhisperSpeechToText:
    return WhisperSpeechToText()


@pytest.fixture(scope="session")
def tts() -> HibariTextToSpeech:
    return HibariTextToSpeech()


@pytest.fixture(scope="session")
def vad() -> SileroVad:
    return SileroVad()


@pytest.fixture(scope="session")
def turn_detector() -> SmartTurn:
    return SmartTurn()


@pytest.fixture(scope="session")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()
