"""The turn taker alone: tables, and what no interleaving may break."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reception.call.barge_in import is_backchannel, is_echo, stops_agent
from reception.call.config import CallConfig
from reception.call.decisions import (
    CallerSilent,
    Commit,
    Decision,
    Discard,
    HoldAgent,
    JudgeEnd,
    ResumeAgent,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    TranscribePartly,
    Unintelligible,
    Withdraw,
)
from reception.call.endpointing import Endpointing, Evidence
from reception.call.turn_taking import TurnTaker
from reception.ports.business import AgentSettings
from reception.ports.expectation import Completeness, Expectation, Expects
from reception.ports.speech import VAD_WINDOW_MS


@pytest.mark.parametrize(
    ("completeness", "probability", "patience", "wait_ms"),
    [
        (Completeness.COMPLETE, None, 1.0, 256),
        (Completeness.COMPLETE, 0.05, 1.0, 256),
        (Completeness.COMPLETE, None, 2.0, 512),
        (Completeness.COMPLETE, None, 0.5, 128),
        (Completeness.OPEN_ENDED, 0.02, 1.0, 448),
        (Completeness.WANTING, 0.9, 1.0, 448),
        (Completeness.WANTING, None, 1.0, 544),
        (Completeness.WANTING, 0.2, 1.0, 896),
        (Completeness.UNSURE, None, 1.0, 544),
        (Completeness.UNSURE, 0.95, 1.0, 416),
        (Completeness.UNSURE, 0.5, 1.0, 656),
        (Completeness.UNSURE, 0.02, 1.0, 896),
        (Completeness.INCOMPLETE, 0.99, 1.0, 1216),
        (Completeness.INCOMPLETE, None, 1.5, 1824),
        (Completeness.DICTATING, 0.99, 1.0, 1792),
    ],
)
def test_the_wait_at_the_end(
    completeness: Completeness, probability: float | None, patience: float, wait_ms: float
) -> None:
    endpointing = Endpointing.of(CallConfig.for_agent(AgentSettings(patience=patience)))
    assert endpointing.silence_ms(Evidence(completeness, probability)) == pytest.approx(wait_ms)


@pytest.mark.parametrize("text", ["mhm", "Okay.", "Uh-huh.", "right, right", "Mm-hmm, okay", "I see."])
def test_sounds_of_listening(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["yes", "no", "okay but what about sunday", "stop", "", "right now"])
def test_words_are_not_sounds_of_listening(text: str) -> None:
    assert not is_backchannel(text)


def test_echo_is_a_run_of_the_agents_own_words() -> None:
    said = "We are open from noon until ten in the evening."
    assert is_echo("From noon until ten", said)
    assert not is_echo("until ten", said)
    assert not is_echo("from noon until nine", said)


def test_okay_is_an_answer_only_to_a_question_that_has_begun() -> None:
    asks = Expectation(Expects.YES_NO)
    assert stops_agent("okay", expectation=asks, being_said="Shall I?", last_sentence=True)
    assert not stops_agent("okay", expectation=asks, being_said="So,", last_sentence=False)
    assert not stops_agent("okay", expectation=Expectation(), being_said="So,", last_sentence=True)


def test_a_hum_that_was_heard_as_a_word_does_not_stop_the_agent() -> None:
    said = {"expectation": Expectation(), "being_said": "So,", "last_sentence": True}
    assert not stops_agent("Emama.", confidence=0.37, **said)  # type: ignore[arg-type]
    assert stops_agent("Stop.", confidence=0.8, **said)  # type: ignore[arg-type]
    assert stops_agent("do you have", confidence=0.37, **said)  # type: ignore[arg-type]


def test_after_one_word_there_may_be_another() -> None:
    endpointing = Endpointing.of(CallConfig())
    assert endpointing.silence_ms(Evidence(Completeness.COMPLETE, brief=True)) == 320


def test_who_was_cut_off_is_waited_for_longer_where_the_words_leave_the_end_open() -> None:
    taker = TurnTaker(CallConfig())
    waits: list[int] = []
    for _ in range(5):
        _windows(taker, 0.9, 640)
        _windows(taker, 0.0, 64)
        assert taker.attempt is not None
        taker.transcribed(taker.attempt, Completeness.OPEN_ENDED, words=True)
        waits += [d.silence_ms for d in _windows(taker, 0.0, 800) if isinstance(d, Commit)]
    assert waits == [448, 448, 544, 672, 672]


def _windows(taker: TurnTaker, probability: float, ms: int) -> list[Decision]:
    decisions: list[Decision] = []
    for _ in range(ms // VAD_WINDOW_MS):
        decisions += taker.window(probability)
    return decisions


def test_an_utterance_keeps_what_came_just_before_it() -> None:
    taker = TurnTaker(replace(CallConfig(), brief_ms=0))
    _windows(taker, 0.0, 640)
    assert _windows(taker, 0.9, 320) == [SpeechStarted(640)]
    assert _windows(taker, 0.0, 32) == [Transcribe(1, 640 - 256, 992)]
    assert _windows(taker, 0.0, 96) == [SpeechStopped(960)]
    assert taker.transcribed(1, Completeness.COMPLETE, words=True) == ()
    assert _windows(taker, 0.0, 128) == [Commit(1, 960, 256)]


@pytest.mark.parametrize(
    ("completeness", "judged"),
    [(Completeness.UNSURE, [JudgeEnd(1, 0)]), (Completeness.COMPLETE, []), (Completeness.DICTATING, [])],
)
def test_the_sound_is_judged_only_where_the_words_leave_it_open(
    completeness: Completeness, judged: list[Decision]
) -> None:
    taker = TurnTaker(CallConfig())
    _windows(taker, 0.9, 320)
    _windows(taker, 0.0, 32)
    taker.transcribed(1, completeness, words=True)
    assert not [d for d in _windows(taker, 0.0, 192) if isinstance(d, JudgeEnd)], "it may be a rest within the sentence"
    assert [d for d in _windows(taker, 0.0, 32) if isinstance(d, JudgeEnd)] == judged


def test_the_sound_is_judged_without_words_when_they_are_late() -> None:
    taker = TurnTaker(CallConfig())
    _windows(taker, 0.9, 320)
    assert not [d for d in _windows(taker, 0.0, 224) if isinstance(d, JudgeEnd)]
    assert _windows(taker, 0.0, 64) == [JudgeEnd(1, 0)]


def test_a_busy_machine_is_asked_once_at_the_candidate_end() -> None:
    taker = TurnTaker(CallConfig())
    taker.early_transcription = False
    _windows(taker, 0.9, 320)
    assert not [d for d in _windows(taker, 0.0, 96) if isinstance(d, Transcribe)]
    assert [d for d in _windows(taker, 0.0, 32) if isinstance(d, Transcribe)] == [Transcribe(1, 0, 448)]


def test_choppy_speech_is_transcribed_early_only_so_often() -> None:
    taker = TurnTaker(CallConfig())
    decisions: list[Decision] = []
    for _ in range(10):
        decisions += _windows(taker, 0.9, 160) + _windows(taker, 0.0, 32)
    assert len([d for d in decisions if isinstance(d, Transcribe)]) == CallConfig().early_attempts
    assert [d for d in _windows(taker, 0.0, 96) if isinstance(d, Transcribe)]


def test_one_loud_window_in_a_pause_delays_and_does_not_withdraw() -> None:
    taker = TurnTaker(replace(CallConfig(), brief_ms=0))
    _windows(taker, 0.9, 320)
    _windows(taker, 0.0, 128)
    assert _windows(taker, 0.9, 32) == []
    taker.transcribed(1, Completeness.COMPLETE, words=True)
    assert taker.window(0.0) == ()
    assert taker.window(0.0) == ()
    assert taker.window(0.0) == (Commit(1, 320, 256),)


def test_speech_without_end_is_committed_in_parts_that_join() -> None:
    taker = TurnTaker(replace(CallConfig(), max_utterance_ms=2000))
    stretches: list[tuple[int, int]] = []
    for _ in range(300):
        for decision in taker.window(0.9):
            if isinstance(decision, Transcribe):
                stretches.append((decision.start_ms, decision.end_ms))
        if taker.attempt is not None:
            taker.transcribed(taker.attempt, Completeness.UNSURE, words=True)
    assert len(stretches) == 4
    assert all(later[0] == earlier[1] for earlier, later in pairwise(stretches))


def test_silence_is_counted_while_nobody_speaks() -> None:
    taker = TurnTaker(replace(CallConfig(), silence_prompt_s=1.0))
    assert _windows(taker, 0.0, 1100) == [CallerSilent(1)]
    taker.agent_started()
    assert _windows(taker, 0.0, 3000) == []
    taker.agent_finished()
    assert _windows(taker, 0.0, 1100) == [CallerSilent(2)]


@dataclass
class Model:
    """Plays the session's part, and holds the taker to its promises."""

    taker: TurnTaker
    live: Transcribe | None = None
    held: bool = False
    agent: bool = False
    in_speech: bool = False
    open_utterance: bool = False
    voiced: list[int] = field(default_factory=list)
    finished: list[tuple[int, int]] = field(default_factory=list)
    committed: list[int] = field(default_factory=list)
    partial: bool = False

    def take(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self._take(decision)

    def _take(self, decision: Decision) -> None:  # noqa: C901  one case a decision
        match decision:
            case SpeechStarted():
                assert not self.in_speech
                self.in_speech = self.open_utterance = True
            case SpeechStopped():
                assert self.in_speech
                self.in_speech = False
            case Transcribe(start_ms=start_ms, end_ms=end_ms):
                assert self.live is None
                assert 0 <= start_ms < end_ms <= self.taker.now_ms
                assert not self.finished or start_ms >= self.finished[-1][0]
                self.live, self.partial = decision, False
            case TranscribePartly():
                assert not self.partial
                assert self.live is None
                self.partial = True
            case JudgeEnd(attempt=number) | Withdraw(attempt=number):
                assert self.live is not None
                assert self.live.attempt == number
                if isinstance(decision, Withdraw):
                    self.live = None
            case Commit(attempt=number, speech_end_ms=speech_end_ms):
                assert number not in self.committed
                assert self.live is not None
                assert speech_end_ms - self.live.end_ms <= CallConfig().linger_ms
                self.committed.append(number)
                self._finish(number)
                self.held, self.agent = False, True
                self.taker.agent_started()
            case Discard(attempt=number):
                if number is not None:
                    self._finish(number)
            case HoldAgent():
                assert self.agent
                assert not self.held
                self.held = True
            case ResumeAgent():
                assert self.held
                self.held = False
            case CallerSilent():
                assert not self.agent
                assert not self.open_utterance

    def _finish(self, number: int) -> None:
        assert self.live is not None
        assert self.live.attempt == number
        assert self.open_utterance
        self.finished.append((self.live.start_ms, self.live.end_ms))
        self.live, self.open_utterance = None, False


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("windows"), st.sampled_from([0.02, 0.4, 0.6, 0.85, 0.95]), st.integers(1, 12)),
        st.tuples(st.just("transcript"), st.sampled_from(list(Completeness)), st.booleans()),
        st.tuples(st.just("stale"), st.integers(0, 40), st.booleans()),
        st.tuples(st.just("judged"), st.floats(0, 1), st.just(0)),
        st.tuples(st.just("partial"), st.just(0), st.booleans()),
        st.tuples(st.just("failed"), st.just(0), st.just(0)),
        st.tuples(st.just("agent"), st.booleans(), st.just(0)),
        st.tuples(st.just("stalled"), st.just(0), st.just(0)),
        st.tuples(st.just("unheard"), st.just(0), st.just(0)),
        st.tuples(st.just("busy"), st.booleans(), st.just(0)),
    ),
    max_size=120,
)


