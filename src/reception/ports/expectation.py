"""What the dialogue expects to hear next; the engine endpoints by it and the recogniser is primed by it."""

from dataclasses import dataclass
from enum import StrEnum


class Expects(StrEnum):
    """The kind of answer that the last question asks for."""

    ANYTHING = "anything"
    YES_NO = "yes_no"
    PARTY_SIZE = "party_size"
    DATE = "date"
    TIME = "time"
    NIGHTS = "nights"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    CHOICE = "choice"
    FREE_TEXT = "free_text"


@dataclass(frozen=True, slots=True)
class Expectation:
    """`expects` is the kind of answer; `options` are the words offered, when a choice was. `digits` is how many were
    asked for, where it is another number than a whole telephone number has; 0 elsewhere."""

    expects: Expects = Expects.ANYTHING
    options: tuple[str, ...] = ()
    digits: int = 0


class Completeness(StrEnum):
    """How finished a transcript is as an answer to what was asked."""

    COMPLETE = "complete"
    """It answers the question: nothing more need be waited for."""
    OPEN_ENDED = "open_ended"
    """It could be all, and callers often add to it ("a table for four" … "on Friday")."""
    WANTING = "wanting"
    """The same, but it leaves out what will have to be asked for next ("a table for four", without a day): mostly the
    caller knows, and goes on."""
    UNSURE = "unsure"
    INCOMPLETE = "incomplete"
    """It breaks off ("on the", "and"): more is coming."""
    DICTATING = "dictating"
    """In the middle of digits, a spelled name or an address: wait longest."""
