"""What commit promises: effects once, to their end, and a reply that tells of the row."""

import asyncio
from collections.abc import Sequence

import pytest

from reception.ports.business import AgentSettings
from reception.ports.dialogue import Act, CallerTurn, HangUp, PreparedTurn, Say, Unheard
from reception.ports.tools import Effect, Outcome
from tests.unit.dialogue.fakes import BookLedger
from tests.unit.dialogue.stage import PARKING, Caller, book_of, booked, held, restaurant


async def _at_read_back() -> Caller:
    caller = Caller(book_of(restaurant()))
    await caller.talk("a table for two tomorrow at 6 pm", "Ann Lee", "415 555 0142")
    return caller


async def _prepare(caller: Caller, text: str) -> PreparedTurn:
    return await caller.dialogue.prepare(CallerTurn(caller.dialogue.next_turn, text, "voice"))


async def test_preparing_does_nothing_however_often() -> None:
    caller = await _at_read_back()
    before, runs, state = dict(caller.book.entries), caller.ledger.runs, caller.dialogue.next_turn
    for text in ("yes", "yes please", "no", "five people", "cancel that", "goodbye"):
        await _prepare(caller, text)
    assert (caller.book.entries, caller.ledger.runs, caller.dialogue.next_turn) == (before, runs, state)


async def test_a_speculation_that_was_dropped_leaves_no_trace() -> None:
    caller = await _at_read_back()
    await _prepare(caller, "yes")
    await caller.commit(await _prepare(caller, "yes but five people"))
    assert not booked(caller.book)
    assert held(caller.book)[0].party_size == 5


async def test_the_same_turn_committed_twice_books_once_and_says_the_same() -> None:
    caller = await _at_read_back()
    prepared = await _prepare(caller, "yes")
    first = await caller.commit(prepared)
    runs = caller.ledger.runs
    assert await caller.commit(prepared) == first
    assert caller.ledger.runs == runs
    assert len(booked(caller.book)) == 1
    assert [act.name for act in caller.acts] == ["reservation.created"] * 2
    assert caller.acts[0] == caller.acts[1]


async def test_a_turn_lost_before_it_was_recorded_is_taken_again_without_a_second_booking() -> None:
    caller = await _at_read_back()
    before = caller.ledger.state(3)
    await caller.say("yes")
    outcomes = caller.ledger
    again = Caller(caller.book, conversation_id=caller.conversation_id)
    again.ledger = outcomes
    again.take_up(before, 3, outcomes)
    reply = await again.say("yes")
    assert booked(caller.book)[0].reference in reply
    assert len(booked(caller.book)) == 1


async def test_the_preview_is_what_is_said_first() -> None:
    caller = await _at_read_back()
    prepared = await _prepare(caller, "yes")
    assert [say.text for say in prepared.preview] == ["Thank you."]
    parts = [part async for part in caller.dialogue.commit(prepared)]
    assert next(part for part in parts if isinstance(part, Say)) == prepared.preview[0]
    asked = await _prepare(caller, "do you have parking?")
    parts = [part async for part in caller.dialogue.commit(asked)]
    assert tuple(part for part in parts if isinstance(part, Say)) == asked.preview
    assert asked.preview[0].citations[0].document == "Questions"


async def test_nothing_of_an_effect_is_told_before_it_is_done() -> None:
    caller = await _at_read_back()
    for say in (await _prepare(caller, "yes")).preview:
        assert "book" not in say.text.lower()


class SlowLedger(BookLedger):
    """Takes until it is let go."""

    def __init__(self, inner: BookLedger) -> None:
        self.__dict__.update(inner.__dict__)
        self.started = asyncio.Event()
        self.let_go = asyncio.Event()

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        self.started.set()
        await self.let_go.wait()
        return await super().run(turn, effects)


