"""Text as written made into text as spoken, for any text-to-speech.

What is recognised is written out the way a receptionist would say it; what is not passes through as it is.
American readings: 11/22 is a day in November, and hours have AM and PM.
"""

import re

from reception.core.speakable.amounts import speak_amounts
from reception.core.speakable.contacts import speak_codes, speak_contacts
from reception.core.speakable.dates import speak_dates, speak_times
from reception.core.speakable.markup import plain
from reception.core.speakable.words import speak_abbreviations, speak_ordinals, speak_symbols

__all__ = ["speakable"]

# Order matters: a phone number must be gone before its hyphens can look like ranges, and so on.
_STEPS = (
    plain,
    speak_contacts,
    speak_dates,
    speak_times,
    speak_amounts,
    speak_codes,
    speak_ordinals,
    speak_abbreviations,
    speak_symbols,
)


def speakable(text: str) -> str:
    """`text` ready to be spoken: one line, no markup, with numbers, codes and addresses in their spoken form."""
    for step in _STEPS:
        text = step(text)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s+([,.;:!?])", r"\1", text).strip()
