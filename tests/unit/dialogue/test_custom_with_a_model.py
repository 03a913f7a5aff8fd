"""An agent's own slots and intents with a language model: it proposes, the words and the definition decide."""

import json
from collections.abc import Mapping, Sequence

import pytest

from reception.core.clock import SystemClock
from reception.dialogue.language.turn import LanguageModel
from reception.ports.business import AgentKind
from reception.ports.dialogue import Transfer
from tests.support.reading_model import command
from tests.unit.dialogue.stage import Caller, book_of, restaurant
from tests.unit.dialogue.workshop import BIKE, NAME, PHONE, PROBLEM, UNDERSTANDING, agent_with, flow
from tests.unit.language.scripted import FAILS, ScriptedModel

BUDGET = {"name": "budget", "type": "amount", "prompt": "How much may it cost?", "minimum": 20, "maximum": 500}
FRAME = {
    "name": "frame", "type": "text", "prompt": "What is the frame number?", "pattern": "[A-Z]{2}[0-9]{4}",
    "invalid": "A frame number is two letters and four digits.",
}  # fmt: skip
TOLD = (
    "please fix my bike, it is the racer and the front brake makes a terrible noise whenever I stop, and I would spend "
    "eighty five dollars on it at the very most"
)


def caller(commands: Sequence[Mapping[str, str]], *slots: Mapping[str, object], pieces: Sequence[str] = ()) -> Caller:
    written = pieces or (json.dumps({"commands": list(commands)}),)
    model = ScriptedModel(lambda request: written)
    definition = agent_with(
        flow(*slots),
        intents=[{"name": "stolen", "examples": ["somebody stole my bicycle"], "target": "police desk"}],
        transfer_targets=[{"name": "police desk", "phone": "+14155550188"}],
    )
    made = Caller(
        book_of(restaurant()), kind=AgentKind.CUSTOM, definition=definition, understanding=UNDERSTANDING,
        language=LanguageModel(model, SystemClock(), 5.0),
    )  # fmt: skip
    made.model = model  # type: ignore[attr-defined]
    return made


async def test_what_was_told_ahead_fills_the_agents_own_slots() -> None:
    ann = caller(
        [
            command("set_field", "problem", "the front brake makes a terrible noise"),
            command("set_field", "budget", "eighty five dollars"),
        ],
        BIKE, PROBLEM, BUDGET, NAME, PHONE,
    )  # fmt: skip
    assert "Who is calling?" in await ann.say(TOLD)
    await ann.talk("Ann Lee", "415 555 0142", "yes")
    (lead,) = ann.book.leads
    assert lead.details["bike"] == "road bike"
    assert lead.details["problem"] == "the front brake makes a terrible noise"
    assert lead.details["budget"] == 85
    told = ann.model.requests[0].messages[0].text  # type: ignore[attr-defined]
    assert "How much may it cost?" in told


@pytest.mark.parametrize(
    "wrong",
    [
        command("set_field", "budget", "five hundred thousand dollars"),
        command("set_field", "budget", "at the very most", "85"),
        command("set_field", "no_such_slot", "eighty five dollars"),
        command("set_field", "frame", "the very most", "AB4711"),
        command("set_slot", "budget", "eighty five dollars"),
        command("sql", "budget", "eighty five dollars"),
    ],
)
async def test_what_the_words_or_the_definition_do_not_bear_out_is_asked_for(wrong: Mapping[str, str]) -> None:
    ann = caller([wrong], BIKE, BUDGET, FRAME, NAME)
    assert "How much may it cost?" in await ann.say(TOLD)
    await ann.talk("85 dollars", "A B four seven one one", "Ann Lee", "yes")
    (lead,) = ann.book.leads
    assert (lead.details["budget"], lead.details["frame"]) == (85, "AB4711")


async def test_a_value_out_of_bounds_is_refused_in_the_owners_words() -> None:
    ann = caller([command("set_field", "frame", "the very most")], BIKE, FRAME, NAME)
    reply = await ann.say(TOLD)
    assert "A frame number is two letters and four digits." in reply
    assert "What is the frame number?" in reply


async def test_a_model_that_fails_leaves_what_was_understood() -> None:
    ann = caller([], BIKE, BUDGET, NAME, pieces=(FAILS,))
    assert "How much may it cost?" in await ann.say(TOLD)


async def test_a_person_is_fetched_only_for_words_that_the_intent_has() -> None:
    ann = caller([command("begin", "stolen", "the blue thing")], BIKE)
    await ann.say("hmm the blue thing by the door")
    assert ann.ended is None
    ben = caller([command("begin", "stolen", "my bicycle is gone")], BIKE)
    await ben.say("my bicycle is gone")
    assert ben.ended == Transfer("+14155550188", "handoff")
