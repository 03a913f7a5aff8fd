"""Erases a person from what a business has kept, by their phone number and the e-mail addresses they gave with it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import phonenumbers

from reception.db.database import Database, take_long
from reception.domains.conversations.erasure import find_with, forget, leads_left_in
from reception.domains.leads import erasure as leads
from reception.domains.repeats import service as repeats
from reception.domains.reservations import erasure as reservations
from reception.runtime.recording.service import Recordings

_BETWEEN = r"[ ().\-/]*"
# In JSON a line's end is written with a letter.
_BEFORE_EMAIL = r"(^|[^a-z0-9._%+\-]|\\[bfnrt])"
_AFTER_EMAIL = r"($|[^a-z0-9.\-]|[.\-]+($|[^a-z0-9.\-]))"


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of a person was erased. What is still to come was kept: cancel it first to have that erased too."""

    conversations: int
    leads: int
    messages: int
    reservations: int
    waitlist_entries: int
    reservations_kept: int
    waitlist_entries_kept: int


def number_pattern(phone: str) -> str:
    """A regular expression of PostgreSQL that a number in E.164 matches, with or without its country code, in digits
    with the usual signs between them."""
    number = phonenumbers.parse(phone)
    national = phonenumbers.national_significant_number(number)
    code = rf"((\+|00)?{_BETWEEN}{number.country_code}{_BETWEEN}|0{_BETWEEN})?"
    return rf"(^|[^0-9]){code}{_BETWEEN.join(map(re.escape, national))}([^0-9]|$)"


def person_pattern(number: str, emails: Iterable[str]) -> str:
    """A regular expression of PostgreSQL that matches what `number` does and each of `emails`, in whichever case."""
    addresses = (f"{_BEFORE_EMAIL}{re.escape(email)}{_AFTER_EMAIL}" for email in emails)
    return "(?i)" + "|".join((number, *addresses))


async def erase_person(
    database: Database, recordings: Recordings, tenant_id: UUID, phone: str, now: datetime
) -> Erased:
    """Erase whoever has `phone` (E.164): their conversations with recordings and what came of them, leads, messages and
    entries of the waitlist; reservations that are over lose their name. All of it or nothing.

    Raises:
        Conflict: a call with them is going on.
        Unavailable: the database does not answer, or recordings cannot be deleted now.
    """
    number = number_pattern(phone)
    async with database.tenant_session(tenant_id) as session:
        await take_long(session)
        emails = await reservations.emails_of(session, number, await leads.emails_of(session, number))
        person = person_pattern(number, emails)
        known = {*await leads.conversations_of(session, person), *await reservations.conversations_of(session, person)}
        conversations = await find_with(session, person, known, now)
        guest = await reservations.erase(session, person, conversations, now)
        left = await leads_left_in(session, conversations)
        others, messages = await leads.erase(session, person, conversations, left)
        await forget(session, conversations)
        await repeats.forget_answers(session)
        # Last, for what is deleted there does not come back when the transaction fails.
        await recordings.delete(tenant_id, conversations)
    return Erased(
        conversations=len(conversations),
        leads=others,
        messages=messages,
        reservations=guest.reservations,
        waitlist_entries=guest.waitlist_entries,
        reservations_kept=guest.reservations_kept,
        waitlist_entries_kept=guest.waitlist_entries_kept,
    )
