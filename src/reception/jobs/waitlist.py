"""Advances a tenant's waitlist when something that was held may be free, and has staff ring up who was offered it."""

from uuid import UUID

from reception.core.clock import Clock
from reception.core.errors import NotFound
from reception.db.database import Database
from reception.dialogue.spoken import say_day, say_time
from reception.domains.leads import standing
from reception.domains.leads.service import WAITLIST_OFFER, Stage
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import get_business
from reception.jobs.worker import JobTask
from reception.ports.booking import WaitlistEntry, WaitlistStatus
from reception.ports.business import Bookable, Business
from reception.ports.dialogue import Json
from reception.ports.tools import CreateLead


class WaitlistAdvance:
    """One tenant's line a call of `run`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @property
    def task(self) -> JobTask:
        return JobTask(reservations.ADVANCE, self.run)

    async def run(self, tenant_id: UUID) -> None:
        """Offer what is free to the first in line whom it fits; nothing for a tenant that is gone.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.tenant_session(tenant_id) as session:
            try:
                business = await get_business(session)
            except NotFound:
                return
            await reservations.advance(session, business, self._clock.now())


class WaitlistOffers:
    """Keeps among the messages for staff whom to ring up, and until when: one a call of `run`, as its entry now is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def task(self) -> JobTask:
        return JobTask(reservations.OFFER_CHANGED, self.run)

    async def run(self, tenant_id: UUID, entry_id: UUID) -> None:
        """Nothing for a tenant that is gone; an entry that is gone wants nobody rung up.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.tenant_session(tenant_id) as session:
            try:
                business = await get_business(session)
            except NotFound:
                return
            try:
                entry = await reservations.get_entry(session, business, entry_id)
            except NotFound:
                await standing.settle(session, WAITLIST_OFFER, entry_id, Stage.LOST)
                return
            if entry.status is WaitlistStatus.OFFERED:
                await standing.stand_for(session, tenant_id, entry_id, _call_to_make(business, entry))
            else:
                won = entry.status is WaitlistStatus.ACCEPTED
                await standing.settle(session, WAITLIST_OFFER, entry_id, Stage.WON if won else Stage.LOST)


def _call_to_make(business: Business, entry: WaitlistEntry) -> CreateLead:
    kept, guest = entry.offer, entry.guest
    starts = kept.starts_at if kept is not None else entry.wanted
    stays = business.rules.bookable is Bookable.ROOM
    what = entry.service or (kept.place if kept is not None else "") or business.rules.bookable.value
    when = say_day(starts.date()) if stays else f"{say_day(starts.date())} at {say_time(starts)}"
    details: dict[str, Json] = {"starts_at": starts.isoformat(), "party_size": entry.party_size}
    until = ""
    if entry.offer_expires_at is not None:
        details["call_by"] = entry.offer_expires_at.isoformat()
        until = f" by {say_time(entry.offer_expires_at)} on {say_day(entry.offer_expires_at.date())}"
    text = f"Ring up {guest.name}{until}: what they waited for is kept for them until then."
    people = f" for {entry.party_size}" if business.rules.bookable in {Bookable.TABLE, Bookable.ROOM} else ""
    summary = f"{text} {what[:1].upper()}{what[1:]}{people}, {when}."
    return CreateLead(WAITLIST_OFFER, guest.name, guest.phone, summary, details)
