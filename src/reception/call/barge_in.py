"""Whether what was said over the agent is meant to stop it.

The engine pauses first and decides then: playback halts after `barge_in_ms` of speech, before anyone can know
what is being said, because only that stops the agent within 150 ms of real words (voice activity itself lags the
sound by up to 50 ms, and a frame and a batch by another 30). A wrong pause costs a short gap and no word, for
playback goes on where it stopped; a wrong decision to go on talks over the caller. After a few false alarms in one
reply the order is turned round, so that a noisy line cannot keep the agent from speaking.
"""

import re

from reception.ports.expectation import Expectation, Expects

BACKCHANNELS = frozenset(
    {
        "ah",
        "aha",
        "alright",
        "all right",
        "cool",
        "got it",
        "gotcha",
        "great",
        "hm",
        "hmm",
        "hmmm",
        "i see",
        "mhm",
        "mm",
        "mm hm",
        "mm hmm",
        "mmhmm",
        "mmm",
        "oh",
        "oh okay",
        "ok",
        "okay",
        "okay great",
        "right",
        "uh",
        "uh huh",
        "uhhuh",
        "um",
        "yep okay",
    }
)
"""What listeners say to show that they listen. "Yes" and "no" are not among them: they answer."""

_WORD = re.compile(r"[a-z0-9']+")
_ANSWERABLE = frozenset({Expects.YES_NO, Expects.CHOICE})
_LEAST_ECHO_WORDS = 4
_SURE = 0.62
"""A single word less likely than this, said over the agent, was a hum or a cough that sounded like one."""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("-", " "))


def is_backchannel(text: str) -> bool:
    """True for a sound of listening, once or repeated ("okay okay", "mm-hmm, right")."""
    words = _words(text)
    if not words:
        return False
    return " ".join(words) in BACKCHANNELS or all(word in BACKCHANNELS for word in words)


def is_echo(text: str, being_said: str) -> bool:
    """True when `text` is a run of at least four words of what the agent is saying: its own voice come back."""
    words = _words(text)
    if len(words) < _LEAST_ECHO_WORDS:
        return False
    return f" {' '.join(words)} " in f" {' '.join(_words(being_said))} "


def stops_agent(
    text: str, *, expectation: Expectation, being_said: str, last_sentence: bool, confidence: float = 1.0
) -> bool:
    """Whether `text`, said while the agent speaks, is a turn of its own.

    Args:
        text: what was recognised; empty for a cough or noise.
        expectation: what the reply in progress asks for.
        being_said: the sentences of that reply begun so far.
        confidence: of the recognition, 0 to 1.
        last_sentence: its last sentence has begun, so that "okay" may answer the question in it.
    """
    words = _words(text)
    if not words or is_echo(text, being_said) or (len(words) == 1 and confidence < _SURE):
        return False
    if is_backchannel(text):
        return last_sentence and expectation.expects in _ANSWERABLE
    return True
