"""examples/examples.py calls every operation of the API on a server that runs."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.integration.api.installation import Installation
from tests.integration.api.operations import operations
from tests.support.running_server import clean_environment

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = Path(__file__).parents[3] / "examples" / "examples.py"
REFUSED = {
    ("POST", "/reservations/{reservation_id}/no-show"): "nothing that can be booked has begun yet within a minute",
}
"""Operations that the examples call without success, and why."""

Counts = dict[tuple[str, str, str], float]


async def _requests(installation: Installation) -> Counts:
    """How often each method and path was answered with each status, as the server counts."""
    text = (await installation.http.get("/metrics", headers=dict(installation.admin))).text
    pattern = r'^reception_http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\S+)$'
    return {(method, route, status): float(n) for method, route, status, n in re.findall(pattern, text, re.MULTILINE)}


async def _run(installation: Installation, password: str) -> tuple[int, str]:
    login = {"RECEPTION_EMAIL": installation.login.email, "RECEPTION_PASSWORD": password}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES), "--url", installation.url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=clean_environment() | login,
    )  # fmt: skip
    async with asyncio.timeout(180):
        printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_every_operation_is_called(installation: Installation) -> None:
    before = await _requests(installation)
    code, printed = await _run(installation, installation.login.password)
    assert code == 0, printed
    after = await _requests(installation)
    document = (await installation.http.get("/openapi.json")).json()
    called = {key for key, count in after.items() if count > before.get(key, 0)}
    succeeded = {(method, route) for method, route, status in called if status.startswith("2")}
    refused = {(method, route) for method, route, status in called if status == "409"}
    missing = {(one.method, one.path) for one in operations(document)} - succeeded
    assert missing == REFUSED.keys(), f"examples/examples.py does not call {sorted(missing - REFUSED.keys())}"
    assert missing <= refused


async def test_a_failure_is_told_by_the_exit_code(installation: Installation) -> None:
    code, printed = await _run(installation, "not the password")
    assert code == 1
    assert "POST /auth/login answered 401, not 200" in printed
