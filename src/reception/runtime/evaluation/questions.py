"""What an agent may ask, by the names that a scenario uses, and how a caller's answers are put together."""

import re
from collections.abc import Mapping, Sequence

from reception.dialogue.state import Question

# Each question with what answers it: the first line whose keys the scenario has answers for is used.
_ANSWERED_BY: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "how_help": (("how_help",),),
    "party_and_when": (
        ("party_and_when",), ("party", "when"), ("party", "date", "time"), ("party", "date"), ("party",), ("when",),
        ("date", "time"), ("date",),
    ),
    "party": (("party",), ("party_and_when",)),
    "when": (("when",), ("date", "time"), ("date",), ("time",)),
    "date": (("date",), ("when",)),
    "time": (("time",), ("when",)),
    "caller_phone": (("caller_phone",), ("phone",)),
    "rest_of_phone": (("rest_of_phone",), ("phone",)),
    "last_digits": (("last_digits",), ("phone",)),
    "find": (("find",), ("reference",), ("phone",), ("name",)),
    "read_back": (("read_back",), ("confirm",)),
    "confirm_change": (("confirm_change",), ("confirm",)),
    "confirm_cancel": (("confirm_cancel",), ("confirm",)),
    "confirm_waitlist": (("confirm_waitlist",), ("confirm",)),
    "confirm_leave_waitlist": (("confirm_leave_waitlist",), ("confirm",)),
    "offer_waitlist": (("offer_waitlist",), ("waitlist",)),
    "take_offer": (("take_offer",), ("confirm",)),
    "next_wish": (("next_wish",), ("confirm",)),
    "how_late": (("how_late",), ("late",)),
    "confirm_lead": (("confirm_lead",), ("confirm",)),
    "custom_confirm": (("custom_confirm",), ("confirm",)),
    "which_reservation": (("which_reservation",), ("which",), ("date",)),
    "what_to_change": (("what_to_change",), ("change",)),
    "looking_for": (("looking_for",),),
    "anything_else": (("anything_else",), ("more",)),
}  # fmt: skip
ALIASES: Mapping[str, str] = {
    "party_size": "party", "people": "party", "guests": "party", "covers": "party", "how_many": "party",
    "day": "date", "arrival": "date", "check_in": "date", "date_and_time": "when", "day_and_time": "when",
    "room": "place", "room_type": "place", "property": "place", "listing": "place", "service": "place",
    "number": "phone", "phone_number": "phone", "callback": "phone",
    "yes": "confirm", "confirmation": "confirm", "book": "confirm",
    "option": "choice", "alternative": "choice", "option_offered": "choice",
    "help": "how_help", "purpose": "how_help", "else": "more", "anything": "more",
    "offer": "offer_message", "notes": "special_requests",
}  # fmt: skip
_OWN_KEYS = ("confirm", "waitlist", "more", "change", "which", "reference", "email", "special_requests")


def known_questions() -> tuple[str, ...]:
    """Every name that a scenario may use for a question."""
    own = [question.value for question in Question]
    return tuple(dict.fromkeys((*own, *_OWN_KEYS)))


def question_name(text: str) -> str:
    """The name that stands for `text`: "party size" is `party`."""
    plain = re.sub(r"[\s-]+", "_", text.strip().lower())
    return plain if plain in known_questions() else ALIASES.get(plain, plain)


def is_pattern(name: str) -> bool:
    return len(name) > 2 and name.startswith("/") and name.rstrip("i").endswith("/")


def pattern_of(name: str) -> re.Pattern[str]:
    """The pattern in `/…/`; letters of either case.

    Raises:
        ValueError: it is no regular expression.
    """
    try:
        return re.compile(name.rstrip("i")[1:-1], re.IGNORECASE)
    except re.error as error:
        raise ValueError(f'"{name}" is no regular expression: {error}') from None


def sets_of_answers(question: str) -> Sequence[tuple[str, ...]]:
    """The combinations of answers that answer `question`, the best first."""
    return _ANSWERED_BY.get(question, ((question,),))


def is_asked(wanted: str, question: str, said: str) -> bool:
    """Whether the agent, who said `said` and waits for `question`, asks what `wanted` names."""
    if is_pattern(wanted):
        return pattern_of(wanted).search(said) is not None
    if wanted == question:
        return True
    return any(wanted in keys for keys in sets_of_answers(question)[:4] if len(keys) == 1) and question != "how_help"


def put_together(keys: Sequence[str], texts: Sequence[str]) -> str:
    """One sentence of several answers."""
    if len(texts) == 1:
        return texts[0]
    words = [text.strip().rstrip(".") for text in texts]
    last = words[-1]
    if keys[-1] == "time" and not re.match(r"(?i)(at|around|about)\b", last):
        last = f"at {last}"
    return ", ".join([*words[:-1], last])
