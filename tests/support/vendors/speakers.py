"""Vendors' voices: ElevenLabs, Deepgram Aura, Google, Amazon Polly."""

import base64
import re
from urllib.parse import parse_qsl, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from reception.core.audio import Encoding, encode
from reception.providers.wire import wav_bytes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor
from tests.support.vendors.openai_like import cut, tone
from tests.support.vendors.ws_vendor import WsVendor


class ElevenLabsServer(WsVendor):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def check_handshake(self, request: Request) -> None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        assert re.fullmatch(r"/v1/text-to-speech/[A-Za-z0-9]+/stream-input", url.path)
        assert request.headers["xi-api-key"] == KEY
        assert query["model_id"] == self.model
        assert query["language_code"] == "en"
        assert query["output_format"] in ("ulaw_8000", "pcm_16000", "pcm_24000")

    async def talk(self, socket: ServerConnection, request: Request) -> None:
        first = orjson.loads(await socket.recv())
        assert first["text"] == " "
        assert first["voice_settings"]["speed"] == 1.0
        said = orjson.loads(await socket.recv())
        assert said["flush"] is True
        assert said["text"].endswith(" ")
        assert orjson.loads(await socket.recv()) == {"text": ""}
        form, _, rate = dict(parse_qsl(urlsplit(request.path).query))["output_format"].partition("_")
        audio = encode(tone(said["text"][:-1], int(rate)), "mulaw" if form == "ulaw" else "pcm_s16le")
        assert dict(parse_qsl(urlsplit(request.path).query))["sync_alignment"] == "true"
        bytes_a_char = len(audio) // len(said["text"][:-1])
        await self._answer(socket, cut(audio), said["text"], bytes_a_char)

    async def _answer(self, socket: ServerConnection, pieces: list[bytes], text: str, bytes_a_char: int) -> None:
        at = 0
        if self.fault is Fault.GARBAGE:
            await socket.send("<<<\x00 not json")
        if self.fault is not Fault.SLOW_FIRST_BYTE:
            for number, piece in enumerate(pieces):
                if number == len(pieces) // 2:
                    if self.fault is Fault.HALF_CLOSED:
                        socket.transport.abort()
                        return
                    if self.fault is Fault.STALL:
                        break
                    if self.fault is Fault.GATED:
                        await self.gate.wait()
                begun = range(-(-at // bytes_a_char), -(-(at + len(piece)) // bytes_a_char))
                starts = [60 * (number * bytes_a_char - at) / bytes_a_char for number in begun]
                alignment = {
                    "chars": [*text[begun.start : begun.stop]],
                    "charStartTimesMs": starts,
                    "charDurationsMs": [60] * len(begun),
                }
                at += len(piece)
                told = {"audio": base64.b64encode(piece).decode(), "isFinal": None, "alignment": alignment}
                await socket.send(orjson.dumps(told).decode())
            else:
                await socket.send('{"audio":null,"isFinal":true}')
        await socket.wait_closed()


class DeepgramSpeakServer(HttpVendor):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def answer(self, asked: Asked) -> Answer:
        assert (asked.method, asked.path) == ("POST", "/v1/speak")
        assert asked.headers["authorization"] == f"Token {KEY}"
        assert asked.query["model"] == self.model
        assert asked.query["container"] == "none"
        assert asked.query["encoding"] == ("mulaw" if asked.query["sample_rate"] == "8000" else "linear16")
        assert list(asked.json()) == ["text"]
        encoding: Encoding = "mulaw" if asked.query["encoding"] == "mulaw" else "pcm_s16le"
        audio = tone(asked.json()["text"], int(asked.query["sample_rate"]))
        return Answer("audio/mulaw", cut(encode(audio, encoding)), {"dg-request-id": "r"})


class GoogleSpeakServer(HttpVendor):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def answer(self, asked: Asked) -> Answer:
        assert (asked.method, asked.path) == ("POST", "/v1/text:synthesize")
        assert asked.headers["x-goog-api-key"] == KEY
        told = asked.json()
        assert told["voice"] == {"languageCode": "en-US", "name": self.model}
        assert told["audioConfig"]["audioEncoding"] == "LINEAR16"
        assert told["audioConfig"]["speakingRate"] == 1.0
        rate_hz = told["audioConfig"]["sampleRateHertz"]
        content = base64.b64encode(wav_bytes(tone(told["input"]["text"], rate_hz), rate_hz)).decode()
        return Answer("application/json", [orjson.dumps({"audioContent": content})])


class PollyServer(HttpVendor):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def answer(self, asked: Asked) -> Answer:
        assert (asked.method, asked.path) == ("POST", "/v1/speech")
        signed = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([\w-]+)/\d{8}/[a-z0-9-]+/polly/aws4_request, "
            r"SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}",
            asked.headers["authorization"],
        )
        assert signed is not None
        assert signed[1] == KEY.partition(":")[0]
        told = asked.json()
        assert told["Engine"] == self.model
        assert told["OutputFormat"] == "pcm"
        assert told["VoiceId"] == "Joanna"
        assert told["SampleRate"] in ("8000", "16000")
        return Answer("audio/pcm", cut(tone(told["Text"], int(told["SampleRate"])).tobytes()))
