"""Vendors that listen as one speaks: Deepgram, AssemblyAI, OpenAI's Realtime API."""

import asyncio
import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from reception.core.audio import Encoding, decode
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.ws_vendor import Ear, WsVendor, messages


class Listener(WsVendor):
    """Tells of each word as it comes, and of all when asked to. The first connection breaks `drop_after_words`; an
    answer takes `answers_after_s`."""

    drop_after_words: int | None = None
    answers_after_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.dropped = False
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def talk(self, socket: ServerConnection, request: Request) -> None:
        query = dict(parse_qsl(urlsplit(request.path).query))
        ear, told = self.ear(query), 0
        await self.greet(socket)
        async for message in messages(socket):
            kind = self.take(message, ear)
            if kind == "bye":
                self.goodbyes.append(message)
                return
            if kind == "audio" and self.fault is Fault.GARBAGE:
                await socket.send("<<<\x00 not json")
            if kind == "audio" and self.fault is Fault.HALF_CLOSED and ear.words():
                socket.transport.abort()
                return
            words = ear.words()
            if self.drop_after_words is not None and not self.dropped and len(words) >= self.drop_after_words:
                self.dropped = True
                socket.transport.abort()
                return
            if kind == "audio" and len(words) > told and self.fault is not Fault.SLOW_FIRST_BYTE:
                told = len(words)
                for out in self.interim(ear):
                    await socket.send(out)
            if kind == "flush":
                self.asked.set()
                await self.may_answer.wait()
            if kind == "flush" and self.answers_after_s:
                await asyncio.sleep(self.answers_after_s)
            if kind == "flush" and self.fault not in (Fault.SLOW_FIRST_BYTE, Fault.STALL):
                for out in self.final(ear):
                    await socket.send(out)

    def ear(self, query: dict[str, str]) -> Ear:
        raise NotImplementedError

    async def greet(self, socket: ServerConnection) -> None:
        return None

    def take(self, message: str | bytes, ear: Ear) -> str:
        raise NotImplementedError

    def interim(self, ear: Ear) -> list[str]:
        raise NotImplementedError

    def final(self, ear: Ear) -> list[str]:
        raise NotImplementedError


def _json(told: dict[str, Any]) -> str:
    return orjson.dumps(told).decode()


class DeepgramServer(Listener):
    def check_handshake(self, request: Request) -> None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        assert url.path == "/v1/listen"
        assert request.headers["authorization"] == f"Token {KEY}"
        assert query["model"] == "nova-3"
        assert query["language"] == "en-US"
        assert query["interim_results"] == query["smart_format"] == "true"
        assert query["channels"] == "1"
        assert query["keyterm"] == "Lumen"
        assert (query["encoding"], query["sample_rate"]) in (("mulaw", "8000"), ("linear16", "16000"))

    def ear(self, query: dict[str, str]) -> Ear:
        self._encoding: Encoding = "mulaw" if query["encoding"] == "mulaw" else "pcm_s16le"
        self._settled_ms = 0.0
        return Ear(int(query["sample_rate"]))

    def take(self, message: str | bytes, ear: Ear) -> str:
        if isinstance(message, bytes):
            ear.hear(decode(message, self._encoding))
            return "audio"
        return {"Finalize": "flush", "CloseStream": "bye", "KeepAlive": "alive"}[orjson.loads(message)["type"]]

    def interim(self, ear: Ear) -> list[str]:
        return [self._results(ear, is_final=False)]

    def final(self, ear: Ear) -> list[str]:
        told = self._results(ear, is_final=True)
        self._settled_ms = ear.length_ms
        return [told]

    def _results(self, ear: Ear, *, is_final: bool) -> str:
        words = [word for word in ear.words() if word[1] >= self._settled_ms - 1]
        return _json(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": self._settled_ms / 1000,
                "duration": (ear.length_ms - self._settled_ms) / 1000,
                "is_final": is_final,
                "speech_final": False,
                "from_finalize": is_final,
                "channel": {
                    "alternatives": [
                        {
                            "transcript": " ".join(word for word, _, _ in words),
                            "confidence": 0.97,
                            "words": [
                                {
                                    "word": word,
                                    "punctuated_word": word,
                                    "start": a / 1000,
                                    "end": b / 1000,
                                    "confidence": 0.97,
                                }
                                for word, a, b in words
                            ],
                        }
                    ]
                },
                "metadata": {"request_id": "00000000-0000-4000-8000-000000000000"},
            }
        )