async def test_a_commit_whose_task_is_cancelled_still_books() -> None:
    caller = await _at_read_back()
    slow = SlowLedger(caller.ledger)
    caller.take_up(caller.ledger.state(3), 3, slow)
    prepared = await _prepare(caller, "yes")
    task = asyncio.create_task(caller.commit(prepared))
    await slow.started.wait()
    task.cancel()
    slow.let_go.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert len(booked(caller.book)) == 1
    assert caller.dialogue.next_turn == 5
    await caller.dialogue.close("caller_gone")
    assert 4 in slow.records


async def test_an_interrupted_reply_is_recorded_and_its_effects_stand() -> None:
    caller = await _at_read_back()
    iterator = caller.dialogue.commit(await _prepare(caller, "yes"))
    assert isinstance(await anext(iterator), Act)
    await iterator.aclose()  # type: ignore[attr-defined]
    await caller.dialogue.heard(4, "Thank", interrupted=True)
    await caller.dialogue.close("caller_gone")
    assert len(booked(caller.book)) == 1
    assert "Your reference is" in caller.ledger.records[4].said
    assert caller.ledger.heard_texts[4] == ("Thank", True)


async def test_a_turn_prepared_before_the_last_one_was_committed_is_thought_out_again() -> None:
    caller = Caller(book_of(restaurant()))
    stale = await caller.dialogue.prepare(CallerTurn(2, "four people", "voice"))
    await caller.say("a table for two tomorrow at 6 pm")
    await caller.commit(stale)
    assert held(caller.book)[0].party_size == 4


async def test_what_the_database_says_is_over_is_asked_for_another_day() -> None:
    caller = await _at_read_back()
    caller.book.gone_by = True
    reply = await caller.say("yes")
    assert "already passed" in reply
    assert "day" in reply
    assert not booked(caller.book)


async def test_where_bookings_are_out_of_reach_nothing_is_promised_and_a_message_is_offered() -> None:
    caller = await _at_read_back()
    caller.book.out_of_reach = True
    reply = await caller.say("yes")
    assert "can't get at our bookings" in reply
    assert not booked(caller.book)
    caller = Caller(book_of(restaurant()))
    caller.book.out_of_reach = True
    reply = await caller.say("a table for two tomorrow at 6 pm")
    assert "can't get at our bookings" in reply
    assert "message" in reply or "call you back" in reply


async def test_what_is_recorded_of_a_turn() -> None:
    caller = Caller(book_of(restaurant()))
    opening = await caller.dialogue.open()
    reply = await caller.say("do you have parking?")
    record = caller.ledger.records[1]
    assert (record.heard, record.said) == ("do you have parking?", reply)
    assert record.commands[0].startswith("AskKnowledge(")
    assert list(record.citations) == [caller.passages[0].chunk_id]
    assert caller.ledger.records[0].said == " ".join(part.text for part in opening if isinstance(part, Say))


async def test_a_silent_caller_is_asked_twice_and_let_go() -> None:
    caller = await _at_read_back()
    first, second, third = [await caller.dialogue.on_silence(count) for count in (1, 2, 3)]
    assert all(isinstance(part, Say) for part in (*first, *second))
    assert isinstance(third[-1], HangUp)
    assert held(caller.book)
    assert not any(isinstance(part, Act) for part in third)


async def _goes_on(caller: Caller, text: str) -> str:
    """The caller says `text` before anything is heard of the reply to what was said last."""
    turn = CallerTurn(caller.dialogue.next_turn, text, "voice", continues=True)
    return await caller.commit(await caller.dialogue.prepare(turn))


async def test_a_question_cut_in_two_is_answered_as_one() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("Is there any.")
    assert PARKING.text in await _goes_on(caller, "Parking?")


async def test_a_wish_cut_in_three_is_one_wish() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("I would like a table for.")
    await _goes_on(caller, "Two people tomorrow.")
    assert "Tomorrow at 6 PM for two" in await _goes_on(caller, "at six pm")
    assert caller.dialogue.question == "name"


