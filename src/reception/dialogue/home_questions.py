"""How somebody who buys, rents, sells or lets is asked what they want."""

from collections.abc import Mapping

from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Wording

HOME_WORDINGS: Mapping[Question, Wording] = {
    Question.PURPOSE: Wording(("Is that to buy, to rent or to sell?",), "Is it to buy, to rent or to sell?"),
    Question.AREA: Wording(
        ("Which area are you looking in?", "Where would you like to live?"), "Which area would you like?"
    ),
    Question.BEDROOMS: Wording(("How many bedrooms do you need?", "And how many bedrooms?"), "How many bedrooms?"),
    Question.BUDGET: Wording(("What's your budget?", "And what budget do you have in mind?"), "What is your budget?"),
    Question.TIMING: Wording(
        ("When would you like to move?", "When are you hoping to move?"), "When would you like to move?"
    ),
    Question.FINANCING: Wording(
        ("Will you be paying cash, or with a mortgage?", "Do you have a mortgage arranged, or would it be cash?"),
        "Would it be cash, or a mortgage?",
    ),
    Question.VIEWING_TIME: Wording(
        ("When would suit you for a viewing?", "What day and time would suit you for a viewing?"),
        "When would suit you for a viewing?",
    ),
}
_OF_OWNERS: Mapping[Question, Wording] = {
    Question.AREA: Wording(("Where is the property?", "What is the address, or the area?"), "Where is the property?"),
    Question.BEDROOMS: Wording(("How many bedrooms does it have?",), "How many bedrooms has it?"),
    Question.BUDGET: Wording(("What price do you have in mind?",), "What price do you have in mind?"),
    Question.TIMING: Wording(("When would you like to sell?",), "When would you like to sell?"),
    Question.VIEWING_TIME: Wording(("When could a colleague come and see it?",), "When could we come and see it?"),
}
_OF_LANDLORDS: Mapping[Question, Wording] = {
    Question.BUDGET: Wording(("What rent do you have in mind?",), "What rent do you have in mind?"),
    Question.TIMING: Wording(("From when would it be free?",), "From when is it free?"),
}


def home_wording(state: DialogueState) -> Wording:
    """How the pending question of an enquiry about homes is put."""
    question, purpose = state.question, state.details.purpose
    if purpose == "let" and question in _OF_LANDLORDS:
        return _OF_LANDLORDS[question]
    if purpose in {"sell", "let"} and question in _OF_OWNERS:
        return _OF_OWNERS[question]
    return HOME_WORDINGS[question]
