"""One installation whose vendors are local servers, good and bad ones."""

import io
import os
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import orjson
import pytest_asyncio

from reception.providers.limits import TimeLimits
from reception.providers.resilience.budget import Budget
from tests.integration.api.installation import Installation, serve_installation
from tests.support.embedders import vectors_of
from tests.support.letters import sound_of
from tests.support.postgres import server_directory
from tests.support.vendors.chat_models import OpenAiChatServer, Writes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor

RATE_HZ = 24_000
QUESTION = "Do you have any parking?"
WRITTEN = "Parking is free behind the house [1]. You need not reserve a space [1]. The gate closes at midnight [1]."
GOOD, DEAD, MINE = "good", "dead", "mine"
HASTY = "hasty"
"""A good voice that says in a tenth of the time what nobody listens to."""
TENANTS_KEY = "key-of-a-tenant"
WHOSE = "whose"
"""Models of two tenants with a key each: hears the loud caller ask one question, and the quiet one the other, and
speaks hastily."""
EMBEDS = "some-words"


@dataclass(frozen=True)
class Owner:
    """What callers of a tenant ask. `word` occurs in whatever is the tenant's or its callers', and in nobody else's."""

    key: str
    word: str
    question: str
    peak: int


OWNERS = (
    Owner("key-of-the-first", "bicycle", "Where may I leave my bicycle?", 20_000),
    Owner("key-of-the-second", "piano", "May I play the piano at night?", 4_000),
)
_LOUD = 10_000

GREETING = 2


def model_of(fault: Fault) -> str:
    return fault.value.replace(" ", "-")


class Vendor(HttpVendor):
    """Whose models are named after what is wrong with them: voices after the greeting, which is two sentences."""

    def __init__(self) -> None:
        super().__init__()
        self._spoken: dict[str, int] = {}
        self._writer = OpenAiChatServer(lambda prompt: Writes('{"commands": []}' if prompt.output else WRITTEN))

    def fault_of(self, asked: Asked) -> Fault:
        in_form = asked.path == "/audio/transcriptions"
        model = asked.form()["model"].decode() if in_form else str(asked.json()["model"])
        if model.startswith(DEAD):
            return Fault.BROKEN
        fault = next((fault for fault in Fault if model_of(fault) == model), Fault.NONE)
        if asked.path != "/audio/speech":
            return fault
        self._spoken[model] = self._spoken.get(model, 0) + 1
        return fault if self._spoken[model] > GREETING else Fault.NONE

    def keys_for(self, asked: Asked) -> set[str]:
        """Those that may pay for this: the one of the tenant whose words it holds."""
        if asked.path == "/audio/transcriptions":
            form = asked.form()
            if form["model"] == WHOSE.encode():
                return {_speaker(form["file"]).key}
            return {TENANTS_KEY if form["model"] == MINE.encode() else KEY}
        told = asked.body.decode().lower()
        owners = {owner.key for owner in OWNERS if owner.word in told}
        assert len(owners) < 2, told
        if owners:
            return owners
        model = asked.json()["model"]
        if model == EMBEDS:
            return {KEY, TENANTS_KEY}
        return {owner.key for owner in OWNERS} if model == WHOSE else {TENANTS_KEY if MINE in told else KEY}

    def answer(self, asked: Asked) -> Answer:
        assert asked.headers["authorization"].removeprefix("Bearer ") in self.keys_for(asked), asked.path
        if asked.path == "/embeddings":
            rows = vectors_of(asked.json()["input"]).tolist()
            data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
            return Answer("application/json", [orjson.dumps({"object": "list", "data": data})])
        if asked.path == "/chat/completions":
            self._writer.model = str(asked.json()["model"])
            prompt = self._writer.read(asked.json())
            return Answer("text/event-stream", self._writer.written(self._writer.brain(prompt), prompt))
        if asked.path == "/audio/transcriptions":
            form = asked.form()
            heard = _speaker(form["file"]).question if form["model"] == WHOSE.encode() else QUESTION
            return Answer("application/json", [orjson.dumps({"text": heard})])
        told = asked.json()
        audio = sound_of(told["input"], RATE_HZ)[:: 10 if told["model"] in (HASTY, WHOSE) else 1].tobytes()
        return Answer("audio/pcm", [audio[start : start + 4801] for start in range(0, len(audio), 4801)])


def _speaker(file: bytes) -> Owner:
    with wave.open(io.BytesIO(file)) as audio:
        samples = np.frombuffer(audio.readframes(audio.getnframes()), "<i2")
    return OWNERS[0] if int(np.abs(samples.astype(np.int32)).max()) > _LOUD else OWNERS[1]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vendor() -> AsyncIterator[Vendor]:
    async with Vendor() as vendor:
        yield vendor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation(vendor: Vendor) -> AsyncIterator[Installation]:
    before = {name: os.environ.get(name) for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY")}
    os.environ |= {"OPENAI_BASE_URL": vendor.base_url, "OPENAI_API_KEY": KEY}
    try:
        with server_directory() as made:
            async with serve_installation(
                made, max_calls=32, llm_budget_s="20", embeddings=f"openai:{EMBEDS}"
            ) as served:
                # The machine may be busy with other tests: how fast it is, and how many calls it carries, is not
                # what is tested here.
                served.services.readiness._live._is_full = lambda: False
                served.services.desk._limits = TimeLimits(first_s=3.0, between_s=2.0, answer_s=4.0, embed_s=4.0)
                served.services.desk._budget = Budget(stt_hedge_s=1.2, tts_hedge_s=1.2)
                yield served
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
