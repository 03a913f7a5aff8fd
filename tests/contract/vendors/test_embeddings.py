"""Embeddings over OpenAI's API."""

import asyncio

import numpy as np
import orjson
import pytest

from reception.core.errors import ProviderError, ProviderRefused
from reception.providers.vendors.openai_embeddings import OpenAiEmbedder
from tests.contract.vendors.conftest import Connect, Witness
from tests.support.vendors.faults import FAILURES, Fault, assert_told, ends_at_once
from tests.support.vendors.http_vendor import Answer, Asked
from tests.support.vendors.openai_like import OpenAiServer

PROVIDER = "openai:text-embedding-3-small"
MODEL = "text-embedding-3-small"


async def test_each_text_gets_its_own_unit_row(connect: Connect, witness: Witness) -> None:
    async with OpenAiServer(MODEL) as server:
        embedder = OpenAiEmbedder(connect(PROVIDER, server.base_url))
        rows = await embedder.embed(["a" * (index % 7 + 1) for index in range(130)])
    assert rows.shape == (130, embedder.dimensions)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0)
    assert np.argsort(rows[:7, 0]).tolist() == list(range(7))
    assert [len(asked.json()["input"]) for asked in server.asked] == [64, 64, 2]
    assert sum(seen.units for seen in witness.seen) == 27


@FAILURES
async def test_a_vendor_that_fails_is_told_of(fault: Fault, connect: Connect) -> None:
    async with OpenAiServer(MODEL) as server:
        server.fault = fault
        waits = fault in (Fault.SLOW_FIRST_BYTE, Fault.STALL)
        with pytest.raises(ProviderError) as raised:
            await OpenAiEmbedder(connect(PROVIDER, server.base_url, impatient=waits)).embed(["hello"])
    assert_told(raised.value, fault, PROVIDER)


async def test_who_is_cancelled_leaves_at_once(connect: Connect) -> None:
    async with OpenAiServer(MODEL) as server:
        server.fault = Fault.SLOW_FIRST_BYTE
        task = asyncio.create_task(OpenAiEmbedder(connect(PROVIDER, server.base_url)).embed(["hello"]))
        await server.reached.wait()
        await ends_at_once(task)
        await server.hung_up.wait()


async def test_vectors_of_another_length_are_refused_with_both_numbers(connect: Connect) -> None:
    class Long(OpenAiServer):
        def answer(self, asked: Asked) -> Answer:
            row = {"index": 0, "embedding": [0.1] * 1536}
            return Answer("application/json", [orjson.dumps({"data": [row]})])

    async with Long("text-embedding-ada-002") as server:
        with pytest.raises(ProviderRefused, match=r"1536.*384"):
            await OpenAiEmbedder(connect("openai:text-embedding-ada-002", server.base_url)).embed(["hello"])