def _do(model: Model, step: tuple[str, object, object]) -> None:
    taker = model.taker
    match step:
        case ("windows", float(probability), int(count)):
            for _ in range(count):
                model.take(taker.window(probability))
                if probability > 0.9:
                    model.voiced.append(taker.now_ms)
        case ("transcript", Completeness() as completeness, bool(words)) if model.live:
            model.take(taker.transcribed(model.live.attempt, completeness, words=words))
        case ("stale", int(number), bool(words)) if not model.live or number != model.live.attempt:
            assert taker.transcribed(number, Completeness.COMPLETE, words=words) == ()
            assert taker.judged(number, 0.9) == ()
            assert taker.failed(number) == ()
        case ("judged", float(probability), _) if model.live:
            model.take(taker.judged(model.live.attempt, probability))
        case ("partial", _, bool(words)) if model.partial:
            model.partial = False
            model.take(taker.partly_transcribed(words=words))
        case ("failed", _, _) if model.live:
            model.take(taker.failed(model.live.attempt))
        case ("agent", bool(active), _):
            model.agent, model.held = active, False
            (taker.agent_started if active else taker.agent_finished)()
        case ("stalled" | "unheard" as name, _, _):
            model.take(getattr(taker, name)())
        case ("busy", bool(busy), _):
            taker.early_transcription = not busy


