"""Flows that a tenant describes as data run like the product's own: slots, corrections, questions between, endings."""

import pytest

from reception.dialogue.commands import Flow
from reception.dialogue.kinds.kind import BUILTIN_FLOWS
from reception.dialogue.state import DialogueState, from_json
from tests.unit.dialogue.workshop import BIKE, LEAD, NAME, PHONE, PROBLEM, TOOL, agent_with, caller, flow

FULL = flow(BIKE, PROBLEM, NAME, PHONE, intro="Sure.", confirmation="A {bike}: {problem}, for {name}. Right?")


async def test_slots_are_asked_in_order_read_back_and_stored() -> None:
    ann = caller(agent_with(FULL))
    replies = await ann.talk(
        "Can you fix my bike?", "the racer", "The chain fell off", "Ann Lee", "415 555 0123", "that's right"
    )
    assert replies[0] == "Sure. Which bike?"
    assert replies[1:4] == ["What is wrong?", "Who is calling?", "Which number?"]
    assert replies[4] == "A road bike: The chain fell off, for Ann Lee. Right?"
    assert replies[5].startswith("Thank you, that's noted.")
    [lead] = ann.book.leads
    assert (lead.kind, lead.name, lead.phone) == ("repair", "Ann Lee", "+14155550123")
    assert (lead.details["bike"], lead.details["problem"]) == ("road bike", "The chain fell off")
    assert "bike: road bike" in lead.summary


async def test_what_is_told_at_once_is_not_asked_for() -> None:
    ann = caller(agent_with(FULL))
    assert await ann.say("Please fix my bike, it's a mountain bike, my name is Ann Lee") == "Sure. What is wrong?"


async def test_a_correction_at_the_read_back_is_read_back() -> None:
    ann = caller(agent_with(FULL))
    await ann.talk("fix my bike", "road", "The chain fell off", "Ann Lee", "415 555 0123")
    assert (await ann.say("No, it's a mountain bike")).startswith("A mountain bike:")
    assert (await ann.say("no")).startswith("Of course. What")
    assert await ann.say("the problem") == "What is wrong?"
    assert "The brakes squeak" in await ann.say("The brakes squeak")
    await ann.say("yes")
    assert ann.book.leads[0].details["problem"] == "The brakes squeak"


async def test_a_correction_in_the_middle_is_taken() -> None:
    ann = caller(agent_with(FULL))
    await ann.talk("fix my bike", "road", "The chain fell off")
    await ann.say("Ann Lee, and sorry, it's a mountain bike")
    assert "A mountain bike" in await ann.say("415 555 0123")


async def test_a_question_in_the_middle_is_answered_and_the_slot_asked_again() -> None:
    ann = caller(agent_with(FULL))
    await ann.say("fix my bike")
    assert (
        await ann.say("Is there parking?")
        == "Parking is free for our guests in the lot behind the house. Road or mountain?"
    )
    assert await ann.say("mtb") == "What is wrong?"


async def test_leaving_a_flow_stores_nothing() -> None:
    ann = caller(agent_with(FULL))
    await ann.talk("fix my bike", "road")
    assert (await ann.say("never mind")).startswith("No problem.")
    assert ann.book.leads == []


async def test_a_person_who_is_fetched_gets_to_know_what_was_said() -> None:
    ann = caller(agent_with(FULL))
    await ann.talk("fix my bike", "road", "The chain fell off")
    await ann.say("let me talk to a person")
    [lead] = ann.book.leads
    assert lead.kind == "callback"
    assert "The chain fell off" in lead.summary


async def test_the_callers_number_is_offered() -> None:
    ann = caller(agent_with(flow(PHONE)), caller_phone="+14155550166")
    assert "ending 0166" in await ann.say("fix my bike")
    await ann.say("yes")
    assert ann.book.leads[0].phone == "+14155550166"


async def test_a_number_given_in_pieces_is_put_together() -> None:
    ann = caller(agent_with(flow(PHONE)))
    await ann.say("fix my bike")
    assert "rest" in await ann.say("415 555")
    await ann.say("0142")
    assert ann.book.leads[0].phone == "+14155550142"


