"""How finished a transcript is as an answer to what was asked: what the engine's end of turn waits by."""

import re
from difflib import SequenceMatcher

from reception.dialogue.commands import Flow, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding import rules
from reception.dialogue.understanding.answers import is_no, is_yes
from reception.dialogue.understanding.parsers.emails import find_emails
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.names import find_names
from reception.dialogue.understanding.parsers.normalize import Token, tokenize, word_set, words_of
from reception.dialogue.understanding.parsers.phones import INCOMPLETE, find_dictated, read_number
from reception.dialogue.understanding.parsers.spelling import find_spelled
from reception.dialogue.understanding.slots import gather
from reception.ports.business import Bookable
from reception.ports.expectation import Completeness, Expects

_DANGLING = word_set(
    "a an the and or but so because if with for to at on in of from by about around under than then as that my "
    "our your his her "
    "their is are was am be it's i'm we're i we would could can will do does did have has had like want need um "
    "uh er erm hmm "
    "well maybe actually also plus until till between not very really just the this next half quarter past "
    "double triple "
    "oh until going let let's us please-"
)
_MAY_END = word_set("do have am is would can that this i us oh under on in well maybe actually just really")
_TRAILING = re.compile(r"[\w']+(?=[\W_]*$)")
_BROKEN_OFF = re.compile(r"(?:,|-|–|—|\.\.\.|…)\s*$")
_FINISHED_REQUEST = re.compile(
    r"^(?:(?:hi|hello|good|morning|afternoon|evening|yes|okay|so|and|um|please) )*"
    r"(?:(?:my \w+ and )?(?:i|we) (?:would|want|need)|i (?:was )?wonder(?:ing|ed)? (?:whether|if)|"
    r"i (?:wanted|want|would like|need) to (?:ask|know) (?:whether|if|what|when|how|about)|"
    r"(?:can|could) (?:i|we)|(?:can|could|would) you (?:please )?(?:tell|let) (?:me|us)|"
    r"do you|is there|are there|are you|what|where|how much|how late|how)\b"
)
_WINDING_UP = re.compile(
    r"\b(?:(?:like|want|wanted|need|going|love|have) to (?:ask|know|book|make|say|reserve|change|find out|check|see|"
    r"speak)|wondering|let me (?:see|think|check|look)|(?:e ?mails?|number|name)(?: address(?:es)?)?(?: is)?|"
    r"(?:there|it) (?:will|would|should) be|"
    r"(?:table|room|book|booking|reservation) for (?:it|that|this)|"
    r"(?<!hold )(?<!come )(?<!go )(?<!going )(?<!move )(?<!later )(?<!carry )(?<!get )on)$"
)
_VERB_TO_COME = re.compile(
    r"^(?:(?:hi|hello|yes|okay|so|and|um|sorry|wait) )*(?:(?:do|does|did|can|could|would|will|should) (?:you|we|i|it)"
    r"(?: have| take| offer| do)?|(?:what|when|where|which|how)\b.*\b(?:do|does|did|can|could|would|will|should) "
    r"(?:you|we|i))$"
)
_OPENERS = word_set(
    "hi hello hey good morning afternoon evening there sorry wait excuse me hold on so okay well um uh erm listen look "
    "pardon just a a moment second one"
)
_BEFORE_VALUE = word_set("on in under at by around about for maybe perhaps say")
_FEW = 3
_SHORT_ANSWER_END = re.compile(r"\b(?:please|thanks|thank you|bye|goodbye|never mind|forget it)$")
_SLOTS = {
    Expects.PARTY_SIZE: SlotName.PARTY_SIZE, Expects.DATE: SlotName.DATE, Expects.TIME: SlotName.TIME,
    Expects.NIGHTS: SlotName.NIGHTS,
}  # fmt: skip
_ASKED_TOGETHER = frozenset({SlotName.PARTY_SIZE, SlotName.DATE})
"""What is mostly asked with the time of day, and answered a piece at a time."""
_TAKES = {
    Bookable.TABLE: frozenset({SlotName.PARTY_SIZE, SlotName.DATE, SlotName.TIME}),
    Bookable.ROOM: frozenset({SlotName.DATE, SlotName.NIGHTS}),
    Bookable.VIEWING: frozenset({SlotName.DATE, SlotName.TIME}),
    Bookable.APPOINTMENT: frozenset({SlotName.DATE, SlotName.TIME}),
}
"""What a caller who wants to book has to say."""
_BOOKING = re.compile(r"\b(?:book|booking|reserve|reservation|table|room|appointment|viewing)\b")
_BARE_HOUR = re.compile(
    r"(?<!past )(?<!to )\b(?:1?\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve)$"
)
"""Minutes, or morning and evening, may follow."""
_TELL_ME = re.compile(
    r"^(?:(?:hi|hello|so|and|um|please) )*(?:can|could|would) you (?:please )?(?:tell|let) (?:me|us)\b"
)
_OWN_EMAIL = re.compile(r"\bmy e ?mail(?: address(?:es)?)? (?:is|would be) \w")
_ENDS_ADDRESS = re.compile(r"[\w-](?:\.| dot )(?:com|net|org|info|biz|edu|gov|co\.uk|io|eu)\W*$", re.IGNORECASE)
"""Nothing follows the end of an address, also where what comes before it was not understood."""
_LONGEST = 60
_LEAST_SPELT, _NEARLY = 4, 0.7


