"""The circuit breaker."""

from reception.core.errors import ProviderError, ProviderLimited, ProviderLoading, ProviderRefused
from reception.providers.resilience.health import LONGEST_REST_S, TRIPS_AFTER, Circuit, Health

BROKEN = ProviderError("x", retryable=True)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def make() -> tuple[Health, Clock]:
    clock = Clock()
    return Health(clock), clock


def test_it_opens_after_three_failures_in_a_row() -> None:
    health, _ = make()
    for error in (BROKEN, BROKEN):
        health.failed(error)
    health.succeeded()
    health.failed(BROKEN)
    health.failed(BROKEN)
    assert health.admits
    health.failed(BROKEN)
    assert not health.admits


def test_a_refused_key_opens_it_at_once_and_for_long() -> None:
    health, clock = make()
    health.failed(ProviderRefused("x", of_key=True))
    clock.now_s += LONGEST_REST_S - 1
    assert (health.admits, health.probe_due) == (False, False)
    clock.now_s += 1
    assert health.probe_due


def test_one_agent_s_wrong_voice_does_not_silence_all_others() -> None:
    health, clock = make()
    for _ in range(TRIPS_AFTER):
        assert not health.refuses("nobody en-US")
        health.failed(ProviderRefused("x"), "nobody en-US")
    assert health.admits
    assert health.refuses("nobody en-US")
    assert not health.refuses("joanna en-US")
    clock.now_s += LONGEST_REST_S
    assert not health.refuses("nobody en-US")
    health.failed(ProviderRefused("x"), "nobody en-US")
    assert health.refuses("nobody en-US")
    clock.now_s += LONGEST_REST_S
    health.succeeded("nobody en-US")
    health.failed(ProviderRefused("x"), "nobody en-US")
    assert not health.refuses("nobody en-US")


def test_what_is_wrong_with_one_request_says_nothing_of_the_next() -> None:
    health, _ = make()
    for _ in range(5):
        health.failed(ProviderRefused("x", of_request=True))
    assert health.admits
    assert not health.refuses("")


def test_whoever_refuses_a_probe_is_there() -> None:
    health, _ = make()
    health.failed(BROKEN, at_once=True)
    health.probing()
    health.failed(ProviderRefused("x"))
    assert health.admits


def test_who_is_being_loaded_has_not_failed() -> None:
    health, _ = make()
    for _ in range(5):
        health.failed(ProviderLoading("x"))
    assert health.admits
    health.failed(BROKEN, at_once=True)
    health.probing()
    health.failed(ProviderLoading("x"))
    assert health.circuit is Circuit.OPEN


def test_after_its_rest_one_probe_decides_and_each_failure_doubles_the_rest() -> None:
    health, clock = make()
    for _ in range(3):
        health.failed(BROKEN)
    rests = []
    for _ in range(7):
        began_s = clock.now_s
        while not health.probe_due:
            clock.now_s += 0.5
        rests.append(clock.now_s - began_s)
        health.probing()
        assert (health.circuit, health.admits, health.probe_due) == (Circuit.HALF_OPEN, False, False)
        health.failed(BROKEN)
    assert rests == [2, 4, 8, 16, 32, 60, 60]
    clock.now_s += 60
    health.probing()
    health.succeeded()
    assert health.admits


def test_a_limit_is_no_failure_but_is_heeded() -> None:
    health, clock = make()
    for _ in range(5):
        health.failed(ProviderLimited("x", retry_after_s=7))
    assert (health.admits, health.circuit) == (False, Circuit.CLOSED)
    clock.now_s += 7
    assert health.admits
