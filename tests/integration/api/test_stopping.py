"""`reception serve` is told to stop while a chat turn and an upload are under way: both are finished, nothing else is
begun, and nothing is lost."""

import asyncio
import re
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from tests.support.collector import attributes_of, collector
from tests.support.command import finish, launch, read_until
from tests.support.postgres import data_dir
from tests.support.rule_model import RuleModel
from tests.support.vendors.chat_models import CompatibleChatServer
from tests.support.vendors.faults import Fault

__all__ = ["data_dir"]

MODEL = "rules"
FIRST, REST = b"# Parking\nGuests park ", b"in the yard behind the house.\n"
QUESTION = "Is there a vegan main course, and what does it cost?"


@dataclass(frozen=True, slots=True)
class Served:
    process: Process
    http: httpx.AsyncClient
    data_dir: Path
    office: dict[str, str]
    agent_id: str
    visitor: dict[str, str]

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        socket_dir = (self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4]
        with psycopg.connect(host=socket_dir, user="postgres", dbname="reception") as database:
            return database.execute(statement.encode()).fetchall()

    async def chat(self, message: str) -> httpx.Response:
        body = {"agent_id": self.agent_id, "message": message}
        return await self.http.post("/chat/message", json=body, headers=self.visitor)


@asynccontextmanager
async def _served(data_dir: Path, **settings: str) -> AsyncIterator[Served]:
    """A server with the demo's businesses, somebody in its office and a visitor."""
    process = await launch("--port", "0", "--data-dir", str(data_dir), **settings)
    try:
        printed = await read_until(process, r"Stop with Ctrl-C", 240.0)
        found = re.search(r"Address\s+(http://\S+?)/\n.*Demo login\s+(\S+)\s+password (\S+)", printed, re.DOTALL)
        assert found is not None, printed
        url, email, password = found.groups()
        async with httpx.AsyncClient(base_url=url, timeout=40.0, trust_env=False) as http:
            login = (await http.post("/auth/login", json={"email": email, "password": password})).json()
            office = {"Authorization": f"Bearer {login['access_token']}"}
            tenants = (await http.get("/tenants", headers=office)).json()["items"]
            [agent] = [one for one in (await http.get("/demo/agents")).json() if one["slug"] == "harbor-table"]
            [tenant] = [one for one in tenants if one["slug"] == "harbor-table"]
            token = (await http.post("/demo/token", json={"agent_id": agent["agent_id"]})).json()["access_token"]
            office["X-Tenant-Id"] = tenant["id"]
            yield Served(process, http, data_dir, office, agent["agent_id"], {"Authorization": f"Bearer {token}"})
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@dataclass(frozen=True, slots=True)
class HalfUpload:
    """An upload of which the first half has been sent, and the end has not."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def end(self) -> None:
        self.writer.write(REST + b"\r\n--xx--\r\n")
        answer = await self.reader.read()
        self.writer.close()
        assert answer.startswith(b"HTTP/1.1 202"), answer


async def _half_upload(served: Served, name: str) -> HalfUpload:
    address = served.http.base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f'--xx\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    length = len(head + FIRST + REST + b"\r\n--xx--\r\n")
    names = "".join(f"{name}: {value}\r\n" for name, value in served.office.items())
    writer.write(
        f"POST /knowledge/upload HTTP/1.1\r\nHost: localhost\r\n{names}Content-Length: {length}\r\n"
        "Content-Type: multipart/form-data; boundary=xx\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    # The application asks for the body once it is at work on it.
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(head + FIRST)
    await writer.drain()
    return HalfUpload(reader, writer)


async def _until_draining(served: Served) -> None:
    async with asyncio.timeout(30):
        while (await served.http.get("/health/ready")).json()["parts"]["calls"] != "draining":  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_is_under_way_is_finished_and_nothing_else_is_begun(data_dir: Path) -> None:
    with collector() as traces:
        async with CompatibleChatServer(RuleModel(), MODEL) as model:
            settings = {
                "RECEPTION_LLM": f"{model.base_url}#{MODEL}",
                "RECEPTION_LLM_BUDGET_S": "20",
                "RECEPTION_DRAIN_S": "60",
                "RECEPTION_OTLP_ENDPOINT": f"http://127.0.0.1:{traces.port}",
            }
            async with _served(data_dir, **settings) as served:
                model.fault = Fault.GATED
                model.reached.clear()
                turn = asyncio.create_task(served.chat(QUESTION))
                await model.reached.wait()
                upload, last = await _half_upload(served, "yard.md"), await _half_upload(served, "lawn.md")

                served.process.send_signal(signal.SIGTERM)
                await _until_draining(served)
                await _check_refusals(served)

                model.gate.set()
                reply = await turn
                assert reply.status_code == 200, reply.text
                assert reply.headers["connection"] == "close"
                conversation_id = reply.json()["conversation_id"]
                stored = served.rows(f"SELECT speaker FROM messages WHERE conversation_id = '{conversation_id}'")
                assert ("agent",) in stored
                await upload.end()
                assert served.rows("SELECT 1 FROM knowledge_documents WHERE source_name = 'yard.md'")
                assert served.process.returncode is None, "an upload is still under way"
                await last.end()
                code, told = await finish(served.process)
                assert code == 0, told
                assert "0 live call(s) and 3 request(s)" in told
                assert "Traceback" not in told
    turns = [span for span in traces.spans() if span.name == "turn"]
    assert [attributes_of(span)["reception.call.id"] for span in turns] == [conversation_id]


async def _check_refusals(served: Served) -> None:
    """Of work; who reads is answered."""
    files = {"files": ("more.md", b"# More\nNothing.", "text/markdown")}
    refused = [
        await served.chat("Do you have parking?"),
        await served.http.post("/knowledge/upload", files=files, headers=served.office),
        await served.http.delete(f"/agents/{served.agent_id}", headers=served.office),
    ]
    for answer in refused:
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["code"], problem["retryable"]) == ("unavailable", True)
        assert "stopping" in problem["detail"]
        assert int(answer.headers["retry-after"]) > 0
        assert (answer.headers["connection"], answer.headers["x-request-id"]) == ("close", problem["request_id"])
    read = await served.http.get(f"/agents/{served.agent_id}", headers=served.office)
    assert read.status_code == 200
