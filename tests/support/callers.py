"""A caller who listens: answers what the agent has just asked, in another voice than the product's."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reception.cli.phone import PhoneCall, Turn
from reception.ports.business import OpeningHours
from tests.support.caller_voice import speak

# In the order in which they are tried on what was asked last.
QUESTIONS: Mapping[str, str] = {
    "again": r"could you say (it|that) (again|once more)|still there",
    "confirm": r"shall i book|say yes to book",
    "rest of phone": r"and the rest|the other digits",
    "phone": r"phone number|number digit by digit",
    "name": r"your name|what name|first and last name",
    "party and when": r"how many.*when|people and when",
    "party": r"how many|number of people",
    "when": r"day and (a )?time",
    "day": r"what day|tell me the day",
    "time": r"what time|tell me the time",
    "more": r"anything else",
    "choice": r"which would you like|would one of those|suit you|would you like",
}


def question_in(reply: str) -> str | None:
    """Which of `QUESTIONS` the agent asked last."""
    asked = re.split(r"(?<=[.?!])\s+", reply.strip())[-1].lower()
    return next((name for name, pattern in QUESTIONS.items() if re.search(pattern, asked)), None)


class Caller:
    """Speaks into a `PhoneCall` and answers its questions.

    `answers` holds what to say to each question, in turn; the last answer to a question is given again when it is
    asked again. What the agent did not catch is said again. The caller hangs up on a question that has no answer.
    """

    def __init__(self, call: PhoneCall, rate_hz: int, answers: Mapping[str, Sequence[str]]) -> None:
        self.call = call
        self._rate_hz = rate_hz
        self._last = ""
        self._answers = {question: list(given) for question, given in answers.items()}

    async def tell(self, text: str) -> Turn:
        """Say `text` and hear the reply."""
        self._last = text
        samples = await asyncio.to_thread(speak, text, self._rate_hz)
        await self.call.listen(0.3)
        await self.call.say(samples, text)
        return await self.call.wait_reply()

    def answer_to(self, reply: str) -> str | None:
        question = question_in(reply)
        if question == "again":
            return self._last
        given = self._answers.get(question or "")
        if not given:
            return None
        return given.pop(0) if len(given) > 1 else given[0]

    async def converse(self, opening: str, *, most_turns: int = 14, on_turn: Callable[[], None] = lambda: None) -> None:
        """Open, then answer until there is nothing to answer or the call ends; `on_turn` after each reply."""
        await self.call.wait_reply()
        turn = await self.tell(opening)
        for _ in range(most_turns):
            on_turn()
            answer = self.answer_to(turn.reply_text)
            if answer is None and self.call.ended is None:
                # On a busy machine a reply may pause between its sentences.
                await self.call.listen(2.0)
                answer = self.answer_to(turn.reply_text)
            if answer is None or self.call.ended is not None:
                return
            turn = await self.tell(answer)


def spoken_day(day: date) -> str:
    """ "Friday, November 27th" """
    suffix = "th" if 10 <= day.day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{day:%A}, {day:%B} {day.day}{suffix}"


def open_day(hours: OpeningHours, timezone: str, at: time, *, ahead: int = 3) -> date:
    """The first local day, at least `ahead` days from now, that is open from `at` for two hours."""
    day = datetime.now(ZoneInfo(timezone)).date() + timedelta(days=ahead)
    until = time(at.hour + 2, at.minute)
    while not any(span.opens <= at and until <= span.closes for span in hours.on(day)):
        day += timedelta(days=1)
    return day
