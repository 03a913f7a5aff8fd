"""What callers say, by what they want; one line each, as a transcript has it."""

from reception.dialogue.understanding.rules import Intent

PROTOTYPES: dict[Intent, tuple[str, ...]] = {
    Intent.NEW: (
        "I'd like to book a table", "can I make a reservation", "we want to come for dinner tonight", "reserve a room for the weekend",
        "I would like to arrange a viewing", "could you squeeze us in this evening", "I need somewhere to stay next week",
        "we were hoping to eat with you on Saturday", "put us down for dinner on Friday", "can I see the property this week",
        "looking to get a spot for my family",
    ),
    Intent.CHANGE: (
        "I need to change my reservation", "can we move our booking to another day", "I have a booking but the time no longer suits",
        "can we come an hour later than booked", "we are bringing one more person than we booked for", "reschedule my viewing",
        "something came up and I need a different day for my reservation",
    ),
    Intent.CANCEL: (
        "I want to cancel my reservation", "we can't make it tonight, please cancel", "call off my booking",
        "we won't be coming after all", "please take my name off the list for tonight", "I no longer need the room I booked",
    ),
    Intent.MESSAGE: (
        "can I leave a message", "please ask the manager to call me back", "could you let the chef know something for me",
        "I'd like somebody to ring me back tomorrow", "pass something on to the owner",
    ),
    Intent.LEAD: (
        "I'm thinking about selling my house", "we're looking to buy a home in the area", "what is my property worth, I may sell",
        "I'm looking for a flat to rent", "we want to hold our wedding at your place", "we are planning a private party for fifty people",
    ),
    Intent.HUMAN: (
        "I want to speak to a person", "let me talk to somebody real", "get me the manager", "I don't want to deal with a machine",
        "is there someone there I can talk to",
    ),
    Intent.QUESTION: (
        "what time do you open", "do you have vegan dishes", "where can I park", "are dogs allowed", "how much is a room",
        "is breakfast included", "what is the dress code", "do you have wifi", "is there a swimming pool",
        "how many bedrooms does it have", "what's the asking price", "tell me about the menu", "how do I get to you from the station",
        "is there a deposit", "what's the cancellation policy",
    ),
    Intent.REPEAT: ("could you say that again", "I didn't hear you", "what was that again", "you broke up, I missed that"),
    Intent.GOODBYE: ("goodbye", "that's all I needed, bye", "nothing more, thanks a lot and have a good day", "speak to you soon then"),
    Intent.CANCEL_FLOW: (
        "never mind, forget it", "let's leave it for now", "I've changed my mind, I don't want it any more", "stop, I'll think about it",
    ),
    Intent.WAIT: ("hold on a second", "give me a moment to check my diary", "one minute, I'm asking my wife", "let me have a look at the calendar"),
    Intent.HOW_ARE_YOU: ("how are you doing today", "how's your day going", "are you well"),
    Intent.ARE_YOU_HUMAN: ("are you a robot", "am I talking to a real person or a machine", "is this an automated system"),
    Intent.CONFIRM: ("yes that's all correct", "sounds perfect, go ahead", "that suits us very well", "I'm happy with that"),
    Intent.DENY: ("no that's not right", "that doesn't suit me", "you've got that wrong", "I'd rather not"),
}  # fmt: skip