@settings(max_examples=400, deadline=None)
@given(_steps)
def test_no_interleaving_breaks_the_promises(steps: list[tuple[str, object, object]]) -> None:
    model = Model(TurnTaker(replace(CallConfig(), max_utterance_ms=3000, silence_prompt_s=1.0)))
    for step in steps:
        _do(model, step)
    taker = model.taker
    for _ in range(200):
        model.take(taker.window(0.0))
        if model.live:
            model.take(taker.transcribed(model.live.attempt, Completeness.UNSURE, words=True))
    assert not model.open_utterance
    assert not model.in_speech
    assert not model.held
    assert len(set(model.committed)) == len(model.committed)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.02, 0.4, 0.8, 0.95]), st.integers(2, 20), st.booleans()), max_size=60),
    st.sampled_from(list(Completeness)),
    st.integers(0, 60),
    st.sampled_from([640, 30_000]),
)
def test_every_stretch_of_speech_is_in_a_committed_turn(
    runs: list[tuple[float, int, bool]], completeness: Completeness, late_windows: int, longest_ms: int
) -> None:
    """However late the transcripts are, and wherever audio stops coming for a while."""
    model = Model(TurnTaker(replace(CallConfig(), silence_prompt_s=60.0, max_utterance_ms=longest_ms)))
    asked_ms = 0
    known = None
    for probability, count, stalls in [*runs, (0.02, 400, False)]:
        if stalls:
            model.take(model.taker.stalled())
        for _ in range(count):
            _do(model, ("windows", probability, 1))
            if model.live is not known:
                known, asked_ms = model.live, model.taker.now_ms
            if model.live and model.taker.now_ms - asked_ms >= late_windows * VAD_WINDOW_MS:
                model.take(model.taker.transcribed(model.live.attempt, completeness, words=True))
    assert not model.open_utterance
    assert len(model.finished) == len(model.committed)
    for window_end_ms in model.voiced:
        assert any(start < window_end_ms <= end for start, end in model.finished)


def test_much_speech_without_a_word_is_kept_for_what_follows() -> None:
    taker = TurnTaker(CallConfig())
    _windows(taker, 0.9, 960)
    _windows(taker, 0.0, 256)
    assert taker.transcribed(1, Completeness.UNSURE, words=False) == ()
    assert [type(d) for d in _windows(taker, 0.9, 64)] == [Withdraw, SpeechStarted]
    assert _windows(taker, 0.0, 32) == [Transcribe(2, 0, 960 + 256 + 64 + 32)]
    _windows(taker, 0.0, 224)
    assert taker.transcribed(2, Completeness.UNSURE, words=False) == ()
    assert [type(d) for d in _windows(taker, 0.0, 704)] == [Discard, Unintelligible]


def test_speech_without_a_word_does_not_keep_the_agent_silent() -> None:
    taker = TurnTaker(CallConfig())
    taker.agent_started()
    _windows(taker, 0.9, 960)
    _windows(taker, 0.0, 128)
    assert [type(d) for d in taker.transcribed(1, Completeness.UNSURE, words=False)] == [Discard, ResumeAgent]
