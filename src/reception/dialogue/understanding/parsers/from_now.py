"""Times that are told from now on: "in two hours", "in half an hour"."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from reception.dialogue.commands import SlotName, TimeOfDay
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, words_of

_IN = re.compile(
    r"\bin (?:about |around |roughly )*(?:(?P<half>half an hour)|"
    r"(?P<hours>an|one|two|three|four|five|six|[1-6]) hours?(?P<more> and a half)?|"
    r"(?P<minutes>fifteen|twenty|thirty|forty|forty five|ninety|\d{2}) (?:minutes|mins))\b(?! (?:late|behind))"
)
_NUMBERS = {
    "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "forty five": 45, "ninety": 90,
}  # fmt: skip
_FOR_A_VISIT = re.compile(r"\b(?:table|appointment|viewing|book|reserve|come|coming|seat|squeeze|fit|see)\b")
_OF_A_CALL = re.compile(r"\b(?:call|ring|phone|text|message)\b")


def find_from_now(tokens: Sequence[Token], now: datetime, step: timedelta) -> list[Found]:
    """The day and the time of a visit that is to be so long from `now`, on the next full `step` of the day."""
    words = words_of(tokens)
    said = _IN.search(words)
    if said is None or _FOR_A_VISIT.search(words) is None or _OF_A_CALL.search(words) is not None:
        return []
    if said.group("half"):
        ahead = timedelta(minutes=30)
    elif said.group("hours"):
        ahead = timedelta(hours=_number(said.group("hours")), minutes=30 if said.group("more") else 0)
    else:
        ahead = timedelta(minutes=_number(said.group("minutes")))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    steps = -((midnight - now.replace(tzinfo=None) - ahead) // step)
    moment = midnight + steps * step
    start = words[: said.start()].count(" ")
    end = start + said.group().count(" ") + 1
    return [
        Found(SlotName.DATE, start, start + 1, moment.date()),
        Found(SlotName.TIME, start + 1, end, TimeOfDay(moment.time())),
    ]


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)