def completeness_of(text: str, context: UnderstandingContext) -> Completeness:
    """How finished `text` is as an answer to `context.expectation`. A full stop alone proves nothing: transcription
    ends nearly everything with one."""
    tokens = tokenize(text)
    if not tokens:
        return Completeness.INCOMPLETE if text.strip() else Completeness.UNSURE
    words = words_of(tokens)
    expects = context.expectation.expects
    if expects is Expects.PHONE:
        dictated = _phone(tokens, context)
        if dictated is not None:
            return dictated
    if _breaks_off(text, words) or _leads_up(words, expects):
        return Completeness.INCOMPLETE
    if expects is not Expects.EMAIL and _gives_email(words):
        return Completeness.COMPLETE if find_emails(tokens) or _ENDS_ADDRESS.search(text) else Completeness.DICTATING
    if rules.REPEAT.search(words) or rules.HUMAN.search(words) or rules.STRONG_GOODBYE.search(words):
        return Completeness.COMPLETE
    if len(tokens) > _LONGEST:
        return Completeness.UNSURE
    answered = _answer(text, tokens, words, context)
    if answered is not None:
        return answered
    if expects is Expects.ANYTHING and (is_yes(words) or is_no(words)):
        return Completeness.COMPLETE
    if _is_whole(text, words):
        return Completeness.COMPLETE
    return _statement(text, tokens, context) if _is_statement(text, words) else Completeness.UNSURE


def _gives_email(words: str) -> bool:
    return _OWN_EMAIL.search(words) is not None or (
        re.search(r"\be ?mails?\b", words) is not None and not rules.QUESTION_START.search(words)
    )


def _breaks_off(text: str, words: str) -> bool:
    last = _TRAILING.search(text.lower().replace("’", "'"))
    if last is None:
        return False
    word = last.group()
    ended = text.rstrip().endswith((".", "?", "!"))
    if re.search(r"\b(?:you (?:have|do|like|want|need)|of us)$", words):
        return False
    if word in _DANGLING and not (word in _MAY_END and (ended or len(words.split()) <= 2)):
        return not (is_yes(words) or is_no(words) or rules.REPEAT.search(words))
    return _BROKEN_OFF.search(text) is not None


def _leads_up(words: str, expects: Expects) -> bool:
    """A greeting, a call for attention or half a question, after which the matter itself follows."""
    said = words.split()
    if all(word in _OPENERS for word in said) and not is_yes(words) and len(said) <= _FEW + 1:
        return True
    if expects in _SLOTS and len(said) <= _FEW and said[-1] in _BEFORE_VALUE:
        return True
    return _WINDING_UP.search(words) is not None or _VERB_TO_COME.match(words) is not None


def _answer(text: str, tokens: tuple[Token, ...], words: str, context: UnderstandingContext) -> Completeness | None:
    expects = context.expectation.expects
    if expects in {Expects.YES_NO, Expects.CHOICE} and (is_yes(words) or is_no(words)):
        # "No" by itself is mostly followed by "thank you" or by what is wrong.
        return Completeness.OPEN_ENDED if words in {"no", "nope"} else Completeness.COMPLETE
    if expects is Expects.EMAIL:
        return _email(text, tokens, words)
    if expects is Expects.NAME:
        return _name(text, tokens, words)
    if expects in _SLOTS or expects is Expects.CHOICE:
        found = gather(text, tokens, context, booking=True)
        if not found and len(tokens) < _FEW and expects in _SLOTS and not _SHORT_ANSWER_END.search(words):
            return None if is_yes(words) or is_no(words) else Completeness.INCOMPLETE
        return _slot(tokens, found, context)
    return None


