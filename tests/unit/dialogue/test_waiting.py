"""Who is known by their number, and who waits for what is taken."""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import uuid4

from reception.ports.booking import Guest, ReservationStatus, SlotQuery, WaitlistEntry, WaitlistStatus
from reception.ports.dialogue import Say
from tests.unit.dialogue.stage import NOW, Caller, book_of, booked, local, restaurant, take

FRIDAY = date(2027, 3, 12)
PHONE = "+14155550199"


def _full() -> Caller:
    """Friday at seven, with every table for two or more taken."""
    book = book_of(restaurant())
    for size in (2, 4, 8):
        take(book, FRIDAY, time(19), size, f"+1415555010{size}")
    return Caller(book)


async def _opened(caller: Caller) -> str:
    return " ".join(part.text for part in await caller.dialogue.open() if isinstance(part, Say))


async def test_the_waitlist_is_offered_where_all_is_taken() -> None:
    caller = _full()
    replies = await caller.talk("a table for two on Friday at 7pm", "put me on the waitlist please", "Maria Ramos")
    assert "waitlist" in replies[0]
    replies = await caller.talk("415 555 0142", "yes")
    assert "waitlist for a table for two on Friday, March 12th around 7 PM, under Maria Ramos" in replies[0]
    assert "You're on the waitlist" in replies[1]
    (entry,) = caller.book.waiting.values()
    assert (entry.party_size, entry.guest.name, entry.guest.phone) == (2, "Maria Ramos", "+14155550142")
    assert entry.wanted == local(caller.book, FRIDAY, time(19))
    assert entry.latest - entry.earliest == timedelta(hours=2)
    assert not [row for row in booked(caller.book) if row.guest.name == "Maria Ramos"]


async def test_who_wants_none_of_what_is_offered_is_asked_about_the_waitlist() -> None:
    caller = _full()
    replies = await caller.talk("a table for two on Friday at 7pm", "no, none of those", "no thanks", "Saturday at 7")
    assert "waitlist?" in replies[1]
    assert "Saturday at 7 PM" in replies[3]


async def test_the_waitlist_is_joined_without_trying_first() -> None:
    caller = _full()
    await caller.talk(
        "can you put me on the waiting list for Friday at 7 for two", "Maria Ramos", "415 555 0142", "yes"
    )
    assert len(caller.book.waiting) == 1


async def test_a_known_caller_is_greeted_and_not_asked_again() -> None:
    book = book_of(restaurant())
    take(book, FRIDAY, time(19), 2, PHONE)
    caller = Caller(book, caller_phone=PHONE)
    assert "Welcome back, Pat." in await _opened(caller)
    reply = await caller.say("a table for two on Saturday at 7pm please")
    assert "under Pat Doe, phone 415 555 0199" in reply
    assert "Shall I book it?" in reply
    await caller.say("yes please")
    assert len(booked(book)) == 2


async def test_a_known_caller_may_book_under_another_name() -> None:
    book = book_of(restaurant())
    take(book, FRIDAY, time(19), 2, PHONE)
    caller = Caller(book, caller_phone=PHONE)
    await _opened(caller)
    await caller.talk("a table for two on Saturday at 7pm please", "no, put it under Anna Grant", "yes")
    assert booked(book)[-1].guest.name == "Anna Grant"


async def test_what_is_kept_for_who_waited_is_told_when_they_call() -> None:
    book = book_of(restaurant())
    starts_at = local(book, FRIDAY, time(19))
    found = book.availability(SlotQuery(starts_at, 2), uuid4())
    assert found.exact is not None
    guest = Guest("Maria Ramos", PHONE)
    row = book.put(found.exact, uuid4(), guest, ReservationStatus.HELD)
    entry = WaitlistEntry(
        uuid4(), WaitlistStatus.OFFERED, starts_at, starts_at, starts_at, 2, guest, offer=row,
        offer_expires_at=NOW + timedelta(minutes=10),
    )  # fmt: skip
    book.waiting[entry.entry_id] = entry
    caller = Caller(book, caller_phone=PHONE)
    opening = await _opened(caller)
    assert "a table for two on Friday, March 12th at 7 PM has come free" in opening
    assert "until 7:10 AM" in opening
    reply = await caller.say("oh brilliant, yes please")
    assert "You're booked" in reply
    assert book.waiting[entry.entry_id].status is WaitlistStatus.ACCEPTED


