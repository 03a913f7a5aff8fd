"""Reconfirming, running late, special requests, and who is known by their number, on real rows."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from reception.core.errors import Conflict, NotFound, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.ports.booking import GuestHistory, RequestKind, Reservation, SlotQuery, SpecialRequest
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, restaurant

NUTS = SpecialRequest(RequestKind.ALLERGY, "peanuts")
BIRTHDAY = SpecialRequest(RequestKind.OCCASION, "birthday")
HOUR_BEFORE = (EVENING - timedelta(hours=1)).astimezone(UTC)
AFTER = (EVENING + timedelta(hours=5)).astimezone(UTC)


async def test_a_guest_who_confirms_again_is_noted(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    assert made.reconfirmed_at is None
    async with database.tenant_session(business.tenant_id) as session:
        noted = await service.reconfirm(session, business, made.reservation_id, NOW)
        assert noted.reconfirmed_at == NOW
        slot = await service.availability(session, business, _later(made), NOW, reservation_id=made.reservation_id)
        assert slot.exact is not None
        moved = await service.move(session, business, made.reservation_id, slot.exact, ANN, NOW)
        assert moved.reconfirmed_at is None, "who moves has not confirmed the new time"
        with pytest.raises(Conflict):
            await service.reconfirm(session, business, made.reservation_id, AFTER)
        await service.cancel(session, business, made.reservation_id, NOW)
        with pytest.raises(NotFound):
            await service.reconfirm(session, business, made.reservation_id, NOW)


async def test_running_late_is_noted_up_to_what_the_house_allows(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    async with database.tenant_session(business.tenant_id) as session:
        for minutes in (5, 15):
            noted = await service.note_late(session, business, made.reservation_id, minutes, HOUR_BEFORE)
            assert (noted.late_minutes, noted.starts_at) == (minutes, EVENING)
        with pytest.raises(Conflict, match="person"):
            await service.note_late(session, business, made.reservation_id, 16, HOUR_BEFORE)
        with pytest.raises(Conflict, match="today"):
            await service.note_late(session, business, made.reservation_id, 10, NOW)
        with pytest.raises(Conflict, match="over"):
            await service.note_late(session, business, made.reservation_id, 10, AFTER)
        with pytest.raises(Unprocessable):
            await service.note_late(session, business, made.reservation_id, 0, HOUR_BEFORE)
        found = await service.availability(session, business, _later(made), NOW, reservation_id=made.reservation_id)
        assert found.exact is not None


def _later(made: Reservation) -> SlotQuery:
    return SlotQuery(made.starts_at + timedelta(hours=1), made.party_size)


async def test_special_requests_are_kept_once_each(database: Database) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    made = await book(database, business, slot, replace(ANN, requests=(NUTS, NUTS)))
    assert made.guest.requests == (NUTS,)
    async with database.tenant_session(business.tenant_id) as session:
        noted = await service.note_requests(session, business, made.reservation_id, (BIRTHDAY, NUTS), NOW)
        assert noted.guest.requests == (NUTS, BIRTHDAY)
        too_long = SpecialRequest(RequestKind.OTHER, "x" * 201)
        with pytest.raises(Unprocessable) as refused:
            await service.note_requests(session, business, made.reservation_id, (too_long,), NOW)
        assert refused.value.problems[0].pointer == "/requests/2/text"
        many = tuple(SpecialRequest(RequestKind.OTHER, str(number)) for number in range(20))
        with pytest.raises(Unprocessable):
            await service.note_requests(session, business, made.reservation_id, many, NOW)


async def test_who_calls_again_is_known_by_number(database: Database) -> None:
    business = await restaurant(database, 2, 2)
    asked = replace(ANN, requests=(NUTS, BIRTHDAY))
    first = await book(database, business, await ask(database, business), asked)
    week = timedelta(weeks=1)
    later = await book(database, business, await ask(database, business, EVENING + week))
    other = await book(database, business, await ask(database, business, EVENING + week), BOB)
    async with database.tenant_session(business.tenant_id) as session:
        known = await service.guest_history(session, business, ANN.phone, AFTER)
        assert known.is_known
        assert (known.name, known.email, known.visits, known.no_shows) == (ANN.name, ANN.email, 1, 0)
        assert known.last_visit == first.starts_at
        assert known.requests == (NUTS,), "a birthday is over, an allergy is not"
        assert known.upcoming == (later,)
        before = await service.guest_history(session, business, ANN.phone, NOW)
        assert (before.visits, len(before.upcoming)) == (0, 2)
        stranger = await service.guest_history(session, business, "+12125550199", NOW)
        assert stranger == GuestHistory("+12125550199")
        assert not stranger.is_known
        assert await service.guest_history(session, business, "", NOW) == GuestHistory("")
        await service.cancel(session, business, other.reservation_id, NOW)
        assert not (await service.guest_history(session, business, BOB.phone, NOW)).is_known
    stranger_house = await restaurant(database, 2)
    async with database.tenant_session(stranger_house.tenant_id) as session:
        assert not (await service.guest_history(session, stranger_house, ANN.phone, AFTER)).is_known
        with pytest.raises(NotFound):
            await service.reconfirm(session, stranger_house, first.reservation_id, NOW)
        with pytest.raises(NotFound):
            await service.note_requests(session, stranger_house, uuid7(), (NUTS,), NOW)
