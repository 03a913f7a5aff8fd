"""The waitlist on real rows: joining, timed offers in the order of the line, accepting, declining, racing."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reception.core.errors import Conflict, NotFound, SlotTaken, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.ports.booking import (
    Guest,
    Refusal,
    RequestKind,
    Reservation,
    ReservationStatus,
    SlotQuery,
    SpecialRequest,
    WaitlistEntry,
    WaitlistStatus,
)
from reception.ports.business import Business
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, counts, refusal, restaurant

CAT = Guest("Cat Instance", "+12125550103", requests=(SpecialRequest(RequestKind.HIGH_CHAIR),))
DAN = Guest("Dan Placeholder", "+12125550104")
OFFER = timedelta(minutes=15)


async def join(
    database: Database,
    business: Business,
    guest: Guest,
    party: int = 2,
    now: datetime = NOW,
    *,
    wanted: datetime = EVENING,
    spread: timedelta = timedelta(minutes=30),
) -> WaitlistEntry:
    async with database.tenant_session(business.tenant_id) as session:
        query = SlotQuery(wanted, party)
        return await service.join_waitlist(session, business, query, wanted - spread, wanted + spread, guest, now)


async def entry(database: Database, business: Business, one: WaitlistEntry) -> WaitlistEntry:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.get_entry(session, business, one.entry_id)


async def cancel(database: Database, business: Business, made: Reservation, now: datetime = NOW) -> None:
    async with database.tenant_session(business.tenant_id) as session:
        await service.cancel(session, business, made.reservation_id, now)


async def advance(database: Database, business: Business, now: datetime) -> list[WaitlistEntry]:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.advance(session, business, now)


async def accept(database: Database, business: Business, one: WaitlistEntry, now: datetime = NOW) -> WaitlistEntry:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.accept_offer(session, business, one.entry_id, now, conversation_id=uuid7())


async def test_what_frees_is_kept_for_the_first_whom_it_fits(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    four = await join(database, business, DAN, wanted=EVENING + timedelta(days=1), party=2, spread=timedelta())
    assert four.status is WaitlistStatus.OFFERED, "what is free already is offered at once"
    bob, cat = await join(database, business, BOB), await join(database, business, CAT)
    assert (bob.status, cat.status) == (WaitlistStatus.WAITING, WaitlistStatus.WAITING)

    await cancel(database, business, made)

    bob, cat = await entry(database, business, bob), await entry(database, business, cat)
    assert bob.status is WaitlistStatus.OFFERED
    assert bob.offer is not None
    assert (bob.offer.status, bob.offer.starts_at) == (ReservationStatus.HELD, EVENING)
    assert bob.offer_expires_at == NOW + OFFER
    assert cat.status is WaitlistStatus.WAITING
    for caller in (None, uuid7()):
        why_not, _ = await refusal(database, business, SlotQuery(EVENING, 2), conversation_id=caller)
        assert why_not is Refusal.FULL, "it is kept for Bob"
    async with database.tenant_session(business.tenant_id) as session:
        known = await service.guest_history(session, business, BOB.phone, NOW)
        later = await service.guest_history(session, business, BOB.phone, NOW + OFFER)
    assert [one.status for one in known.waiting] == [WaitlistStatus.OFFERED]
    assert later.waiting == ()

    for _ in range(2):
        taken = await accept(database, business, bob)
        assert taken.status is WaitlistStatus.ACCEPTED
        assert taken.offer is not None
        assert (taken.offer.status, taken.offer.guest) == (ReservationStatus.CONFIRMED, BOB)
        assert len(taken.offer.reference) == 6
    with pytest.raises(Conflict):
        async with database.tenant_session(business.tenant_id) as session:
            await service.leave_waitlist(session, business, bob.entry_id, NOW)


async def test_an_offer_that_lapses_or_is_declined_goes_to_the_next(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    line = [await join(database, business, guest) for guest in (BOB, CAT, DAN)]
    await cancel(database, business, made)
    assert await advance(database, business, NOW + OFFER - timedelta(seconds=1)) == []

    lapsed = NOW + OFFER
    served = await advance(database, business, lapsed)

    assert [one.guest for one in served] == [CAT]
    assert served[0].offer_expires_at == lapsed + OFFER
    assert (await entry(database, business, line[0])).status is WaitlistStatus.EXPIRED
    with pytest.raises(SlotTaken):
        await accept(database, business, line[0], lapsed)
    async with database.tenant_session(business.tenant_id) as session:
        left = await service.leave_waitlist(session, business, line[1].entry_id, lapsed)
    assert left.status is WaitlistStatus.LEFT
    with pytest.raises(Conflict):
        await accept(database, business, line[1], lapsed)
    last = await entry(database, business, line[2])
    assert last.status is WaitlistStatus.OFFERED
    assert await advance(database, business, lapsed + OFFER) == []
    taken = await accept(database, business, last, lapsed + OFFER + timedelta(minutes=5))
    assert taken.offer is not None, "nobody else came: it is still theirs"
    assert taken.offer.status is ReservationStatus.CONFIRMED
    assert (await counts(database, business))["blocking"] == 1


async def test_a_hold_that_lapses_frees_its_place_for_the_line(database: Database) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, uuid7(), NOW)
    waiting = await join(database, business, CAT)
    assert waiting.status is WaitlistStatus.WAITING
    served = await advance(database, business, NOW + timedelta(minutes=5))
    assert [one.entry_id for one in served] == [waiting.entry_id]
    assert served[0].guest == CAT


async def test_moving_frees_the_old_place_for_the_line(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    waiting = await join(database, business, BOB, spread=timedelta())
    later = await ask(database, business, EVENING + timedelta(hours=2))
    async with database.tenant_session(business.tenant_id) as session:
        await service.move(session, business, made.reservation_id, later, ANN, NOW)
    assert (await entry(database, business, waiting)).status is WaitlistStatus.OFFERED


async def test_who_joins_again_for_the_same_day_is_kept_once(database: Database) -> None:
    business = await restaurant(database, 2)
    await book(database, business, await ask(database, business))
    first = await join(database, business, BOB)
    behind = await join(database, business, CAT)
    again = await join(database, business, replace(BOB, notes="by the window"), spread=timedelta(minutes=15))
    assert again.entry_id == first.entry_id < behind.entry_id
    assert (again.guest.notes, again.latest) == ("by the window", EVENING + timedelta(minutes=15))


async def test_bad_wishes_are_refused(database: Database) -> None:
    business = await restaurant(database, 2)
    day = timedelta(days=1)
    wishes = {
        "/party_size": [(SlotQuery(EVENING, 0), EVENING, EVENING), (SlotQuery(EVENING, 400), EVENING, EVENING)],
        "/earliest": [
            (SlotQuery(EVENING, 2), EVENING + day, EVENING + day),
            (SlotQuery(EVENING + 400 * day, 2), EVENING + 400 * day, EVENING + 400 * day),
        ],
        "/latest": [
            (SlotQuery(EVENING, 2), EVENING, EVENING + 40 * day),
            (SlotQuery(EVENING - 9 * day, 2), EVENING - 9 * day, EVENING - 9 * day),
        ],
    }
    async with database.tenant_session(business.tenant_id) as session:
        for pointer, bad in wishes.items():
            for query, earliest, latest in bad:
                with pytest.raises(Unprocessable) as refused:
                    await service.join_waitlist(session, business, query, earliest, latest, BOB, NOW)
                assert refused.value.problems[0].pointer == pointer
        with pytest.raises(NotFound):
            await service.accept_offer(session, business, uuid7(), NOW)
        with pytest.raises(NotFound):
            await service.leave_waitlist(session, business, uuid7(), NOW)


async def test_who_waits_in_vain_is_let_go(database: Database) -> None:
    business = await restaurant(database, 2)
    await book(database, business, await ask(database, business))
    waiting = await join(database, business, BOB, spread=timedelta())
    with pytest.raises(NotFound):
        await accept(database, business, waiting)
    after = EVENING.astimezone(UTC) + timedelta(minutes=1)
    assert await advance(database, business, after) == []
    assert (await entry(database, business, waiting)).status is WaitlistStatus.EXPIRED


async def test_cancelling_guests_advancing_sweeps_and_new_callers_race_and_one_gets_the_place(
    database: Database,
) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    made = await book(database, business, slot)
    line = [await join(database, business, guest) for guest in (BOB, CAT, DAN)]

    async def call() -> Reservation | SlotTaken:
        try:
            return await book(database, business, slot, ANN)
        except SlotTaken as taken:
            return taken

    await asyncio.gather(
        cancel(database, business, made), *(advance(database, business, NOW) for _ in range(6)), *(call() for _ in "ab")
    )
    await asyncio.gather(*(advance(database, business, NOW) for _ in range(6)))
    now = [await entry(database, business, one) for one in line]
    found = await counts(database, business)
    assert found["blocking"] == 1
    assert found.get("held", 0) + found.get("confirmed", 0) == 1
    assert sum(one.status is WaitlistStatus.OFFERED for one in now) == found.get("held", 0)


async def test_accepting_races_with_the_lapse(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    line = [await join(database, business, guest) for guest in (BOB, CAT)]
    await cancel(database, business, made)
    lapsed = NOW + OFFER
    results = await asyncio.gather(
        accept(database, business, line[0], lapsed),
        *(advance(database, business, lapsed) for _ in range(4)),
        return_exceptions=True,
    )
    assert all(isinstance(result, WaitlistEntry | list | SlotTaken) for result in results), results
    first, second = [await entry(database, business, one) for one in line]
    assert (await counts(database, business))["blocking"] == 1
    if first.status is WaitlistStatus.ACCEPTED:
        assert second.status is WaitlistStatus.WAITING
    else:
        assert second.status is WaitlistStatus.OFFERED
