"""Yes and no, and the many other ways to say them."""

import re

_YES = (
    r"yes|yeah|yep|yup|ya|yea|y|aye|sure|correct|right|exactly|perfect|absolutely|definitely|certainly|indeed|"
    r"of course|"
    r"oui|ja|jawohl|sim|please do|"
    r"go ahead|mhm|uh huh|okay|alright|all right|fine|great|lovely|brilliant|wonderful|excellent|"
    r"sounds (?:good|great|fine|right|perfect|about right)|"
    r"(?:that|it|this) (?:is|sounds|looks|works|would be|will be|all sounds)"
    r"(?: (?:all|grand|everything correct|dead on|bang on|just|fine|good|great|"
    r"perfect|right|correct|absolutely|quite|spot on|okay|alright|lovely|about right|ideal|for me|me|wonderful|"
    r"excellent|brilliant|it))*|"
    r"you got it|confirmed?|i confirm|book it|do it|please|yes please|that one|i (?:do|would|am|did)|it is|it "
    r"does|you (?:can|may|bet)|for sure|i think so|i guess so|"
    r"why not|works for me|good|spot on|all good|affirmative|let us do (?:it|that)|i will take it|we will take "
    r"it|i would like that|i would love (?:to|that)|please book it|cancel it|go for it|"
    r"go on(?: then)?|you have got (?:it|that)|grand|(?:that|it|this) will do(?: (?:nicely|fine|just fine|me))?|"
    r"nothing wrong(?: with (?:that|it))?|nothing to change|no changes?|no complaints|no objections|"
    r"leave it like that|"
    r"makes sense|very good|super|cool|no problem|s[ií]|nice|true|that is what i said|all correct|you have it right|"
    r"got it right|that is the one|please go ahead|sure thing|"
    r"cancel (?:it|them|that|please)|yes i am sure|i am sure|quite sure"
)
_NO = (
    r"no|nope|nah|na|n|non|nein|no way|not really|incorrect|wrong|"
    r"(?:that|it|this) is (?:not|wrong|incorrect)(?: (?:right|"
    r"correct|it|what i (?:said|want|wanted|meant)|quite right|good|all|the right one|my number|my name))*|"
    r"not (?:quite|right|correct|that|at all|now|today|yet|exactly|necessary|for me|any|interested|sure about "
    r"that)|i (?:do|would|did|am) not(?: (?:think so|want that|want to|want it|say that|need anything|have one|"
    r"have any|thanks))*|"
    r"negative|it is not|that will not work|that does not work(?: for me)?|it does not|please do not|do not(?: "
    r"(?:do that|cancel|book it|cancel it|do it))*|"
    r"nothing of the sort|"
    r"none(?: of (?:those|them|these)(?: work| suit)?)?|neither(?: of (?:them|those|these))?(?: works?)?|nothing|"
    r"no one|no i (?:do|did|would) not|you got (?:it|that) wrong|that is wrong|nothing special|"
    r"no thank you|no thanks|can not do (?:that|those|any of those)|wrong (?:number|name|day|time|date)|(?:i "
    r"would )?rather not(?: say)?|not needed|no special requests?|no requests?|no need"
)
_TAIL = (
    r"(?: (?:please|thanks|thank you|very much|so much|then|that is|it is|i do|i am|i would|indeed|for me|really|sir|"
    r"darling|love|dear|mate|a lot|absolutely|so|now))*"
)
_LEAD = r"(?:(?:oh|well|um|so|and|okay|ah|hmm|er|i think|i guess|i mean|honestly|actually) )*"

_WHOLE_YES = re.compile(rf"^{_LEAD}(?:{_YES})(?: (?:{_YES}))*{_TAIL}$")
_WHOLE_NO = re.compile(rf"^{_LEAD}(?:{_NO})(?: (?:{_NO}))*{_TAIL}$")
_LEADING_YES = re.compile(
    rf"^{_LEAD}(?:yes|yeah|yep|yup|sure|correct|perfect|absolutely|of course|exactly|that is right|that is "
    rf"correct)\b(?: please)?"
)
_CLEAR_YES = re.compile(
    rf"\b(?:yes|yeah|yep|yup|aye|i confirm|works for me|(?:i|we) will take it|let us do (?:it|that))\b|"
    r"\b(?:that|it|this) (?:is|sounds|looks|works) (?:\w+ )?(?:right|fine|good|great|perfect|correct|okay|lovely)\b|"
    rf"\bthat works\b|(?<!what )\bsounds (?:good|great|fine|right|perfect)\b|"
    rf"^{_LEAD}(?:(?:right|great|good|fine|perfect|lovely|please|alright|then) )*(?:sure|correct|"
    r"absolutely|definitely|of course|exactly(?! (?:how|what|when|where))|confirmed|go ahead|please do|go for it|"
    r"(?:book|reserve|cancel|change|move|do) (?:it|that|them))\b"
)
_LEADING_NO = re.compile(
    rf"^{_LEAD}(?:no|nope|nah|not really|that is not (?:right|correct)|that is wrong|wrong|incorrect)\b(?: "
    rf"thanks?(?: you)?)?(?! (?:problem|worries|one|idea|later|more|earlier))"
)
_MERELY_POLITE = re.compile(
    r"^(?:please|okay|alright|all right|right|good|great|fine|lovely|brilliant|wonderful|excellent|super|cool|"
    r"nice|perfect|mhm|very good|no problem)(?: (?:thanks|thank you|then|please))*$"
)
_YEAH_NO = re.compile(r"^(?:yeah|yes) no (?=yes|yeah|that|it|fine|sure)")
_NO_FAULT = re.compile(
    r"^(?:no )+(?=(?:(?:that|it|this|everything|all) (?:is|was|sounds|looks)"
    r"(?: all| quite| just| perfectly| absolutely)? (?:right|fine|correct|good|great|perfect|okay|lovely|alright)\b))"
)


def is_yes(words: str) -> bool:
    """Whether all of `words` says yes."""
    words = _NO_FAULT.sub("", _YEAH_NO.sub("", words))
    return _WHOLE_YES.match(words) is not None


def is_no(words: str) -> bool:
    """Whether all of `words` says no."""
    return _WHOLE_NO.match(words) is not None and not _NO_FAULT.match(words)


def is_merely_polite(words: str) -> bool:
    """Whether a yes is one only in answer to a question: "okay", "great"."""
    return _MERELY_POLITE.match(words) is not None


def says_yes(words: str) -> bool:
    """Whether `words` hold a yes that is more than a polite word before something else."""
    return _CLEAR_YES.search(words) is not None


def leading_yes(words: str) -> int:
    """How many words at the beginning say yes before something else follows; 0 when none."""
    match = _LEADING_YES.match(words)
    return 0 if match is None else len(match.group().split())


def leading_no(words: str) -> int:
    """How many words at the beginning say no before something else follows; 0 when none."""
    match = _LEADING_NO.match(words)
    return 0 if match is None else len(match.group().split())