async def test_two_slots_of_a_type_are_two_values() -> None:
    days = [{"name": name, "type": "date", "prompt": f"{name}?"} for name in ("drop_off", "pick_up")]
    ann = caller(agent_with(flow(*days)))
    await ann.talk("fix my bike", "tomorrow", "tomorrow")
    assert ann.book.leads[0].details["drop_off"] == ann.book.leads[0].details["pick_up"] == "2027-03-11"


async def test_times_and_yes_or_no() -> None:
    slots = (
        {"name": "at", "type": "time", "prompt": "When?"},
        {"name": "new", "type": "yes_no", "prompt": "New here?"},
    )
    ann = caller(agent_with(flow(*slots)))
    await ann.talk("fix my bike", "half past three", "no")
    details = ann.book.leads[0].details
    assert (details["at"], details["new"]) == ("15:30", False)


@pytest.mark.parametrize(
    ("slot", "bad", "complaint", "good", "value"),
    [
        ({"type": "number", "minimum": 1, "maximum": 9}, "twelve", "at most 9", "three of them", 3),
        ({"type": "amount", "minimum": 20}, "five dollars", "at least 20", "eighty five fifty", 85.5),
        ({"type": "date", "minimum": 2}, "tomorrow", "Friday, March 12th is the earliest", "on saturday", "2027-03-13"),
        ({"type": "date"}, "yesterday", "already passed", "on saturday", "2027-03-13"),
        ({"type": "text", "minimum": 10}, "brakes", "a little more", "The brakes squeak", "The brakes squeak"),
        (
            {"type": "text", "pattern": "[A-Z]{2}[0-9]{4}"},
            "AB12",
            "doesn't look right",
            "a b one two three four",
            "AB1234",
        ),
        ({"type": "text", "pattern": "(a+)+b"}, "a" * 60, "doesn't look right", "aaab", "aaab"),
        ({"type": "number", "invalid": "Too many.", "maximum": 2}, "3", "Too many.", "2", 2),
        ({"type": "email"}, "I don't have one at hand", "", "ann at example dot com", "ann@example.com"),
    ],
)
async def test_validators(slot: dict[str, object], bad: str, complaint: str, good: str, value: object) -> None:
    ann = caller(agent_with(flow({"name": "it", "prompt": "Well?", **slot})))
    await ann.say("fix my bike")
    assert complaint in await ann.say(bad)
    assert ann.book.leads == []
    await ann.say(good)
    assert ann.book.leads[0].details["it"] == value


@pytest.mark.parametrize("said", ["no", "I don't know", "I haven't got it with me", "skip that", "no idea, sorry"])
async def test_a_slot_that_is_not_required_may_be_declined(said: str) -> None:
    frame = {"name": "frame", "type": "text", "prompt": "Frame number?", "required": False, "pattern": "[0-9]{4}"}
    ann = caller(agent_with(flow(frame, NAME)))
    await ann.say("fix my bike")
    assert await ann.say(said) == "Who is calling?"
    await ann.say("Ann Lee")
    assert "frame" not in ann.book.leads[0].details


async def test_a_required_slot_asked_in_vain_ends_in_a_message_that_has_the_rest() -> None:
    ann = caller(agent_with(flow(PROBLEM, BIKE, NAME, PHONE)))
    await ann.talk("fix my bike", "The chain fell off")
    replies = await ann.talk("banana", "banana", "banana")
    assert replies[0].endswith("Road or mountain?")
    assert replies[1].endswith("Please choose road bike or mountain bike.")
    assert "call you back" in replies[2] or "message" in replies[2]
    await ann.talk("yes", "Ann Lee", "415 555 0123", "yes")
    [lead] = ann.book.leads
    assert (lead.kind, "The chain fell off" in lead.summary) == ("message", True)


async def test_who_is_calling_is_asked_once_a_call() -> None:
    ann = caller(agent_with(flow(NAME, PROBLEM)))
    await ann.talk("fix my bike", "Ann Lee", "The chain fell off")
    assert await ann.say("fix my bike") == "Of course. What is wrong?"


async def test_a_tool_answers_and_the_reply_says_what() -> None:
    ends = [LEAD, {"do": "call_tool", "tool": "tickets"}, {"do": "say", "text": "Your ticket is {ticket}, {name}."}]
    ann = caller(agent_with(flow(NAME, at_end=ends), tools=[TOOL]))
    ann.book.results = {"ticket": "R-1"}
    await ann.say("fix my bike")
    assert (await ann.say("Ann Lee")).startswith("Your ticket is R-1, Ann Lee.")
    [called] = ann.book.called
    assert (called.tool.name, called.arguments) == ("tickets", {"name": "Ann Lee"})
    assert [act.name for act in ann.acts] == ["lead.created", "tool.called"]


