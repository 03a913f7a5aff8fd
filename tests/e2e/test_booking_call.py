"""Whole calls that end, or do not end, in a booking: real speech over the real socket, read back from the database."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from reception.cli.phone import PhoneCall
from reception.ports.audio import AudioFormat
from reception.runtime.returning import GRACE_S
from tests.e2e.conftest import PARKING, TELEPHONE, WIDEBAND, dinner_day, phone_call, restaurant, scripted
from tests.support.callers import Caller, spoken_day
from tests.support.running_server import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = "four one five, five five five, zero one four two"


def answers(day: date) -> dict[str, list[str]]:
    return {
        "party and when": [f"Four people, on {spoken_day(day)}, at seven thirty in the evening."],
        "party": ["Four people."],
        "when": [f"On {spoken_day(day)}, at seven thirty in the evening."],
        "day": [f"On {spoken_day(day)}."],
        "time": ["At half past seven in the evening."],
        "name": ["My name is Joe Miller."],
        "phone": [f"{PHONE}."],
        "confirm": ["Yes, please."],
        "more": ["No, thank you. Goodbye."],
    }


async def book(server: RunningServer, audio: AudioFormat, day: date, **changed: list[str]) -> PhoneCall:
    async with phone_call(server, audio) as call:
        given = answers(day) | {question.replace("_", " "): texts for question, texts in changed.items()}
        await Caller(call, audio.sample_rate_hz, given).converse("Hello, I would like to book a table, please.")
    return call


def reservations_of(server: RunningServer, call: PhoneCall) -> list[dict[str, Any]]:
    return server.rows("SELECT * FROM reservations WHERE conversation_id = %(id)s", id=UUID(call.conversation_id))


def confirmed(server: RunningServer, call: PhoneCall) -> dict[str, Any]:
    """The one confirmed reservation of the call, its start in the restaurant's own time."""
    rows = [row for row in reservations_of(server, call) if row["status"] == "confirmed"]
    assert len(rows) == 1, call.transcript
    starts_at = rows[0]["starts_at"].astimezone(ZoneInfo(restaurant().spec.timezone))
    return rows[0] | {"local": (starts_at.date(), f"{starts_at:%H:%M}")}


@scripted("wideband booking")
async def wideband_booking(server: RunningServer) -> PhoneCall:
    return await book(server, WIDEBAND, dinner_day())


@scripted("telephone booking")
async def telephone_booking(server: RunningServer) -> PhoneCall:
    return await book(server, TELEPHONE, dinner_day())


@scripted("parking")
async def parking(server: RunningServer) -> PhoneCall:
    return await book(server, WIDEBAND, dinner_day(), name=["Is there any parking?", "My name is Joe Miller."])


@scripted("change of mind")
async def change_of_mind(server: RunningServer) -> PhoneCall:
    return await book(
        server, WIDEBAND, dinner_day(), confirm=["No, sorry, make it five people, please.", "Yes, please."]
    )


async def held_then(server: RunningServer, leave: Callable[[PhoneCall], Awaitable[None]]) -> PhoneCall:
    """A call up to the read-back, where a table is held, then `leave`."""
    async with phone_call(server, WIDEBAND) as call:
        given = {question: texts for question, texts in answers(dinner_day()).items() if question != "confirm"}
        await Caller(call, WIDEBAND.sample_rate_hz, given).converse("Hello, I would like to book a table, please.")
        held = [row for row in reservations_of(server, call) if row["status"] == "held"]
        assert len(held) == 1, call.transcript
        await leave(call)
    return call


@scripted("hang-up before confirming")
async def hang_up_before_confirming(server: RunningServer) -> PhoneCall:
    return await held_then(server, PhoneCall.hang_up)


@scripted("line lost before confirming")
async def line_lost_before_confirming(server: RunningServer) -> PhoneCall:
    return await held_then(server, PhoneCall.drop)


@pytest.mark.parametrize("finished", ["wideband booking", "telephone booking"], indirect=True)
async def test_a_whole_call_ends_with_the_right_row(server: RunningServer, finished: PhoneCall) -> None:
    row = confirmed(server, finished)
    assert row["party_size"] == 4
    assert row["local"] == (dinner_day(), "19:30")
    assert row["guest_name"] == "Joe Miller"
    assert row["guest_phone"] == "+14155550142"
    booked = [action for action in finished.actions if action.name == "reservation.created"]
    assert [action.data["reference"] for action in booked] == [row["reference"]]
    confirmation = next(turn for turn in finished.turns if booked[0] in turn.actions)
    assert row["reference"] in confirmation.reply_text


@pytest.mark.parametrize("finished", ["wideband booking"], indirect=True)
async def test_the_agent_answers_every_turn_soon_and_says_where_the_time_went(finished: PhoneCall) -> None:
    spoken = finished.turns[1:]
    assert all(turn.latency_ms is not None for turn in spoken), finished.transcript
    assert all(turn.metrics and turn.metrics[0]["endpointing_ms"] is not None for turn in spoken[:-1])


@pytest.mark.parametrize("finished", ["wideband booking"], indirect=True)
async def test_a_caller_who_says_goodbye_is_let_go(finished: PhoneCall) -> None:
    assert finished.ended not in (None, "hung_up", "connection_lost")
    assert any(event["type"] == "ended" for _, event in finished.events)


@pytest.mark.parametrize("finished", ["parking"], indirect=True)
async def test_a_question_in_the_middle_is_answered_and_the_booking_goes_on(
    server: RunningServer, finished: PhoneCall
) -> None:
    answered = next(turn for turn in finished.turns if "parking" in turn.heard.lower())
    assert re.search(PARKING, answered.reply_text)
    assert answered.citations
    row = confirmed(server, finished)
    assert (row["party_size"], row["local"], row["guest_name"]) == (4, (dinner_day(), "19:30"), "Joe Miller")


@pytest.mark.parametrize("finished", ["change of mind"], indirect=True)
async def test_what_was_said_last_is_booked(server: RunningServer, finished: PhoneCall) -> None:
    row = confirmed(server, finished)
    assert (row["party_size"], row["local"], row["guest_name"]) == (5, (dinner_day(), "19:30"), "Joe Miller")


@pytest.mark.parametrize("finished", ["hang-up before confirming", "line lost before confirming"], indirect=True)
async def test_a_caller_who_goes_before_confirming_leaves_no_booking_and_no_hold(
    server: RunningServer, finished: PhoneCall
) -> None:
    conversation = UUID(finished.conversation_id)
    # A lost line is given time to come back; one that was hung up is closed at once.
    within_s = 15.0 if finished.ended == "stopped_by_caller" else GRACE_S + 15.0
    await server.until_rows(
        "SELECT 1 FROM conversations WHERE id = %(id)s AND ended_at IS NOT NULL", within_s=within_s, id=conversation
    )
    rows = reservations_of(server, finished)
    assert not [row for row in rows if row["status"] in ("held", "confirmed")]
    assert not server.rows(
        "SELECT 1 FROM allocations JOIN reservations ON reservations.id = reservation_id"
        " WHERE conversation_id = %(id)s AND blocking",
        id=conversation,
    )
    assert all(action.name != "reservation.created" for action in finished.actions)