async def test_an_offer_may_be_declined() -> None:
    book = book_of(restaurant())
    starts_at = local(book, FRIDAY, time(19))
    guest = Guest("Maria Ramos", PHONE)
    found = book.availability(SlotQuery(starts_at, 2), uuid4())
    assert found.exact is not None
    row = book.put(found.exact, uuid4(), guest, ReservationStatus.HELD)
    entry = WaitlistEntry(
        uuid4(), WaitlistStatus.OFFERED, starts_at, starts_at, starts_at, 2, guest, offer=row
    )  # fmt: skip
    book.waiting[entry.entry_id] = entry
    caller = Caller(book, caller_phone=PHONE)
    await _opened(caller)
    await caller.say("no thank you, we've made other plans")
    assert book.waiting[entry.entry_id].status is WaitlistStatus.LEFT


async def test_a_lapsed_offer_is_not_told() -> None:
    book = book_of(restaurant())
    starts_at = local(book, FRIDAY, time(19))
    guest = Guest("Maria Ramos", PHONE)
    found = book.availability(SlotQuery(starts_at, 2), uuid4())
    assert found.exact is not None
    row = book.put(found.exact, uuid4(), guest, ReservationStatus.HELD)
    entry = WaitlistEntry(
        uuid4(), WaitlistStatus.OFFERED, starts_at, starts_at, starts_at, 2, guest, offer=row,
        offer_expires_at=NOW - timedelta(minutes=1),
    )  # fmt: skip
    book.waiting[entry.entry_id] = replace(entry)
    caller = Caller(book, caller_phone=PHONE)
    assert "come free" not in await _opened(caller)


async def test_who_insists_on_what_is_taken_is_asked_about_the_waitlist() -> None:
    for text in ("no, it has to be seven", "only seven works for me"):
        caller = _full()
        replies = await caller.talk("a table for two on Friday at 7pm", text, "yes")
        assert "waitlist?" in replies[1]
        assert "name" in replies[2]


async def test_a_name_instead_of_a_choice_is_thanked_for_and_the_times_are_said_again() -> None:
    caller = _full()
    offer, named, *_ = await caller.talk("a table for two on Friday at 7pm", "my name is Ann Lee")
    assert "Ann Lee" in named
    assert "8:30" in offer
    assert "8:30" in named
    assert "8:30" in await caller.say("415 555 0142")
    reply = await caller.say("8:30")
    assert "Ann Lee" in reply
    await caller.say("yes")
    assert [row.starts_at for row in booked(caller.book) if row.guest.name == "Ann Lee"] == [
        local(caller.book, FRIDAY, time(20, 30))
    ]


def _one_left() -> Caller:
    """The days around Friday taken, and Friday but for nine o'clock."""
    book = book_of(restaurant())
    for ahead in range(-2, 20):
        day = FRIDAY + timedelta(days=ahead)
        for at in (time(18), time(19, 30), *(() if day == FRIDAY else (time(21),))):
            for table in range(3):
                if book.business.hours.on(day):
                    take(book, day, at, 2, f"+1415555010{table}")
    return Caller(book)


async def test_who_gives_a_name_to_the_only_time_there_is_wants_it() -> None:
    caller = _one_left()
    offer, named, _, _ = await caller.talk(
        "a table for two on Friday at 7pm", "my name is Ann Lee", "415 555 0142", "yes"
    )
    assert "Would that suit you?" in offer
    assert "9 PM" in named
    (row,) = [row for row in booked(caller.book) if row.guest.name == "Ann Lee"]
    assert row.starts_at == local(caller.book, FRIDAY, time(21))


async def test_an_option_is_not_taken_by_its_day_where_another_time_is_said() -> None:
    caller = _one_left()
    await caller.say("a table for two on Friday at 7pm")
    reply = await caller.say("Friday again then at 6:30")
    assert "May I have your name" not in reply
    assert not caller.book.rows(ReservationStatus.HELD)


async def test_who_waits_is_taken_off_the_list_by_number_and_name() -> None:
    caller = _full()
    await caller.talk(
        "a table for two on Friday at 7pm", "put me on the waitlist please", "Maria Ramos", "415 555 0142", "yes"
    )
    other = Caller(caller.book)
    replies = await other.talk("take me off the waiting list", "415 555 0142", "Ann Lee", "415 555 0142", "Maria Ramos")
    assert "can't find anybody on the waitlist" in replies[2]
    assert "Shall I take you off it?" in replies[4]
    assert "no longer on the waitlist for a table for two" in await other.say("yes")
    assert [entry.status for entry in caller.book.waiting.values()] == [WaitlistStatus.LEFT]