async def test_leads_are_stored_before_a_tool_that_fails() -> None:
    ends = [{"do": "call_tool", "tool": "tickets"}, {"do": "say", "text": "Your ticket is {ticket}."}, LEAD]
    ann = caller(agent_with(flow(NAME, at_end=ends), tools=[TOOL]))
    ann.book.results = None
    await ann.say("fix my bike")
    reply = await ann.say("Ann Lee")
    assert "does not answer" in reply
    assert "a colleague will get back to you" in reply
    assert "Your ticket" not in reply
    assert len(ann.book.leads) == 1


async def test_nothing_is_said_to_be_stored_that_is_not() -> None:
    ann = caller(agent_with(flow(NAME)))
    await ann.say("fix my bike")
    ann.book.out_of_reach = True
    reply = await ann.say("Ann Lee")
    assert "noted" not in reply
    assert "I can't get that done" in reply


async def test_what_may_be_chosen_is_what_the_recogniser_listens_for() -> None:
    ann = caller(agent_with(FULL))
    assert "road bike" not in ann.dialogue.hints().names
    await ann.say("fix my bike")
    assert ann.dialogue.hints().names[:2] == ("road bike", "mountain bike")


async def test_a_flow_may_only_say_something() -> None:
    ann = caller(agent_with(flow(BIKE, at_end=[{"do": "say", "text": "We have a {bike} for you. Come by!"}])))
    await ann.say("fix my bike")
    assert (await ann.say("mtb")).startswith("We have a mountain bike for you. Come by!")
    assert ann.book.leads == []


async def test_answers_and_built_in_flows_by_intent() -> None:
    intents = [
        {"name": "hours", "examples": ["are you open at night"], "say": "We are not."},
        {"name": "table", "examples": ["a seat at the bar"], "flow": "reservation"},
    ]
    ann = caller(agent_with(FULL, intents=intents, builtins=["reservation"]))
    assert (await ann.say("Are you open at night?")).startswith("We are not.")
    assert "how many" in (await ann.say("A seat at the bar, please")).lower()
    await ann.talk("two", "tomorrow at 7 pm", "Ann Lee", "415 555 0123")
    await ann.say("yes")
    assert ann.act("reservation.created").data["party_size"] == 2


async def test_what_the_agent_does_not_do_is_not_begun() -> None:
    ann = caller(agent_with(FULL))
    assert "I can't help with that here" in await ann.say("I'd like to book a table for two tomorrow at 7")
    assert "how many" not in (await ann.say("for four people on Friday")).lower()


async def test_another_flow_may_be_begun_in_the_middle() -> None:
    other = {**flow(NAME), "name": "courses"}
    intents = [{"name": "courses", "examples": ["sign up for a course"], "flow": "courses"}]
    ann = caller(agent_with(FULL, other, intents=intents))
    await ann.talk("fix my bike", "road")
    assert await ann.say("What is wrong is that I") != "Who is calling?"
    second = caller(agent_with(flow(BIKE, NAME), other, intents=intents))
    await second.say("fix my bike")
    assert await second.say("Actually, sign up for a course") == "Of course. Who is calling?"


async def test_a_conversation_is_taken_up_in_the_middle_of_a_flow() -> None:
    ann = caller(agent_with(FULL))
    await ann.talk("fix my bike", "road")
    state = ann.ledger.state(2)
    restored = from_json(state)
    assert restored.custom is not None
    assert restored.custom.values == {"bike": "road bike"}
    ann.take_up(state, 2, ann.ledger)
    assert await ann.say("The chain fell off") == "Who is calling?"


def test_a_state_from_before_there_were_such_flows_is_read() -> None:
    assert from_json({"turn": 3}) == DialogueState(turn=3)


def test_every_flow_of_the_product_has_a_name_in_definitions() -> None:
    """A flow that is in none of the groups could not be used by an agent of kind custom."""
    named = {each for flows in BUILTIN_FLOWS.values() for each in flows}
    assert named == set(Flow) - {Flow.CUSTOM}
