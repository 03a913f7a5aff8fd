"""Utterances for a call: WAV files, and text spoken by the embedded voice."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reception.core.audio import resample
from reception.core.errors import InvalidInput
from reception.ports.audio import Pcm16
from reception.ports.speech import TextToSpeech, Voice


def read_wav(path: Path, rate_hz: int) -> Pcm16:
    """The first channel of a 16-bit WAV file, at `rate_hz`.

    Raises:
        InvalidInput: the file is missing, is no WAV file or has another sample size.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise InvalidInput(f"{path} has {8 * file.getsampwidth()}-bit samples; 16-bit is needed")
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            mono: Pcm16 = samples.reshape(-1, file.getnchannels())[:, 0].astype(np.int16)
            return resample(mono, file.getframerate(), rate_hz)
    except (OSError, EOFError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    except wave.Error as error:
        raise InvalidInput(f"{path} is not a WAV file: {error}") from error


async def speak_all(tts: TextToSpeech, texts: Sequence[str], rate_hz: int) -> list[Pcm16]:
    """Each text spoken in full, at `rate_hz`."""
    spoken: list[Pcm16] = []
    for text in texts:
        clauses = [clause async for clause in tts.stream(text, Voice(), rate_hz)]
        spoken.append(np.concatenate(clauses) if clauses else np.zeros(0, dtype=np.int16))
    return spoken
