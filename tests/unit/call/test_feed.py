"""What is told to the client, and what is dropped when it cannot keep up."""

from dataclasses import replace

from reception.call.feed import EventFeed
from reception.call.latency import FirstAudioSent, LatencyObserver, ReplyEnded, TurnCommitted, TurnPrepared
from reception.ports.dialogue import CallerTurn, PreparedTurn
from reception.ports.events import (
    CallEnded,
    CallEvent,
    CallFault,
    SpeechChanged,
    TranscriptHeard,
    TurnAnswered,
    TurnMetrics,
)
from reception.ports.expectation import Completeness
from tests.support.call_fakes import FakeLeg, Recorded
from tests.support.virtual_time import run_virtual

PARTIAL = TranscriptHeard(1, "a ta", final=False)
FINAL = TranscriptHeard(1, "a table", final=True)


def _kept(*events: CallEvent) -> list[CallEvent]:
    observer = Recorded()

    async def feed() -> None:
        told = EventFeed(FakeLeg(), (observer,), limit=2)
        for event in events:
            told.post(event)
        await told.flush()

    run_virtual(feed())
    return observer.events


def test_a_full_feed_drops_partials_first_then_changes_of_speech() -> None:
    started = SpeechChanged("started", 0)
    assert _kept(started, PARTIAL, FINAL) == [started, FINAL]
    assert _kept(FINAL, started, FINAL) == [FINAL, FINAL]
    assert _kept(FINAL, CallFault("x", "x", fatal=False), CallEnded("y"))[-1] == CallEnded("y")


def test_a_closed_leg_is_told_nothing_and_observers_everything() -> None:
    observer, leg = Recorded(), FakeLeg()

    async def feed() -> None:
        told = EventFeed(leg, (observer,), limit=8)
        told.leg_open = False
        told.post(FINAL)
        await told.flush()

    run_virtual(feed())
    assert observer.events == [FINAL]
    assert leg.events == []


def test_metrics_are_made_of_the_stages() -> None:
    latency = LatencyObserver()
    prepared = PreparedTurn(
        CallerTurn(3, "hello", "voice"),
        Completeness.COMPLETE,
        understanding_ms=4.0,
        retrieval_ms=9.0,
        cache="hit",
        providers={"llm": "local"},
    )
    assert latency.on_stage(TurnCommitted(3, 10.2, 10.0, 140.0, "whisper", 2)) is None
    assert latency.on_stage(TurnPrepared(3, prepared)) is None
    answered = latency.on_stage(FirstAudioSent(3, 10.25, 20.0, "hibari"))
    assert isinstance(answered, TurnAnswered)
    metrics = latency.on_stage(ReplyEnded(3, interrupted=True))
    assert isinstance(metrics, TurnMetrics)
    assert replace(answered.metrics, interrupted=True) == metrics
    assert round(metrics.endpointing_ms or 0) == 200
    assert round(metrics.voice_to_voice_ms or 0) == 250
    assert (metrics.stt_ms, metrics.tts_first_audio_ms, metrics.understanding_ms) == (140.0, 20.0, 4.0)
    assert (metrics.retrieval_ms, metrics.cache, metrics.speculations_dropped) == (9.0, "hit", 2)
    assert metrics.providers == {"stt": "whisper", "tts": "hibari", "llm": "local"}
    assert metrics.interrupted
    assert latency.on_stage(ReplyEnded(3, interrupted=False)) is None