def _spelt_out(tokens: tuple[Token, ...], letters: str) -> bool:
    """The letters make a word that was said before them, or nearly, as letters are misheard."""
    spelt = letters.lower()
    return len(spelt) > 1 and any(
        token.word == spelt
        or (
            _LEAST_SPELT <= len(token.word) <= len(spelt)
            and SequenceMatcher(None, token.word, spelt).ratio() >= _NEARLY
        )
        for token in tokens
    )


def _phone(tokens: tuple[Token, ...], context: UnderstandingContext) -> Completeness | None:
    region = context.business.region
    dictated = find_dictated(tokens, region, expected=True)
    if not dictated:
        return None
    digits = dictated[-1].digits
    _, reason = read_number(digits, region)
    if reason == INCOMPLETE and len(digits) != context.expectation.digits:
        return Completeness.DICTATING
    trails = dictated[-1].end < len(tokens)
    return Completeness.UNSURE if trails and not _SHORT_ANSWER_END.search(words_of(tokens)) else Completeness.COMPLETE


def _email(text: str, tokens: tuple[Token, ...], words: str) -> Completeness | None:
    if find_emails(tokens) or _ENDS_ADDRESS.search(text):
        return Completeness.COMPLETE
    if is_no(words) or rules.QUESTION_START.search(words):
        return Completeness.COMPLETE if is_no(words) else None
    return Completeness.DICTATING


def _name(text: str, tokens: tuple[Token, ...], words: str) -> Completeness | None:
    spelled = find_spelled(tokens)
    if spelled and spelled[-1].end >= len(tokens):
        return Completeness.COMPLETE if _spelt_out(tokens, spelled[-1].word) else Completeness.DICTATING
    if len(tokens[-1].word) == 1 and tokens[-1].word not in {"i", "a"}:
        return Completeness.DICTATING
    if re.search(r"\b(?:as in|spelled|spelt|that is spelled|spell it)$", words):
        return Completeness.DICTATING
    if rules.QUESTION_START.search(words):
        return None
    found = find_names(text, tokens, expected=True, booking=True)
    if not found:
        return None
    return Completeness.OPEN_ENDED if len(str(found[0].value).split()) > 1 else Completeness.UNSURE


def _slot(tokens: tuple[Token, ...], found: list[Found], context: UnderstandingContext) -> Completeness | None:
    wanted = _SLOTS.get(context.expectation.expects)
    for one in found:
        if one.slot is wanted or (wanted is None and one.slot in {SlotName.TIME, SlotName.DATE, SlotName.PLACE}):
            if one.value is None or max(other.end for other in found) < len(tokens) - 2:
                return Completeness.UNSURE
            if _SHORT_ANSWER_END.search(words_of(tokens)):
                return Completeness.COMPLETE
            if wanted in _ASKED_TOGETHER and SlotName.TIME not in {*context.slots, *(other.slot for other in found)}:
                return Completeness.WANTING
            bare = wanted is SlotName.TIME and _BARE_HOUR.search(words_of(tokens)) is not None
            return Completeness.OPEN_ENDED if bare else Completeness.COMPLETE
    return None


def _statement(text: str, tokens: tuple[Token, ...], context: UnderstandingContext) -> Completeness:
    """Of a wish to book, by whether it says all that a booking takes; of anything else, that more may follow."""
    found = {one.slot for one in gather(text, tokens, context, booking=True) if one.value is not None}
    takes = _TAKES[context.business.rules.bookable]
    words = words_of(tokens)
    wishes = _BOOKING.search(words) or (found & takes and not _TELL_ME.match(words))
    if not wishes or context.flow not in {None, Flow.NEW_RESERVATION}:
        return Completeness.OPEN_ENDED
    return Completeness.COMPLETE if takes <= found | set(context.slots) else Completeness.WANTING


def _is_whole(text: str, words: str) -> bool:
    return _SHORT_ANSWER_END.search(words) is not None or (text.rstrip().endswith("?") and len(words.split()) >= _FEW)


def _is_statement(text: str, words: str) -> bool:
    long_enough = len(words.split()) > _FEW
    return long_enough and text.rstrip().endswith((".", "!")) and _FINISHED_REQUEST.match(words) is not None
