"""What a model must not say: that something was done, will be done, or is to be had. Flows say so, from rows."""

import re

_DID = (
    r"(?:book|reserv|confirm|cancel+|mov|chang|(?:re)?schedul|text|e-?mail|charg|refund|not|add|arrang|transferr?|updat|"
    r"waiv|upgrad|inform|pass|forward|call|record|hold|secur|creat|mark|switch|extend|remov|delet|appl|discount)"
    r"(?:e?d|ied)"
)
_DID_ODDLY = r"(?:sent|made|put|set|told|held|kept|given|taken|got|left|done|found|let|saved)"
_DONE = rf"(?:{_DID}|{_DID_ODDLY})"
_DO = (
    r"(?:book|reserve|confirm|cancel|move|change|(?:re)?schedule|text|e-?mail|charge|refund|note|add|arrange|transfer|"
    r"update|waive|upgrade|inform|pass|forward|call|connect|put|set|send|make|hold|secure|ensure|guarantee|promise|"
    r"check|look|ask|tell|take|get|give|apply|find|see)"
)
_SOON = r"(?:now|just|already|also|happily|gladly|gone ahead and|go ahead and|going to|personally)"
_OURS = r"(?:table|reservation|booking|room|viewing|appointment|order|request|message|stay|seat|slot|place|spot)"

_PROMISES = re.compile(
    rf"\b(?:i|we)(?:['’]ve| have|['’]m| am| are|['’]re)? (?:{_SOON} )*{_DONE}\b"
    rf"|\bi(?:['’]ll| will| shall| can| could|['’]d| would|['’]m going to)(?: {_SOON})* "
    rf"(?:be \w+ing|be happy to|{_DO})\b"
    rf"|\b(?:let me|shall i|allow me to|would you like me to|want me to)\b"
    rf"|\bwe(?:['’]ll| will)(?: {_SOON})* {_DO} (?:you|your|that|it|this)\b"
    rf"|\byou(?:['’]re| are| have been|['’]ve been)(?: {_SOON}| all)* "
    rf"(?:set|booked|confirmed|reserved|cancel+ed|good to go)\b"
    rf"|\b(?:your|the|that|this|a) (?:\w+ )?{_OURS}[\w ]{{0,20}} (?:is|was|has been|have been|are|will be)"
    rf"(?: {_SOON})* (?:{_DONE}|ready|waiting|yours)\b"
    rf"|\b(?:it|that|this|everything)(?:['’]s| is| has)(?: \w+)? been (?:\w+ed|{_DONE})\b"
    r"|\bconsider it done\b|\ball (?:done|set|sorted)\b|^(?:done|booked|confirmed|cancelled|canceled)\b",
    re.IGNORECASE,
)
_WHEN = (
    r"(?:tonight|today|tomorrow|this (?:evening|afternoon|morning|weekend)|next \w+|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|at \d|at (?:noon|midnight)|on the \d)"
)
_AVAILABLE = re.compile(
    rf"\b{_OURS}s?\b.*\b(?:available|free|open|left)\b.*\b{_WHEN}"
    rf"|\b(?:available|free|left|have|got)\b.*\b{_OURS}s?\b.*\b{_WHEN}"
    rf"|\b{_WHEN}.*\b{_OURS}s? (?:is|are) (?:available|free)\b",
    re.IGNORECASE,
)


def promises(sentence: str) -> bool:
    """Whether `sentence` claims a deed, offers one, or says what is free when."""
    return _PROMISES.search(sentence) is not None or _AVAILABLE.search(sentence) is not None
