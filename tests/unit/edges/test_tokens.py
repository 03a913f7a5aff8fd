"""Tokens and tickets in the hands of a clock that moves when told to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from reception.core.clock import FixedClock
from reception.core.errors import Forbidden, InvalidInput, Unauthenticated
from reception.runtime.principal import DEMO_SCOPES, Principal, Scope
from reception.runtime.tokens import SigningKeys, Tickets, Tokens

KEY = "k" * 48
KEYS = SigningKeys(KEY)
TENANT = uuid4()
CALLER = Principal("someone", TENANT, DEMO_SCOPES)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_a_token_brings_back_its_bearer_until_it_expires(clock: FixedClock) -> None:
    tokens = Tokens(KEYS, clock)
    issued = tokens.issue(CALLER, timedelta(minutes=10))
    assert issued.expires_in_s == 600
    assert tokens.verify(issued.value) == CALLER
    clock.advance(timedelta(minutes=10))
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.verify(issued.value)


def test_a_token_of_another_key_is_refused(clock: FixedClock) -> None:
    issued = Tokens(SigningKeys("o" * 48), clock).issue(CALLER, timedelta(minutes=10))
    with pytest.raises(Unauthenticated):
        Tokens(KEYS, clock).verify(issued.value)


def test_a_changed_key_leaves_nobody_signed_out(clock: FixedClock) -> None:
    before = Tokens(KEYS, clock).issue(CALLER, timedelta(minutes=10)).value
    changed = Tokens(SigningKeys("n" * 48, [KEY]), clock)
    assert changed.verify(before) == CALLER
    with pytest.raises(Unauthenticated):
        Tokens(KEYS, clock).verify(changed.issue(CALLER, timedelta(minutes=10)).value)
    with pytest.raises(Unauthenticated):
        Tokens(SigningKeys("n" * 48), clock).verify(before)


class _Register:
    """The tickets that were used, as the database would know them."""

    def __init__(self) -> None:
        self._used: set[UUID] = set()

    async def use(self, tenant_id: UUID, ticket_id: UUID, expires_at: datetime) -> bool:
        first = ticket_id not in self._used
        self._used.add(ticket_id)
        return first


async def test_a_ticket_is_good_once_and_for_a_minute_wherever_it_is_shown(clock: FixedClock) -> None:
    register = _Register()
    tickets, elsewhere = (Tickets(KEYS, clock, register.use) for _ in range(2))
    used, late = tickets.issue(CALLER), tickets.issue(CALLER)
    assert await elsewhere.redeem(used.value) == CALLER
    with pytest.raises(Unauthenticated):
        await tickets.redeem(used.value)
    clock.advance(timedelta(seconds=60))
    with pytest.raises(Unauthenticated):
        await tickets.redeem(late.value)


async def test_tickets_and_tokens_do_not_stand_in_for_each_other(clock: FixedClock) -> None:
    tokens, tickets = Tokens(KEYS, clock), Tickets(KEYS, clock, _Register().use)
    with pytest.raises(Unauthenticated):
        tokens.verify(tickets.issue(CALLER).value)
    with pytest.raises(Unauthenticated):
        await tickets.redeem(tokens.issue(CALLER, timedelta(minutes=1)).value)
    for strange in ("", "nonsense", "a.b.c", tickets.issue(CALLER).value[:-4]):
        with pytest.raises(Unauthenticated):
            await tickets.redeem(strange)


def test_a_ticket_needs_a_tenant(clock: FixedClock) -> None:
    with pytest.raises(InvalidInput):
        Tickets(KEYS, clock, _Register().use).issue(Principal("admin", None, frozenset({Scope.PLATFORM})))


def test_only_the_platform_chooses_its_tenant() -> None:
    other = uuid4()
    with pytest.raises(Forbidden):
        CALLER.acting_in(str(other))
    assert CALLER.acting_in(str(TENANT)) == CALLER
    admin = Principal("admin", None, frozenset({Scope.PLATFORM}))
    assert admin.acting_in(str(other)).tenant_id == other
    assert admin.acting_in(None).tenant_id is None
    with pytest.raises(InvalidInput):
        admin.acting_in("not-an-id")
