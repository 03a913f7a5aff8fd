"""Google Cloud Speech: the service itself by its own protocol's types, over gRPC."""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Self

import jwt
import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.flaky_network import flaky_network
from tests.support.vendors.faults import KEY, RETRY_AFTER_S, Fault
from tests.support.vendors.ws_vendor import Ear

_METHOD = ("google.cloud.speech.v1.Speech", "StreamingRecognize")
_SILENT = (Fault.SLOW_FIRST_BYTE, Fault.STALL)


class ServiceAccount:
    """One with a key of its own, made for the test."""

    email = "reception@example-project.iam.gserviceaccount.com"
    key_id = "0123456789abcdef"

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def key_file(self) -> str:
        """As the vendor gives it out."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        told = {
            "type": "service_account",
            "project_id": "example-project",
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "100000000000000000000",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        return json.dumps(told)

    def check(self, token: str) -> None:
        """That it signed `token`, for the vendor's service, for an hour at most, whatever the time is."""
        claims = jwt.decode(
            token,
            self._private.public_key(),
            algorithms=["RS256"],
            audience="https://speech.googleapis.com/",
            issuer=self.email,
            options={"verify_iat": False, "verify_exp": False},
        )
        assert claims["sub"] == self.email
        assert 0 < claims["exp"] - claims["iat"] <= 3600
        assert jwt.get_unverified_header(token)["kid"] == self.key_id


class GoogleSpeechServer:
    """Tells of each word as it comes, and of all at the end of a request. The first request breaks `drop_after_words`;
    with `ends_after_words` the vendor finds an end by itself there, and goes on. A request may hold `longest_ms`. With
    `account` it takes tokens of that service account alone, which it keeps in `tokens`, and else the one key."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.complaints: list[str] = []
        self.goodbyes: list[str] = []
        self.drop_after_words: int | None = None
        self.ends_after_words: int | None = None
        self.longest_ms = 305_000.0
        self.account: ServiceAccount | None = None
        self.tokens: list[str] = []
        self.dropped = False
        self.requests = 0
        self._grpc = importlib.import_module("grpc")
        self._aio = importlib.import_module("grpc.aio")
        self._types = importlib.import_module("google.cloud.speech_v1.types")

    @property
    def base_url(self) -> str:
        return self._network.url

    def break_connections(self) -> None:
        """Every connection that there is breaks, without a word."""
        self._network.fail()

    async def __aenter__(self) -> Self:
        self._server = self._aio.server()
        handler = self._grpc.stream_stream_rpc_method_handler(
            self._answer,
            request_deserializer=self._types.StreamingRecognizeRequest.deserialize,
            response_serializer=self._serialized,
        )
        self._server.add_generic_rpc_handlers(
            (self._grpc.method_handlers_generic_handler(_METHOD[0], {_METHOD[1]: handler}),)
        )
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._between = flaky_network(f"http://127.0.0.1:{port}")
        self._network = await self._between.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._between.__aexit__(None, None, None)
        await self._server.stop(0)
        assert not self.complaints, self.complaints

    def _serialized(self, answer: Any) -> bytes:
        if answer is Fault.GARBAGE:
            return b"\x00<<<\xff"
        data: bytes = self._types.StreamingRecognizeResponse.serialize(answer)
        return data

    async def _answer(self, messages: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.requests += 1
        self.reached.set()
        try:
            async for answer in self._talk(messages, context):
                yield answer
        except (AssertionError, KeyError, ValueError) as wrong:
            self.complaints.append(repr(wrong))
        finally:
            self.hung_up.set()

    async def _talk(self, messages: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        await self._refuse(context)
        first = await anext(aiter(messages))
        self._check(first, dict(context.invocation_metadata()))
        ear, told, settled_ms = Ear(first.streaming_config.config.sample_rate_hertz), 0, 0.0
        async for message in messages:
            assert 0 < len(message.audio_content) <= 25_600
            ear.hear(np.frombuffer(message.audio_content, "<i2"))
            if ear.length_ms > self.longest_ms:
                await context.abort(self._grpc.StatusCode.OUT_OF_RANGE, "Exceeded maximum allowed stream duration")
            words = ear.words()
            if self.fault is Fault.GARBAGE:
                yield Fault.GARBAGE
            breaks = self.drop_after_words is not None and not self.dropped and len(words) >= self.drop_after_words
            if breaks or (self.fault is Fault.HALF_CLOSED and words):
                self.dropped = True
                self.break_connections()
                return
            if len(words) <= told or self.fault is Fault.SLOW_FIRST_BYTE:
                continue
            told = len(words)
            ends = self.ends_after_words is not None and told >= self.ends_after_words
            yield self._heard(ear, settled_ms, final=ends)
            if ends:
                settled_ms, self.ends_after_words = ear.length_ms, None
        if self.fault in _SILENT:
            await asyncio.Event().wait()
        if ear.length_ms > settled_ms:
            yield self._heard(ear, settled_ms, final=True)

    async def _refuse(self, context: Any) -> None:
        code = self._grpc.StatusCode
        status = {Fault.UNAUTHORIZED: code.UNAUTHENTICATED, Fault.BROKEN: code.INTERNAL}.get(self.fault)
        if status is not None:
            await context.abort(status, f"no: {KEY}")
        if self.fault is Fault.LIMITED:
            rich = importlib.import_module("google.rpc.status_pb2").Status(code=8, message=f"no: {KEY}")
            retry = importlib.import_module("google.rpc.error_details_pb2").RetryInfo()
            retry.retry_delay.seconds = RETRY_AFTER_S
            rich.details.add().Pack(retry)
            await context.abort_with_status(importlib.import_module("grpc_status.rpc_status").to_status(rich))

    def _check(self, first: Any, metadata: dict[str, str]) -> None:
        config = first.streaming_config.config
        if self.account is None:
            assert metadata["x-goog-api-key"] == KEY
        else:
            assert "x-goog-api-key" not in metadata
            self.tokens.append(metadata["authorization"].removeprefix("Bearer "))
            self.account.check(self.tokens[-1])
        assert first.streaming_config.interim_results
        assert not first.streaming_config.single_utterance
        assert config.encoding.name == "LINEAR16"
        assert config.sample_rate_hertz in (8000, 16_000)
        assert config.language_code == "en-US"
        assert config.model == "latest_long"
        assert [list(context.phrases) for context in config.speech_contexts] == [["Lumen"]]
        assert config.enable_word_time_offsets

    def _heard(self, ear: Ear, settled_ms: float, *, final: bool) -> Any:
        types = self._types
        words = [word for word in ear.words() if word[1] >= settled_ms - 1]
        told = [
            types.WordInfo(word=word, start_time=timedelta(milliseconds=a), end_time=timedelta(milliseconds=b))
            for word, a, b in words
        ]
        best = types.SpeechRecognitionAlternative(
            transcript=" ".join(word for word, _, _ in words),
            confidence=0.95 if final else 0.0,
            words=told if final else [],
        )
        result = types.StreamingRecognitionResult(
            alternatives=[best] if words else [],
            is_final=final,
            result_end_time=timedelta(milliseconds=ear.length_ms),
            language_code="en-us",
        )
        return types.StreamingRecognizeResponse(results=[result])