async def test_what_was_done_is_not_undone_by_going_on() -> None:
    caller = await _at_read_back()
    await caller.say("Yes")
    reply = await _goes_on(caller, "please. Is there parking?")
    assert PARKING.text in reply
    assert len(booked(caller.book)) == 1
    assert caller.ended is None


async def test_a_goodbye_that_was_none_does_not_end_the_call() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.say("Goodbye.")
    caller.ended = None
    assert PARKING.text in await _goes_on(caller, "Wait, is there parking?")
    assert caller.ended is None


async def _too_early(caller: Caller, text: str, unheard: Unheard = "question") -> str:
    """The caller says `text` before the question of the last reply was heard."""
    turn = CallerTurn(caller.dialogue.next_turn, text, "voice", unheard=unheard)
    return await caller.commit(await caller.dialogue.prepare(turn))


@pytest.mark.parametrize("words", ["yes please", "okay", "Yes please, thank you, bye."])
async def test_a_yes_before_the_read_back_was_heard_is_none(words: str) -> None:
    caller = await _at_read_back()
    assert await _too_early(caller, words) == "So, shall I book that table?"
    assert not booked(caller.book)
    assert caller.ended is None
    await caller.say("yes")
    assert len(booked(caller.book)) == 1


async def test_a_read_back_of_which_nothing_is_told_is_read_again_whole_until_it_is_heard() -> None:
    caller = await _at_read_back()
    for words in ("is there parking?", "yes", "yes please"):
        assert "under Ann Lee" in await _too_early(caller, words, "all")
    assert not booked(caller.book)


async def test_a_yes_to_a_question_that_was_heard_before_counts_though_the_last_reply_was_not() -> None:
    caller = await _at_read_back()
    await caller.say("is there parking?")
    await _too_early(caller, "yes", "all")
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize(("wish", "asked"), [("cancel it", "Shall I cancel it?"), ("move it to 7 pm", "change")])
async def test_a_yes_before_the_question_was_heard_neither_cancels_nor_moves(wish: str, asked: str) -> None:
    caller = await _at_read_back()
    await caller.talk("yes", wish)
    before = booked(caller.book)
    assert asked in await _too_early(caller, "yes")
    assert booked(caller.book) == before
    await caller.say("yes")
    assert booked(caller.book) != before


async def test_a_yes_before_the_only_booking_there_is_was_named_does_not_pick_it() -> None:
    caller = await _at_read_back()
    await caller.say("yes")
    named = await caller.say("Cancel my table on Saturday")
    assert "Is that the one you mean?" in named
    assert "Is that the one you mean?" in await _too_early(caller, "yes")
    assert "Is that the one you mean?" in await _too_early(caller, "yes please", "all")
    assert "Shall I cancel it?" in await caller.say("yes")
    await caller.say("yes")
    assert not booked(caller.book)


async def test_after_a_goodbye_that_was_none_the_talk_goes_on_to_a_booking() -> None:
    caller = Caller(book_of(restaurant()))
    await caller.talk("Is there parking?", "that's all, bye")
    wish = await caller.say("wait, also a table for two tomorrow at 6 pm")
    assert "?" in wish
    assert not caller.dialogue.ended
    await caller.talk("Ann Lee", "415 555 0142", "yes")
    assert len(booked(caller.book)) == 1


@pytest.mark.parametrize(("heard", "again"), [("", True), ("This call is", True), ("This call is recorded. Hi", False)])
async def test_who_did_not_hear_that_they_are_recorded_is_told_when_the_call_is_taken_up(
    heard: str, again: bool
) -> None:
    caller = Caller(book_of(restaurant()), settings=AgentSettings(recording=True))
    await caller.dialogue.open()
    await caller.say("a table for two tomorrow at 6 pm")
    caller.take_up(caller.ledger.state(1), 1, greeting_heard=heard)
    first, *_, last = await caller.dialogue.open()
    assert (first == Say("This call is recorded.", interruptible=False)) is again
    assert isinstance(last, Say)
    assert "name" in last.text
