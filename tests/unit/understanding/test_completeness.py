from dataclasses import replace

import pytest

from reception.dialogue.understanding.completeness import completeness_of
from reception.ports.expectation import Expectation, Expects

from .corpus import situation


@pytest.mark.parametrize(
    ("expects", "text", "expected"),
    [
        ("yes_no", "yes", "complete"),
        ("yes_no", "Yes, that's right.", "complete"),
        ("yes_no", "no", "open_ended"),
        ("yes_no", "No, thank you.", "complete"),
        ("yes_no", "um", "incomplete"),
        ("yes_no", "no, the", "incomplete"),
        ("yes_no", "yes but", "incomplete"),
        ("phone", "four one five", "dictating"),
        ("phone", "415 555 01", "dictating"),
        ("phone", "415 555 0142", "complete"),
        ("phone", "four one five, triple five, oh one four two.", "complete"),
        ("phone", "My number is", "incomplete"),
        ("name", "Maria Ramos.", "open_ended"),
        ("name", "Maria Ramos, R-A-M-O-S", "complete"),
        ("name", "Maria Ramos, and my e-mail is maria", "dictating"),
        ("name", "My name is Maria Ramos and my e-mail address", "incomplete"),
        ("name", "Don't muller, my e-mail is joe.muller.", "dictating"),
        ("name", "Ramos, R-A-M", "dictating"),
        ("name", "Maria", "unsure"),
        ("name", "My name is", "incomplete"),
        ("name", "R as in", "incomplete"),
        ("party_size", "four", "wanting"),
        ("party_size", "For people.", "wanting"),
        ("party_size", "Four people, please.", "complete"),
        ("party_size", "a table for", "incomplete"),
        ("time", "at half past seven", "complete"),
        ("time", "At 7.", "open_ended"),
        ("time", "7:30", "complete"),
        ("time", "at", "incomplete"),
        ("time", "half past", "incomplete"),
        ("date", "next Friday", "wanting"),
        ("date", "next Friday at half past seven", "complete"),
        ("date", "On.", "incomplete"),
        ("date", "Let me see.", "incomplete"),
        ("time", "Maybe that.", "incomplete"),
        ("party_size", "We are four people on.", "incomplete"),
        ("anything", "Hello.", "incomplete"),
        ("anything", "Excuse me.", "incomplete"),
        ("anything", "I wanted to ask.", "incomplete"),
        ("anything", "What time do you?", "incomplete"),
        ("anything", "Do you have?", "incomplete"),
        ("anything", "What do you have?", "complete"),
        ("anything", "Where are you?", "complete"),
        ("date", "the", "incomplete"),
        ("date", "on the fourteenth of", "incomplete"),
        ("nights", "two nights", "complete"),
        ("email", "maria dot ramos", "dictating"),
        ("email", "maria at example dot com", "complete"),
        ("email", "Peterat. Example.com.", "complete"),
        ("name", "Peter Hall and my email address is peterat example dot com", "complete"),
        ("anything", "Could you tell me whether you open on Sunday.", "open_ended"),
        ("anything", "I'd like to book a table for", "incomplete"),
        ("anything", "Do you have parking?", "complete"),
        ("anything", "I'd like to book a table for two tomorrow.", "wanting"),
        ("anything", "I would like to book a table.", "wanting"),
        ("anything", "I'd like to book a table for two tomorrow at half past seven.", "complete"),
        ("anything", "I was wondering whether you have any vegan dishes.", "open_ended"),
        ("name", "My name is Joe Miller, M-I-L-L-D-R.", "complete"),
        ("name", "My name is Joe Miller, M-I-L-L.", "dictating"),
        ("anything", "tomorrow and", "incomplete"),
        ("anything", "goodbye", "complete"),
        ("anything", "speak to a person", "complete"),
        ("choice", "the", "incomplete"),
        ("free_text", "it's because we", "incomplete"),
    ],
)
def test_how_finished_an_answer_is(expects: str, text: str, expected: str) -> None:
    assert completeness_of(text, situation({"expects": expects, "flow": "new"})).value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0142", "complete"),
        ("Zero one four two.", "complete"),
        ("It's oh one four two, thank you.", "complete"),
        ("zero one four", "dictating"),
        ("415 555", "dictating"),
        ("415 555 0142", "complete"),
    ],
)
def test_the_last_four_digits_are_whole_where_they_were_asked_for(text: str, expected: str) -> None:
    asked = replace(situation({"flow": "change"}), expectation=Expectation(Expects.PHONE, digits=4))
    assert completeness_of(text, asked).value == expected


def test_nothing_is_never_an_answer() -> None:
    assert completeness_of("", situation({"expects": "yes_no"})).value != "complete"
