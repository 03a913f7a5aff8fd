"""What Prometheus reads, and who may read it."""

from datetime import timedelta

import httpx
import pytest

from reception.db.queue import enqueue
from reception.domains.reservations.service import ADVANCE
from reception.ports.events import CallEnded, CallFault, TurnMetrics
from reception.runtime.metrics import MetricsAccess
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = {"X-Forwarded-For": "192.0.2.1"}


async def _read(installation: Installation, headers: dict[str, str] | None = None) -> httpx.Response:
    return await installation.http.get("/metrics", headers=headers or {})


def _value(text: str, sample: str) -> float:
    return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(sample + " ")), 0.0)


async def test_turns_and_calls_are_counted_without_anybodys_name(installation: Installation, shop: Shop) -> None:
    before = (await _read(installation)).text
    figures = installation.services.metrics
    figures.on_event(TurnMetrics(1, stt_ms=120.0, voice_to_voice_ms=430.0, interrupted=True, speculations_dropped=2))
    figures.on_event(CallFault("provider_timeout", "too slow", fatal=False))
    figures.on_event(CallEnded("goodbye"))
    figures.on_event(CallEnded("a reason that an agent made up"))
    after = (await _read(installation)).text

    def grown(sample: str) -> float:
        return _value(after, sample) - _value(before, sample)

    assert grown("reception_turns_total") == 1
    assert grown("reception_voice_to_voice_seconds_sum") == pytest.approx(0.43)
    assert grown('reception_stage_seconds_sum{stage="stt"}') == pytest.approx(0.12)
    assert grown("reception_barge_ins_total") == 1
    assert grown("reception_speculations_dropped_total") == 2
    assert grown('reception_call_faults_total{code="provider_timeout"}') == 1
    assert grown('reception_calls_total{reason="goodbye"}') == 1
    assert grown('reception_calls_total{reason="other"}') == 1
    assert str(shop.tenant_id) not in after
    assert str(shop.agent_id) not in after


async def test_requests_are_counted_by_the_template_of_their_path(installation: Installation, shop: Shop) -> None:
    await installation.http.get(f"/agents/{shop.agent_id}", headers=shop.headers)
    await installation.http.get(f"/nowhere/{shop.agent_id}")
    await installation.http.request("PROPFIND", "/agents")
    text = (await _read(installation)).text
    assert _value(text, 'reception_http_requests_total{method="GET",route="/agents/{agent_id}",status="200"}') >= 1
    assert _value(text, 'reception_http_requests_total{method="GET",route="unmatched",status="404"}') >= 1
    assert 'reception_http_request_seconds_count{method="other",route=' in text
    assert "PROPFIND" not in text


async def test_the_process_itself_is_measured(installation: Installation) -> None:
    text = (await _read(installation)).text
    assert _value(text, "reception_resident_memory_bytes") > 1e8
    assert _value(text, "reception_event_loop_lag_seconds_count") > 0
    assert 'reception_model_queue{model="stt"}' in text
    assert "reception_vad_behind_seconds" in text


async def test_a_job_that_was_enqueued_is_counted(installation: Installation, shop: Shop) -> None:
    sample = 'reception_jobs{state="scheduled",task="waitlist.advance"}'
    before = (await _read(installation)).text
    assert 'reception_jobs_oldest_seconds{task="knowledge.ingest"}' in before
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        later = installation.services.clock.now() + timedelta(hours=1)
        await enqueue(session, ADVANCE, {"tenant_id": shop.tenant_id}, at=later)
    after = (await _read(installation)).text
    assert _value(after, sample) == _value(before, sample) + 1
    assert str(shop.tenant_id) not in after


async def test_others_need_the_token_or_a_platform_admin(installation: Installation, shop: Shop) -> None:
    assert (await _read(installation)).status_code == 200
    assert (await _read(installation, ELSEWHERE)).status_code == 401
    assert (await _read(installation, {"Host": "example.com"})).status_code == 401
    assert (await _read(installation, {**ELSEWHERE, **shop.headers})).status_code == 403
    assert (await _read(installation, {**ELSEWHERE, **installation.admin})).status_code == 200
    object.__setattr__(installation.services, "metrics_access", MetricsAccess("a metrics token", on_loopback=True))
    try:
        assert (await _read(installation)).status_code == 401
        assert (await _read(installation, {"Authorization": "Bearer a metrics token"})).status_code == 200
        assert (await _read(installation, {"Authorization": "Bearer another token"})).status_code == 401
    finally:
        object.__setattr__(installation.services, "metrics_access", MetricsAccess(on_loopback=True))
