"""Guessing passwords gets slower and slower, on whichever process it is tried."""

from datetime import UTC, datetime, timedelta

import pytest

from reception.core.clock import FixedClock
from reception.core.errors import RateLimited
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.runtime.attempts import LoginAttempts


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2027, 3, 1, tzinfo=UTC))


@pytest.fixture
def email() -> str:
    return f"ann-{uuid7()}@example.com"


async def _wait_s(attempts: LoginAttempts, email: str, client: str) -> int:
    with pytest.raises(RateLimited) as refused:
        await attempts.begin(email, client)
    return refused.value.retry_after_s


async def test_five_failures_in_a_minute_are_enough_and_waits_double(
    database: Database, clock: FixedClock, email: str
) -> None:
    attempts, elsewhere = (LoginAttempts(database, clock) for _ in range(2))
    for number in range(5):
        await (attempts if number % 2 else elsewhere).begin(email, f"host-{email}-{number}")
    assert await _wait_s(attempts, f" {email.upper()} ", "192.0.2.7") == 30
    await attempts.begin(f"bob-{email}", f"host-{email}-1")
    for wait_s in (30, 60, 120, 240, 480, 900, 900):
        assert await _wait_s(elsewhere, email, "192.0.2.7") == wait_s
        clock.advance(timedelta(seconds=wait_s))
        await attempts.begin(email, f"host-{email}-1")
    clock.advance(timedelta(seconds=961))
    for _ in range(4):
        await attempts.begin(email, f"host-{email}-1")


async def test_slow_failures_are_forgiven(database: Database, clock: FixedClock, email: str) -> None:
    attempts = LoginAttempts(database, clock)
    for _ in range(12):
        await attempts.begin(email, f"host-{email}")
        clock.advance(timedelta(seconds=16))


@pytest.mark.parametrize("neighbour", ["{0}::1", "{0}:9:9:9:9"])
async def test_a_client_that_tries_many_addresses_waits_too(
    database: Database, clock: FixedClock, email: str, neighbour: str
) -> None:
    attempts = LoginAttempts(database, clock)
    network = f"2001:db8:{email[-16:-12]}:{email[-20:-16]}".replace("-", "0")
    for number in range(20):
        await attempts.begin(f"{number}-{email}", f"{network}::{number + 1}")
    assert await _wait_s(attempts, email, neighbour.format(network)) == 30
    await attempts.begin(email, f"elsewhere-{email}")


async def test_success_wipes_the_slate(database: Database, clock: FixedClock, email: str) -> None:
    attempts = LoginAttempts(database, clock)
    for _ in range(6):
        for _ in range(4):
            await attempts.begin(email, f"host-{email}")
        await attempts.succeed(email, f"host-{email}")
        clock.advance(timedelta(seconds=13))


async def test_a_login_of_ones_own_helps_nobody_to_guess_those_of_others(
    database: Database, clock: FixedClock, email: str
) -> None:
    attempts, client = LoginAttempts(database, clock), f"host-{email}"
    for number in range(20):
        await attempts.begin(f"{number}-{email}", client)
    for wait_s in (30, 60, 120):
        assert await _wait_s(attempts, email, client) == wait_s
        clock.advance(timedelta(seconds=wait_s))
        await attempts.begin(email, client)
        await attempts.succeed(email, client)
        await attempts.begin(f"other-{wait_s}-{email}", client)
