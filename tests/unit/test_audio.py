import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.core.audio import (
    SILENCE_DBFS,
    Encoding,
    Resampler,
    decode,
    encode,
    level_dbfs,
    quiet_tail_ms,
    resample,
)
from reception.core.errors import InvalidInput


def tone(hz: float, rate_hz: int, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    return (np.sin(2 * np.pi * hz * times) * 12000).astype(np.int16)


@pytest.mark.parametrize(
    ("code", "sample"),
    [
        (0x00, -32124),
        (0x80, 32124),
        (0xFF, 0),
        (0x7F, 0),
        (0xFE, 8),
        (0x7E, -8),
        (0x0F, -16764),
        (0xF0, 120),
        (0xEF, 132),
    ],
)
def test_mulaw_decodes_to_the_values_of_the_standard(code: int, sample: int) -> None:
    assert decode(bytes([code]), "mulaw")[0] == sample


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256), (0xC5, 264), (0x80, 5504), (0x00, -5504)],
)
def test_alaw_decodes_to_the_values_of_the_standard(code: int, sample: int) -> None:
    assert decode(bytes([code]), "alaw")[0] == sample


@pytest.mark.parametrize(
    ("sample", "mulaw", "alaw"),
    [
        (0, 0xFF, 0xD5),
        (32767, 0x80, 0xAA),
        (-32768, 0x00, 0x2A),
        (1000, 0xCE, 0xFA),
        (-1000, 0x4E, 0x7A),
        (-1, 0x7F, 0x55),
    ],
)
def test_encodes_to_the_values_of_the_standard(sample: int, mulaw: int, alaw: int) -> None:
    samples = np.array([sample], dtype=np.int16)
    assert encode(samples, "mulaw") == bytes([mulaw])
    assert encode(samples, "alaw") == bytes([alaw])


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_every_code_survives_decoding_and_encoding(encoding: Encoding) -> None:
    codes = bytes(range(256))
    again = decode(encode(decode(codes, encoding), encoding), encoding)
    assert np.array_equal(again, decode(codes, encoding))


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_companding_takes_the_nearest_value(encoding: Encoding) -> None:
    samples = np.arange(-32000, 32000, dtype=np.int16)
    error = np.abs(decode(encode(samples, encoding), encoding).astype(int) - samples)
    assert np.all(error <= np.maximum(np.abs(samples.astype(int)) * 0.05, 8))


@given(st.lists(st.integers(-32768, 32767)))
def test_pcm_survives_unchanged(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    assert np.array_equal(decode(encode(samples, "pcm_s16le"), "pcm_s16le"), samples)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(InvalidInput):
        decode(b"\x00\x01\x02", "pcm_s16le")


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16000), (24000, 8000), (48000, 16000), (44100, 16000)])
def test_streamed_resampling_keeps_the_tone_and_the_length(from_hz: int, to_hz: int) -> None:
    source = tone(440, from_hz, 1.0)
    stream = Resampler(from_hz, to_hz)
    parts = [stream.process(source[at : at + from_hz // 50]) for at in range(0, source.size, from_hz // 50)]
    out = np.concatenate([*parts, stream.process(source[:0], last=True)])
    assert abs(out.size - to_hz) <= 2
    spectrum = np.abs(np.fft.rfft(out.astype(float)))
    assert abs(np.argmax(spectrum) * to_hz / out.size - 440) < 2
    assert np.max(np.abs(out - resample(source, from_hz, to_hz)[: out.size].astype(int))) <= 64


def test_equal_rates_copy_nothing() -> None:
    source = tone(440, 8000, 0.1)
    assert Resampler(8000, 8000).process(source) is source


def test_level() -> None:
    assert level_dbfs(np.zeros(100, np.int16)) == SILENCE_DBFS
    assert level_dbfs(np.zeros(0, np.int16)) == SILENCE_DBFS
    assert level_dbfs(np.full(100, 16384, np.int16)) == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize(("speech_ms", "tail_ms"), [(300, 80), (300, 0), (20, 500)])
def test_the_quiet_after_a_sound_is_measured_through_the_noise_of_the_line(speech_ms: int, tail_ms: int) -> None:
    rate_hz = 8000
    samples = np.random.default_rng(1).normal(0.0, 30.0, (speech_ms + tail_ms) * rate_hz // 1000)
    samples[: speech_ms * rate_hz // 1000] += 6000 * np.sin(np.arange(speech_ms * rate_hz // 1000) * 0.6)
    assert quiet_tail_ms(samples.astype(np.int16), rate_hz) == pytest.approx(tail_ms, abs=5)


def test_audio_that_is_all_quiet_has_no_tail() -> None:
    assert quiet_tail_ms(np.zeros(800, np.int16), 8000) == 0
    assert quiet_tail_ms(np.zeros(0, np.int16), 8000) == 0
