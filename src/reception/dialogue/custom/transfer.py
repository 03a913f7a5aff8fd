"""Whom a call is put through to, by name and by the hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.ports.business import OpeningHours, OpenSpan
from reception.ports.definition import Schedule, TransferTarget


@dataclass(frozen=True, slots=True)
class Reachable:
    """`phone` is empty where nobody is there now; `closed` is what the target's owner has callers told then, and `name`
    is empty for whoever is there."""

    phone: str
    name: str = ""
    closed: str = ""


def reach(scene: TurnScene, target: str = "") -> Reachable:
    """The target of that name, or of the others the first that is there; without targets the agent's own number."""
    targets = scene.agent.definition.transfer_targets
    named = [one for one in targets if one.name == target]
    for one in named or targets:
        if is_there(one, scene):
            return Reachable(one.phone, one.name)
    if targets:
        chosen = (named or targets)[0]
        return Reachable("", chosen.name if named else "", chosen.closed)
    return Reachable(scene.agent.settings.handoff_phone)


def is_there(target: TransferTarget, scene: TurnScene) -> bool:
    """Whether `target` takes calls now."""
    if target.available == "always":
        return True
    if target.available == "business_hours":
        return _is_open(scene.business.hours, scene.now)
    return target.schedule is not None and _is_open(_hours(target.schedule), scene.now)


def named_target(targets: Sequence[TransferTarget], text: str) -> str:
    """The target that `text` names, empty when none or several are."""
    words = f" {words_of(tokenize(text))} "
    named = [
        target.name
        for target in targets
        if any(f" {words_of(tokenize(label))} " in words for label in (target.name, *target.synonyms))
    ]
    return named[0] if len(named) == 1 else ""


def _hours(schedule: Schedule) -> OpeningHours:
    return OpeningHours(
        tuple(tuple(OpenSpan(span.opens, span.closes) for span in day) for day in schedule.weekly),
        tuple((one.date, tuple(OpenSpan(s.opens, s.closes) for s in one.spans)) for one in schedule.exceptions),
    )


def _is_open(hours: OpeningHours, now: datetime) -> bool:
    """Spans that began yesterday and end today count, too."""
    today, at = now.date(), now.time().replace(tzinfo=None)
    for span in hours.on(today):
        if span.opens <= at and (span.closes <= span.opens or at < span.closes):
            return True
    return any(span.closes <= span.opens and at < span.closes for span in hours.on(today - timedelta(days=1)))