class AssemblyAiServer(Listener):
    def check_handshake(self, request: Request) -> None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        assert url.path == "/v3/ws"
        assert request.headers["authorization"] == KEY
        assert query["speech_model"] == "universal-streaming-english"
        assert query["format_turns"] == "true"
        assert orjson.loads(query["keyterms_prompt"]) == ["Lumen"]
        assert (query["encoding"], query["sample_rate"]) in (("pcm_mulaw", "8000"), ("pcm_s16le", "16000"))

    def ear(self, query: dict[str, str]) -> Ear:
        self._encoding: Encoding = "mulaw" if query["encoding"] == "pcm_mulaw" else "pcm_s16le"
        self._settled_ms, self._turn = 0.0, 0
        return Ear(int(query["sample_rate"]))

    async def greet(self, socket: ServerConnection) -> None:
        await socket.send(
            _json({"type": "Begin", "id": "00000000-0000-4000-8000-000000000000", "expires_at": 1759796682})
        )

    def take(self, message: str | bytes, ear: Ear) -> str:
        if isinstance(message, bytes):
            before_ms = ear.length_ms
            ear.hear(decode(message, self._encoding))
            # Anything else closes the connection with 3007.
            assert 50 <= ear.length_ms - before_ms <= 1000
            return "audio"
        return {"ForceEndpoint": "flush", "Terminate": "bye"}[orjson.loads(message)["type"]]

    def interim(self, ear: Ear) -> list[str]:
        return [self._turn_message(ear, ended=False, formatted=False)]

    def final(self, ear: Ear) -> list[str]:
        if not self._words(ear):
            return []
        told = [self._turn_message(ear, ended=True, formatted=formatted) for formatted in (False, True)]
        self._settled_ms = ear.length_ms
        self._turn += 1
        return told

    def _words(self, ear: Ear) -> list[tuple[str, float, float]]:
        return [word for word in ear.words() if word[1] >= self._settled_ms - 1]

    def _turn_message(self, ear: Ear, *, ended: bool, formatted: bool) -> str:
        words = self._words(ear)
        return _json(
            {
                "type": "Turn",
                "turn_order": self._turn,
                "turn_is_formatted": formatted,
                "end_of_turn": ended,
                "transcript": " ".join(word for word, _, _ in words),
                "end_of_turn_confidence": 0.9,
                "words": [
                    {"text": word, "start": int(a), "end": int(b), "confidence": 0.97, "word_is_final": ended}
                    for word, a, b in words
                ],
            }
        )


class OpenAiRealtimeServer(Listener):
    def check_handshake(self, request: Request) -> None:
        assert request.path == "/v1/realtime?intent=transcription"
        assert request.headers["authorization"] == f"Bearer {KEY}"

    def ear(self, query: dict[str, str]) -> Ear:
        self._item, self._told, self._settled_ms = 0, 0, 0.0
        self._ear = Ear(8000)
        return self._ear

    async def greet(self, socket: ServerConnection) -> None:
        await socket.send(_json({"type": "session.created", "event_id": "e", "session": {"type": "transcription"}}))
        told = orjson.loads(await socket.recv())
        assert told["type"] == "session.update"
        assert told["session"]["type"] == "transcription"
        heard = told["session"]["audio"]["input"]
        assert heard["turn_detection"] is None
        assert heard["transcription"]["model"] == "gpt-4o-mini-transcribe"
        assert heard["transcription"]["language"] == "en"
        assert "Lumen" in heard["transcription"]["prompt"]
        self._encoding: Encoding = "mulaw" if heard["format"]["type"] == "audio/pcmu" else "pcm_s16le"
        assert heard["format"] in ({"type": "audio/pcmu"}, {"type": "audio/pcm", "rate": 24_000})
        self._ear._rate_hz = 8000 if self._encoding == "mulaw" else 24_000

    def take(self, message: str | bytes, ear: Ear) -> str:
        told = orjson.loads(message)
        match told["type"]:
            case "input_audio_buffer.append":
                ear.hear(decode(base64.b64decode(told["audio"]), self._encoding))
                return "audio"
            case "input_audio_buffer.commit":
                return "flush"
        raise AssertionError(told["type"])

    def interim(self, ear: Ear) -> list[str]:
        new = [word for word, _, _ in ear.words()][self._told :]
        self._told += len(new)
        event = "conversation.item.input_audio_transcription.delta"
        return [
            _json({"type": event, "item_id": f"item_{self._item}", "content_index": 0, "delta": f"{word} "})
            for word in new
        ]

    def final(self, ear: Ear) -> list[str]:
        if ear.length_ms - self._settled_ms < 100:
            return [
                _json(
                    {
                        "type": "error",
                        "error": {"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty"},
                    }
                )
            ]
        item = f"item_{self._item}"
        text = " ".join(word for word, start, _ in ear.words() if start >= self._settled_ms - 1)
        self._item += 1
        self._settled_ms = ear.length_ms
        done = "conversation.item.input_audio_transcription.completed"
        return [
            _json({"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": None}),
            _json({"type": done, "item_id": item, "content_index": 0, "transcript": text}),
        ]
