"""How the questions of the product's own flows are worded."""

from reception.dialogue.state import Question
from reception.dialogue.turn import Wording

FOR_ROOMS: dict[Question, Wording] = {
    Question.DATE: Wording(
        ("What day would you like to arrive?", "When would you like to arrive?"),
        "What day would you arrive?",
        "Please tell me the day you arrive, for example Friday, or the 14th of May.",
    ),
    Question.PARTY: Wording(
        ("For how many guests?", "How many guests will stay?"),
        "How many guests?",
        "Please tell me the number of guests, for example two.",
    ),
}

WORDINGS: dict[Question, Wording] = {
    Question.OFFER_WAITLIST: Wording(
        ("Shall I put you on the waitlist?", "Would you like to be on the waitlist for it?"),
        "Shall I put you on the waitlist?",
        "Please say yes for the waitlist, or tell me another day or time.",
    ),
    Question.TAKE_OFFER: Wording(
        ("Shall I book it for you?",), "Shall I book it for you?", "Please say yes if you would like it, or no."
    ),
    Question.HOW_LATE: Wording(
        ("About how late will you be?", "How many minutes late will you be?"),
        "How many minutes late will you be?",
        "Please tell me about how many minutes late you will be, for example ten.",
    ),
    Question.HOW_HELP: Wording(
        ("How can I help you?", "What can I do for you?"),
        "What can I do for you?",
        "I can make, change or cancel a booking, answer questions, or take a message. Which would you like?",
    ),
    Question.PARTY_AND_WHEN: Wording(
        ("For how many people, and when?", "How many of you will there be, and for when?"),
        "For how many people, and when?",
        "Please tell me how many people and when, for example four on Friday at 7.",
    ),
    Question.PARTY: Wording(
        ("For how many people?", "How many of you will there be?"),
        "How many people?",
        "Please tell me the number of people, for example four.",
    ),
    Question.WHEN: Wording(
        ("For what day and time?", "What day and time would you like?"),
        "What day and time?",
        "Please tell me a day and a time, for example Friday at 7 PM.",
    ),
    Question.DATE: Wording(
        ("For what day?", "What day would you like?"),
        "What day?",
        "Please tell me the day, for example Friday, or the 14th of May.",
    ),
    Question.TIME: Wording(
        ("And at what time?", "What time would you like?"),
        "At what time?",
        "Please tell me the time, for example half past seven in the evening.",
    ),
    Question.NIGHTS: Wording(
        ("For how many nights?", "How many nights will you stay?"),
        "How many nights?",
        "Please tell me the number of nights, for example two.",
    ),
    Question.NAME: Wording(
        ("What name shall I put it under?", "May I have your name?"),
        "What is your name, please?",
        "Please tell me your first and last name. You can spell it, too.",
    ),
    Question.PHONE: Wording(
        ("And what's your phone number?", "What phone number can we reach you on?"),
        "What is your phone number?",
        "Please tell me the phone number digit by digit, with the area code.",
    ),
    Question.WHAT_TO_CHANGE: Wording(
        ("What would you like to change?", "What should I change?"),
        "What should be different?",
        "You can give me another day, time or number, or say never mind.",
    ),
    Question.FIND: Wording(
        ("What phone number is the booking under?", "Which phone number did you book with?"),
        "What phone number is it under?",
        "Please give me the phone number, the reference, or the name and the day of the booking.",
    ),
    Question.LAST_DIGITS: Wording(
        (
            "And what are the last four digits of the phone number on the booking?",
            "For your safety, what are the last four digits of the phone number on the booking?",
        ),
        "What are the last four digits of the phone number on the booking?",
        "Please give me the last four digits of the phone number on the booking, or the reference.",
    ),
    Question.MESSAGE: Wording(
        ("What would you like me to pass on?", "What is the message?"),
        "What should I pass on?",
        "Just tell me your message, in your own words.",
    ),
    Question.LOOKING_FOR: Wording(
        ("What are you looking for?", "Could you tell me what you are looking for?"),
        "What are you looking for?",
        "Just tell me what you need, for example a two bedroom apartment to rent.",
    ),
    Question.OFFER_MESSAGE: Wording(
        ("Shall I take a message, so that someone calls you back?", "Shall I have someone call you back?"),
        "Shall I take a message for you?",
        "Please say yes if I should take a message, or no.",
    ),
    Question.ANYTHING_ELSE: Wording(
        ("Is there anything else?", "Is there anything else I can do for you?"),
        "Anything else?",
        "Is there anything else, or shall we leave it there?",
    ),
}
