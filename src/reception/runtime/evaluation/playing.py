"""Plays a scenario: the caller says what is written, and answers what is asked."""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reception.runtime.evaluation.phone import Heard, Phone
from reception.runtime.evaluation.questions import (
    is_asked,
    is_pattern,
    pattern_of,
    put_together,
    sets_of_answers,
)
from reception.runtime.evaluation.results import Exchange, Failure
from reception.runtime.evaluation.scenario import Act, Scenario, Turn

_SAME_AGAIN = 5
"""A caller who gives the same answer to the same question so often in a row is getting nowhere."""


class Answers:
    """The answers of a scenario, those of a list one after the other, the last one again and again."""

    def __init__(self, answers: Mapping[str, tuple[Act, ...]], caller: str) -> None:
        self._left = {name: deque(given) for name, given in answers.items()}
        self._caller = caller

    def to(self, heard: Heard) -> Act | None:
        """The answer to what is asked; None where the scenario has none."""
        for name in self._left:
            if is_pattern(name) and pattern_of(name).search(heard.reply):
                return self._next(name)
        if heard.question == "caller_phone" and "caller_phone" not in self._left:
            return self._own_number()
        if heard.question == "choice" and "choice" not in self._left:
            return self._among(heard.options)
        for names in sets_of_answers(heard.question):
            if all(name in self._left for name in names):
                acts = [self._next(name) for name in names]
                if len(acts) == 1:
                    return acts[0]
                return Act("say", put_together(names, [act.text for act in acts]))
        return None

    def _among(self, options: Sequence[str]) -> Act | None:
        """The answer that is one of what is offered, if the scenario has such a one."""
        for name in _CHOSEN_FROM:
            words = _words(self._left[name][0].text) if name in self._left else set()
            if words and any(_words(option) <= words or words <= _words(option) for option in options):
                return self._next(name)
        return None

    def _own_number(self) -> Act:
        """Whether the number that the call comes from is the one to use."""
        wanted = self._left["phone"][0].text if "phone" in self._left else ""
        own, other = _digits(self._caller), _digits(wanted)
        if not other or own.endswith(other[-7:]):
            return Act("say", "Yes, please.")
        return Act("say", f"No, please use {wanted}")

    def _next(self, name: str) -> Act:
        given = self._left[name]
        return given.popleft() if len(given) > 1 else given[0]


_CHOSEN_FROM = ("place", "time", "date")


def _words(text: str) -> set[str]:
    return {
        word for word in re.findall(r"[\w:]+", text.lower()) if word not in ("a", "an", "the", "at", "on", "please")
    }


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


@dataclass(frozen=True, slots=True)
class Hooks:
    """`meanwhile` does what others do; `check` tells what does not hold of a turn's own expectations."""

    meanwhile: Callable[[Act], Awaitable[None]]
    check: Callable[[Turn, Sequence[Exchange], str], Awaitable[list[Failure]]]


@dataclass(slots=True)
class Played:
    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    ended: str = ""


async def play(scenario: Scenario, phone: Phone, hooks: Hooks) -> Played:
    """The whole conversation, to its end; the caller hangs up when nothing is left to say."""
    played = Played()
    answers = Answers(scenario.answers, scenario.caller)
    turns = deque(scenario.turns)
    heard = await phone.greeting()
    _note(played, "", heard)
    same = 0
    while not played.ended and len(played.exchanges) <= scenario.most_turns:
        step = _next_step(turns, answers, heard, played)
        if step is None:
            break
        act, turn = step
        same = same + 1 if _is_same(act, heard, played) else 0
        if same >= _SAME_AGAIN:
            played.failures.append(Failure("turns", f'the agent asks "{heard.question}" again and again'))
            break
        interrupts = bool(turns) and turns[0].act.kind == "interrupt" and not turns[0].when
        heard = await _take(act, heard, phone, hooks, played, cut_short=interrupts)
        if turn is not None and turn.expect is not None:
            played.failures += await hooks.check(turn, played.exchanges, played.ended)
    if len(played.exchanges) > scenario.most_turns:
        played.failures.append(Failure("most_turns", f"no end after {scenario.most_turns} turns"))
    _unsaid(turns, played)
    played.ended = played.ended or await phone.hang_up()
    return played


Step = tuple[Act, Turn | None]


def _next_step(turns: deque[Turn], answers: Answers, heard: Heard, played: Played) -> Step | None:
    """What the caller does next: the turn that is due, or an answer to what is asked."""
    while turns and turns[0].only_if and not is_asked(turns[0].only_if, heard.question, heard.reply):
        turns.popleft()
    if turns and (not turns[0].when or is_asked(turns[0].when, heard.question, heard.reply)):
        turn = turns.popleft()
        return turn.act, turn
    answer = answers.to(heard)
    if answer is None and turns:
        turn = turns.popleft()
        detail = f'the agent never asked "{turn.when}"; it asks "{heard.question}", for which there is no answer'
        played.failures.append(Failure("turns", detail, turn.line))
        return None
    return None if answer is None else (answer, None)


async def _take(act: Act, heard: Heard, phone: Phone, hooks: Hooks, played: Played, *, cut_short: bool) -> Heard:
    match act.kind:
        case "hang_up":
            played.ended = await phone.hang_up()
            return heard
        case "wait":
            await phone.wait(act.lasts)
            return heard
        case "meanwhile":
            await hooks.meanwhile(act)
            return heard
        case "nothing":
            return heard
    heard = await (phone.reconnect() if act.kind == "reconnect" else phone.do(act, cut_short=cut_short))
    _note(played, _told(act), heard)
    return heard


def _note(played: Played, did: str, heard: Heard) -> None:
    played.exchanges.append(
        Exchange(did, heard.heard, heard.reply, heard.question, heard.acts, documents=heard.documents)
    )
    played.ended = heard.ended


def _told(act: Act) -> str:
    match act.kind:
        case "dtmf":
            return f"[keys {act.text}]"
        case "silence":
            return "[silence]"
        case "reconnect":
            return "[the connection breaks, and is made again]"
        case "interrupt":
            return f"[interrupting] {act.text}"
    return act.text


def _is_same(act: Act, heard: Heard, played: Played) -> bool:
    last = played.exchanges[-2:]
    return len(last) == 2 and all(one.question == heard.question for one in last) and last[-1].did == _told(act)


def _unsaid(turns: deque[Turn], played: Played) -> None:
    """A turn that the call ended before is one that was expected."""
    left = [turn for turn in turns if not turn.only_if and turn.act.kind not in ("hang_up", "nothing")]
    if left and played.ended and not played.failures:
        what = left[0].act.text or left[0].act.kind
        detail = f'the call ended ({played.ended}) before the caller could say "{what}"'
        played.failures.append(Failure("turns", detail, left[0].line))
