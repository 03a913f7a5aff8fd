"""Guessing passwords gets slower and slower."""

from datetime import UTC, datetime, timedelta

import pytest

from reception.core.clock import FixedClock
from reception.core.errors import RateLimited
from reception.runtime.attempts import LoginAttempts

EMAIL = "ann@example.com"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2027, 3, 1, tzinfo=UTC))


def _wait_s(attempts: LoginAttempts, email: str = EMAIL, client: str = "192.0.2.1") -> int:
    with pytest.raises(RateLimited) as refused:
        attempts.begin(email, client)
    return refused.value.retry_after_s


def test_five_failures_in_a_minute_are_enough_and_waits_double(clock: FixedClock) -> None:
    attempts = LoginAttempts(clock)
    for number in range(5):
        attempts.begin(EMAIL, f"192.0.2.{number}")
    assert _wait_s(attempts, " ANN@example.com ") == 30
    attempts.begin("bob@example.com", "192.0.2.1")
    for wait_s in (30, 60, 120, 240, 480, 900, 900):
        assert _wait_s(attempts) == wait_s
        clock.advance(timedelta(seconds=wait_s))
        attempts.begin(EMAIL, "192.0.2.1")
    clock.advance(timedelta(seconds=961))
    for _ in range(4):
        attempts.begin(EMAIL, "192.0.2.1")


def test_slow_failures_are_forgiven(clock: FixedClock) -> None:
    attempts = LoginAttempts(clock)
    for _ in range(50):
        attempts.begin(EMAIL, "192.0.2.1")
        clock.advance(timedelta(seconds=16))


def test_a_client_that_tries_many_addresses_waits_too(clock: FixedClock) -> None:
    attempts = LoginAttempts(clock)
    for number in range(20):
        attempts.begin(f"{number}@example.com", "192.0.2.1")
    assert _wait_s(attempts) == 30
    attempts.begin(EMAIL, "192.0.2.2")


def test_success_wipes_the_slate(clock: FixedClock) -> None:
    attempts = LoginAttempts(clock)
    for _ in range(100):
        for _ in range(5):
            attempts.begin(EMAIL, "192.0.2.1")
        attempts.succeed(EMAIL, "192.0.2.1")
        clock.advance(timedelta(seconds=30))
