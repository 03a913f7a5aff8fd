"""Bookings that a conversation remembers, as their rows stand in this turn."""

from dataclasses import replace

from reception.core.errors import Unavailable
from reception.dialogue.replies import cancelled, describe_row
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Reservation, ReservationStatus


def standing(row: Reservation, scene: TurnScene) -> Reservation | None:
    """`row` as it stands now; None where it is no booking to come any more.

    Raises:
        Unavailable: it could not be read.
    """
    now = _read(row, scene)
    to_come = now is not None and now.status is ReservationStatus.CONFIRMED and now.ends_at > scene.now
    return now if to_come else None


def gone(state: DialogueState, row: Reservation, scene: TurnScene) -> Step:
    """Says what has become of `row`, which is no booking to come any more, and forgets it."""
    now = _read(row, scene)
    forgets = state.booked is not None and state.booked.reservation_id == row.reservation_id
    left = Step(replace(state.without_flow(), booked=None if forgets else state.booked), answered=True)
    if now is not None and now.status is ReservationStatus.CANCELLED:
        return left.saying(*cancelled(scene, now))
    if now is not None:
        return left.saying(f"Your booking was {describe_row(scene, now)}, and can't be changed any more.")
    return left.saying(f"I no longer have {describe_row(scene, row)}.")


def _read(row: Reservation, scene: TurnScene) -> Reservation | None:
    if scene.rows is None:
        raise Unavailable
    return scene.rows.get(row.reservation_id)
