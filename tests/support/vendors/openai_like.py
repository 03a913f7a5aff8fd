"""OpenAI's API and Groq's, as far as speech and embeddings go, and Google's transcription."""

import base64
import io
import wave

import numpy as np
import orjson

from reception.core.audio import Pcm16
from tests.support.vendors.faults import KEY
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor

SAID = "A table for two, please."
PIECES = 6


def tone(text: str, rate_hz: int) -> Pcm16:
    """What a voice makes of `text` in these tests: 60 ms a character, each piece of it another level, so that order
    shows."""
    samples = len(text) * rate_hz * 60 // 1000
    return np.repeat(np.arange(1, PIECES + 1, dtype=np.int16) * 1000, -(-samples // PIECES))[:samples]


def cut(data: bytes) -> list[bytes]:
    """`data` in pieces of odd lengths, as networks cut it."""
    step = len(data) // PIECES // 2 * 2 + 1
    return [data[start : start + step] for start in range(0, len(data), step)]


class OpenAiServer(HttpVendor):
    """`model` is the one that must be asked for."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model
        self.verbose = "whisper" in model
        self.rate_limit: dict[str, str] = {}

    def answer(self, asked: Asked) -> Answer:
        assert asked.method == "POST"
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        match asked.path:
            case "/audio/transcriptions":
                return self._transcription(asked)
            case "/audio/speech":
                return self._speech(asked)
            case "/embeddings":
                return self._embeddings(asked)
        raise AssertionError(asked.path)

    def _transcription(self, asked: Asked) -> Answer:
        form = asked.form()
        assert form["model"] == self.model.encode()
        assert form["language"] == b"en"
        assert b"Lumen" in form["prompt"]
        assert form["response_format"] == (b"verbose_json" if self.verbose else b"json")
        with wave.open(io.BytesIO(form["file"])) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
            assert file.getnframes() > 800
        told: dict[str, object] = {"text": f" {SAID}"}
        if self.verbose:
            told["segments"] = [{"text": f" {SAID}", "avg_logprob": -0.2, "no_speech_prob": 0.01}]
        return Answer("application/json", [orjson.dumps(told)], self.rate_limit)

    def _speech(self, asked: Asked) -> Answer:
        told = asked.json()
        assert told["model"] == self.model
        assert told["response_format"] == "pcm"
        assert told["speed"] == 1.0
        assert isinstance(told["voice"], str)
        assert told["voice"] not in ("", "heart")
        return Answer("audio/pcm", cut(tone(told["input"], 24_000).tobytes()))

    def _embeddings(self, asked: Asked) -> Answer:
        told = asked.json()
        assert told["model"] == self.model
        assert told["dimensions"] == 384
        rows = [
            {"object": "embedding", "index": index, "embedding": [float(len(text)), *[0.5] * 383]}
            for index, text in enumerate(told["input"])
        ]
        body = orjson.dumps({"object": "list", "data": rows[::-1], "usage": {"prompt_tokens": 9, "total_tokens": 9}})
        return Answer("application/json", [body])


class GroqServer(OpenAiServer):
    """Orpheus: WAV of a length that nobody knows yet, and a refusal beyond 200 characters."""

    def _speech(self, asked: Asked) -> Answer:
        told = asked.json()
        assert told["model"] == self.model
        assert told["response_format"] == "wav"
        assert 0 < len(told["input"]) <= 200
        head = io.BytesIO()
        with wave.open(head, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(b"")
        streamed = head.getvalue()[:-4] + b"\xff\xff\xff\xff"
        return Answer("audio/wav", cut(streamed + tone(told["input"], 48_000).tobytes()))


class GoogleListenServer(HttpVendor):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def answer(self, asked: Asked) -> Answer:
        assert (asked.method, asked.path) == ("POST", "/v1/speech:recognize")
        assert asked.headers["x-goog-api-key"] == KEY
        told = asked.json()
        assert told["config"]["encoding"] == "LINEAR16"
        assert told["config"]["sampleRateHertz"] == 8000
        assert told["config"]["languageCode"] == "en-US"
        assert told["config"]["model"] == self.model
        assert told["config"]["speechContexts"] == [{"phrases": ["Lumen", "Ada"]}]
        assert len(base64.b64decode(told["audio"]["content"])) == 16_000
        result = {"alternatives": [{"transcript": f" {SAID}", "confidence": 0.95}], "languageCode": "en-us"}
        return Answer("application/json", [orjson.dumps({"results": [result], "totalBilledTime": "1s"})])
