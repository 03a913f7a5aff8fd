"""One installation whose vendors are local servers, good and bad ones."""

import os
from collections.abc import AsyncIterator

import orjson
import pytest_asyncio

from reception.providers.limits import TimeLimits
from reception.providers.resilience.budget import Budget
from tests.integration.api.installation import Installation, serve_installation
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


_GREETING = 2


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
        return fault if self._spoken[model] > _GREETING else Fault.NONE

    def answer(self, asked: Asked) -> Answer:
        key = TENANTS_KEY if MINE in asked.body.decode(errors="replace") else KEY
        assert asked.headers["authorization"] == f"Bearer {key}"
        if asked.path == "/chat/completions":
            self._writer.model = str(asked.json()["model"])
            prompt = self._writer.read(asked.json())
            return Answer("text/event-stream", self._writer.written(self._writer.brain(prompt), prompt))
        if asked.path == "/audio/transcriptions":
            return Answer("application/json", [orjson.dumps({"text": QUESTION})])
        told = asked.json()
        audio = sound_of(told["input"], RATE_HZ)[:: 10 if told["model"] == HASTY else 1].tobytes()
        return Answer("audio/pcm", [audio[start : start + 4801] for start in range(0, len(audio), 4801)])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation() -> AsyncIterator[Installation]:
    async with Vendor() as vendor:
        before = {name: os.environ.get(name) for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY")}
        os.environ |= {"OPENAI_BASE_URL": vendor.base_url, "OPENAI_API_KEY": KEY}
        try:
            with server_directory() as made:
                async with serve_installation(made, max_calls=32, llm_budget_s="20") as served:
                    # The machine may be busy with other tests: how fast it is, and how many calls it carries, is not
                    # what is tested here.
                    served.services.readiness._live._is_full = lambda: False
                    served.services.desk._limits = TimeLimits(first_s=3.0, between_s=2.0, answer_s=4.0)
                    served.services.desk._budget = Budget(stt_hedge_s=1.2, tts_hedge_s=1.2)
                    yield served
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
