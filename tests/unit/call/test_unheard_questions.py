"""A yes counts for what it was said to: of a question that the caller had not heard, nothing comes."""

import pytest

from reception.ports.events import ReplySaid
from tests.unit.call.desk import Desk
from tests.unit.call.scene import Scene, play
from tests.unit.dialogue.stage import booked

WISH = "Table for four Friday 7pm, Dana Reyes, 415 555 0142"
READ_BACK = "A table for four on Friday, March 12th at 7 PM, under Dana Reyes, phone 415 555 0142."
AGAIN = "So, shall I book that table?"


def _said(scene: Scene, turn: int) -> list[str]:
    events = scene.observer.events
    return [event.text for event in events if isinstance(event, ReplySaid) and event.turn == turn]


@pytest.mark.parametrize(("effects_s", "into_ms"), [(3.0, 1700), (0.01, 640)])
def test_a_yes_said_before_the_read_back_books_nothing_and_one_after_it_does(effects_s: float, into_ms: int) -> None:
    """Into a slow turn, or right after the words that it would have been the answer to."""
    desk = Desk(effects_s)
    booked_by_then: list[int] = []

    async def script(s: Scene) -> None:
        await s.caller.waits()
        await s.caller.says(WISH)
        await s.caller.is_silent(into_ms)
        await s.caller.says("yes please")
        await s.caller.is_silent(16_000)
        booked_by_then.append(len(booked(desk.book)))
        await s.caller.says("yes please")
        await s.caller.waits()

    scene = play(script, dialogue=desk)
    assert scene.texts() == [WISH, "yes please", "yes please"]
    assert READ_BACK in _said(scene, 1)
    assert _said(scene, 2) == [AGAIN]
    assert booked_by_then == [0]
    assert len(booked(desk.book)) == 1


def test_a_yes_into_a_read_back_that_was_heard_in_part_books() -> None:
    desk = Desk()

    async def script(s: Scene) -> None:
        await s.caller.waits()
        await s.caller.says(WISH)
        await s.caller.is_silent(4000)
        await s.caller.says("yes please")
        await s.caller.waits()

    scene = play(script, dialogue=desk)
    assert scene.texts() == [WISH, "yes please"]
    assert len(booked(desk.book)) == 1


def test_who_goes_on_with_a_yes_is_told_that_it_could_not_be_booked() -> None:
    desk = Desk()

    async def script(s: Scene) -> None:
        await s.caller.waits()
        await s.caller.says(WISH)
        await s.caller.waits()
        desk.book.gone_by = True
        await s.caller.says("yes")
        await s.caller.is_silent(640)
        await s.caller.says("thank you bye")
        await s.caller.waits()

    scene = play(script, dialogue=desk)
    assert scene.texts() == [WISH, "yes", "thank you bye"]
    assert "already passed" in next(heard for turn, heard, _ in desk.heard_of if turn == 2)
