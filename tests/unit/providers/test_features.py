import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from reception.providers.embedded.features import MEL_FRAME, MEL_RATE_HZ, LogMel


@pytest.mark.parametrize("seconds", [0, 1, 3, 8])
def test_features_are_those_that_models_were_trained_on(seconds: int) -> None:
    audio = np.full(8 * MEL_RATE_HZ, -0.1, np.float32)
    spoken = seconds * MEL_RATE_HZ
    noise = np.random.default_rng(1).normal(0.0, 1.0, spoken).astype(np.float32)
    audio[audio.size - spoken :] = noise
    expected = FeatureExtractor()(audio, padding=0)[:, : audio.size // MEL_FRAME]  # type: ignore[no-untyped-call]
    found = LogMel()(audio, constant=audio.size - spoken)
    assert found.shape == (80, 800)
    assert np.allclose(found, expected, atol=1e-3)


def test_audio_of_any_length_has_a_frame_each_ten_milliseconds() -> None:
    audio = np.random.default_rng(2).normal(0.0, 0.1, 5 * MEL_FRAME + 7).astype(np.float32)
    assert LogMel()(audio).shape == (80, 5)
