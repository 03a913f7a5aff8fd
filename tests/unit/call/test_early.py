"""How early what a caller says is transcribed, in audio time: where the voice begins to fade."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reception.call.config import CallConfig
from reception.call.decisions import (
    Commit,
    Decision,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    TranscribePartly,
    Withdraw,
)
from reception.call.turn_taking import TurnTaker
from reception.ports.expectation import Completeness

_SPEECH = (0.95,) * 10
_FADE = (0.85, 0.6, 0.4)


def _hear(taker: TurnTaker, *probabilities: float) -> Sequence[Decision]:
    return [decision for probability in probabilities for decision in taker.window(probability)]


def _spoken() -> TurnTaker:
    taker = TurnTaker(replace(CallConfig(), brief_ms=0))
    _hear(taker, *_SPEECH)
    return taker


def _attempts(decisions: Sequence[Decision]) -> int:
    return sum(isinstance(decision, Transcribe) for decision in decisions)


def test_what_fades_is_transcribed_before_it_is_silent_and_ends_as_ever() -> None:
    taker = _spoken()
    assert _hear(taker, 0.85) == [Transcribe(1, 0, 352)]
    assert _hear(taker, 0.7, 0.6, 0.4, 0.0, 0.0, 0.0) == []
    assert _hear(taker, 0.0) == [SpeechStopped(448)]
    assert taker.transcribed(1, Completeness.COMPLETE, words=True) == ()
    assert _hear(taker, 0.0, 0.0, 0.0, 0.0) == [Commit(1, 448, 256)]


@pytest.mark.parametrize("goes_on", [(0.95,), (0.7, 0.95), (0.8, 0.8, 0.8, 0.8), (0.0, 0.5)])
def test_who_goes_on_is_transcribed_anew_at_the_next_dip(goes_on: tuple[float, ...]) -> None:
    taker = _spoken()
    assert _hear(taker, 0.85, *goes_on) == [Transcribe(1, 0, 352), Withdraw(1)]
    assert _hear(taker, 0.0) == [Transcribe(2, 0, taker.now_ms)]


def test_a_voice_that_is_never_clear_is_transcribed_at_its_dip_alone() -> None:
    taker = TurnTaker(CallConfig())
    assert _attempts(_hear(taker, 0.6, 0.7, 0.8, 0.85, 0.7, 0.8)) == 0
    assert _attempts(_hear(taker, 0.1)) == 1


def test_fades_in_vain_take_no_attempt_from_dips() -> None:
    most = CallConfig().early_attempts
    taker = _spoken()
    assert _attempts(_hear(taker, *(0.8, 0.95) * 10)) == most - 1
    assert [_attempts(_hear(taker, 0.8, 0.1, 0.95)) for _ in range(most + 1)] == [1] * most + [0]
    assert _attempts(_hear(taker, 0.8, 0.0, 0.0, 0.0, 0.0)) == 1, "the candidate end is always asked about"


def test_fades_that_come_to_a_dip_are_no_more_than_dips_may_be() -> None:
    taker = _spoken()
    assert _attempts(_hear(taker, *(*_FADE, 0.1, 0.95) * 10)) == CallConfig().early_attempts


def test_a_busy_machine_does_not_transcribe_what_fades() -> None:
    taker = _spoken()
    taker.early_transcription = False
    assert _hear(taker, *_FADE, 0.0, 0.0, 0.0) == []


def test_an_interruption_is_told_partly_before_it_fades() -> None:
    taker = TurnTaker(CallConfig())
    taker.agent_started()
    asked = [d for d in _hear(taker, *_SPEECH * 2, *(0.85, 0.95) * 10) if isinstance(d, Transcribe | TranscribePartly)]
    assert [type(d) for d in asked] == [TranscribePartly]


def test_what_fades_is_not_told_partly_as_well() -> None:
    taker = TurnTaker(CallConfig())
    _hear(taker, *(0.95,) * 19)
    assert _hear(taker, 0.85) == [Transcribe(1, 0, 640)]
    assert _hear(taker, 0.85) == []
    assert _hear(taker, 0.95) == [Withdraw(1), TranscribePartly(0, 704)]


def test_audio_that_stops_coming_in_a_fade_is_transcribed_to_its_end() -> None:
    taker = _spoken()
    assert _hear(taker, *_FADE) == [Transcribe(1, 0, 352)]
    assert taker.stalled() == (SpeechStopped(416), Withdraw(1), Transcribe(2, 0, 416))
    assert taker.failed(2), "it is given up, not waited for"
    assert not taker.in_utterance


def test_an_utterance_that_is_full_in_a_fade_is_transcribed_to_its_end() -> None:
    taker = TurnTaker(replace(CallConfig(), max_utterance_ms=384))
    assert _hear(taker, *_SPEECH, 0.85, 0.8) == [
        SpeechStarted(0),
        Transcribe(1, 0, 352),
        SpeechStopped(384),
        Withdraw(1),
        Transcribe(2, 0, 384),
    ]


def test_a_transcription_that_fails_in_a_fade_does_not_end_the_utterance() -> None:
    taker = _spoken()
    assert _hear(taker, 0.85) == [Transcribe(1, 0, 352)]
    assert taker.failed(1) == (Withdraw(1),)
    assert _hear(taker, 0.95, 0.0) == [Transcribe(2, 0, 416)]
