"""A scenario's caller: says what is written, answers what is asked, and is told apart from one who could not."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from reception.runtime.evaluation.phone import Heard
from reception.runtime.evaluation.playing import Hooks, Played, play
from reception.runtime.evaluation.results import Exchange, Failure
from reception.runtime.evaluation.scenario import Act, Turn
from tests.support.scenarios import written


class ScriptedPhone:
    """An agent that asks `questions` one after the other, whatever it is told; hangs up after the last."""

    def __init__(self, *questions: str, options: Sequence[str] = ()) -> None:
        self._questions = list(questions)
        self._options = tuple(options)
        self.done: list[tuple[str, str]] = []
        self.hung_up = False

    @property
    def conversation_id(self) -> UUID:
        return UUID(int=1)

    async def greeting(self) -> Heard:
        return Heard("Hello, how can I help you?", "how_help")

    async def do(self, act: Act, *, cut_short: bool = False) -> Heard:
        self.done.append((act.kind, act.text))
        question = self._questions.pop(0) if self._questions else ""
        return Heard(f"{question}?", question, act.text, options=self._options, ended="" if question else "goodbye")

    async def wait(self, length: timedelta) -> None:
        self.done.append(("wait", str(length)))

    async def reconnect(self) -> Heard:
        self.done.append(("reconnect", ""))
        return Heard("We got cut off.", "name")

    async def hang_up(self) -> str:
        self.hung_up = True
        return "caller_hung_up"


def played(text: str, phone: ScriptedPhone) -> Played:
    async def meanwhile(act: Act) -> None:
        return None

    async def check(turn: Turn, exchanges: Sequence[Exchange], ended: str) -> list[Failure]:
        return []

    (scenario,) = written(f"business: harbor-table\n{text}")
    return asyncio.run(play(scenario, phone, Hooks(meanwhile, check)))


def said(phone: ScriptedPhone) -> list[str]:
    return [text for kind, text in phone.done if kind == "say"]


def test_answers_are_given_in_whatever_order_they_are_asked_for() -> None:
    phone = ScriptedPhone("phone", "name", "party_and_when", "read_back", "anything_else")
    result = played(
        "turns: [A table please.]\n"
        "answers: {name: Ann Lee, phone: 555 0142, party: Four, date: Friday, time: 7 pm, confirm: Yes.}",
        phone,
    )
    assert said(phone) == ["A table please.", "555 0142", "Ann Lee", "Four, Friday, at 7 pm", "Yes."]
    assert (result.failures, result.ended, phone.hung_up) == ([], "caller_hung_up", True)


def test_a_list_of_answers_is_used_up_and_its_last_stays() -> None:
    phone = ScriptedPhone("read_back", "read_back", "read_back")
    played("turns: [Hi]\nanswers: {confirm: [No., Yes.]}", phone)
    assert said(phone) == ["Hi", "No.", "Yes.", "Yes."]


def test_a_turn_that_waits_is_said_when_it_is_asked_for_and_others_are_answered() -> None:
    phone = ScriptedPhone("name", "phone", "read_back")
    played(
        "turns:\n  - Hi\n  - {when: confirm, say: Make it five.}\n  - {only_if: name, say: Not said.}\n  - Bye\n"
        "answers: {name: Ann Lee, phone: 555 0142}",
        phone,
    )
    assert said(phone) == ["Hi", "Ann Lee", "555 0142", "Make it five."]


def test_what_was_never_asked_is_a_failure() -> None:
    result = played("turns:\n  - Hi\n  - {when: phone, say: 555 0142}", ScriptedPhone("name"))
    assert [failure.line for failure in result.failures] == [4]
    assert 'never asked "phone"; it asks "name"' in result.failures[0].detail


def test_a_call_that_ends_before_its_turns_is_a_failure() -> None:
    result = played("turns: [Hi, Are you there]", ScriptedPhone())
    assert "ended (goodbye) before" in result.failures[0].detail
    assert result.ended == "goodbye"


def test_an_agent_that_asks_again_and_again_is_a_failure() -> None:
    result = played("turns: [Hi]\nanswers: {name: Ann Lee}", ScriptedPhone(*["name"] * 30))
    assert "again and again" in result.failures[0].detail
    result = played("turns: [Hi]\nmost_turns: 3\nanswers: {name: [A, B, C, D, E, F]}", ScriptedPhone(*["name"] * 30))
    assert "no end after 3 turns" in result.failures[0].detail


def test_a_choice_is_answered_by_what_is_known_where_it_is_offered() -> None:
    phone = ScriptedPhone("choice", "choice", options=("a Queen Room", "a King Room"))
    played("turns: [Hi]\nanswers: {room: The King Room please, time: 7 pm}", phone)
    assert said(phone)[:2] == ["Hi", "The King Room please"]
    phone = ScriptedPhone("choice", options=("6 PM", "8 PM"))
    played("turns: [Hi]\nanswers: {time: 7 pm}", phone)
    assert said(phone) == ["Hi"]


def test_the_number_that_is_seen_is_accepted_or_replaced() -> None:
    answers = "turns: [Hi]\nanswers: {phone: 415 555 0142}\ncaller: "
    own, other = ScriptedPhone("caller_phone"), ScriptedPhone("caller_phone")
    played(f"{answers}+1 415 555 0142", own)
    played(f"{answers}+1 415 555 0187", other)
    assert said(own)[1] == "Yes, please."
    assert said(other)[1] == "No, please use 415 555 0142"


def test_patterns_come_first() -> None:
    phone = ScriptedPhone("name")
    played("turns: [Hi]\nanswers: {name: Ann, '/name\\?/': I'd rather not say.}", phone)
    assert said(phone) == ["Hi", "I'd rather not say."]


def test_keys_silence_waiting_and_hanging_up() -> None:
    phone = ScriptedPhone("name", "name", "name")
    result = played("turns: [{dtmf: 415 555}, {silence: 10s}, {wait: 5 minutes}, {hang_up: }, Not said.]", phone)
    assert phone.done == [("dtmf", "415555"), ("silence", ""), ("wait", "0:05:00")]
    assert result.ended == "caller_hung_up"
    assert [one.did for one in result.exchanges] == ["", "[keys 415555]", "[silence]"]
