"""When a caller speaks, has finished, goes on, or speaks over the agent: a pure state machine.

Events go in, decisions come out. Its clock is audio consumed, one `VAD_WINDOW_MS` for each window; it does no I/O
and never looks at the wall clock.

An utterance runs from its first speech to the silence that ends it:

    silent ──speech──▶ speaking ──fade, dip──▶ (transcribe) ──candidate end──▶ paused ──enough silence──▶ committed
                          ▲                                                      │ └──nothing was said──▶ discarded
                          └───────────────── the caller goes on ─────────────────┘
"""

from collections.abc import Sequence

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
from reception.call.early import EarlyAttempts
from reception.call.endpointing import JUDGED, Endpointing, Evidence
from reception.call.utterance import Utterance
from reception.ports.expectation import Completeness
from reception.ports.speech import VAD_WINDOW_MS


class TurnTaker:
    """One caller's turns.

    `early_transcription` may be switched by the owner: transcribe where the voice fades or dips, before the candidate
    end, when the machine is idle enough for the attempt to be wasted.
    """

    def __init__(self, config: CallConfig) -> None:
        self._config = config
        self._endpointing = Endpointing.of(config)
        self._judge_from_ms = config.judge_from_ms * min(1.0, config.patience)
        self._now_ms = 0
        self._utterance: Utterance | None = None
        self._run_windows = 0
        self._heard_until_ms = 0
        self._committed_ms: int | None = None
        self._attempts = 0
        self._partial_pending = False
        self._agent_active = False
        self._held = False
        self._false_alarms = 0
        self._quiet_ms = 0
        self._silences = 0
        self._unheard = False
        self.early_transcription = True

    @property
    def now_ms(self) -> int:
        """Audio consumed."""
        return self._now_ms

    @property
    def in_utterance(self) -> bool:
        return self._utterance is not None

    @property
    def words_late(self) -> bool:
        """The caller has stopped, and what they said is long in being told."""
        utterance = self._utterance
        if utterance is None or not utterance.paused or utterance.words is not None:
            return False
        return utterance.silence_ms >= self._config.late_words_ms

    @property
    def agent_active(self) -> bool:
        return self._agent_active

    @property
    def agent_held(self) -> bool:
        return self._held

    @property
    def attempt(self) -> int | None:
        """The attempt whose results still count."""
        return self._utterance.attempt if self._utterance else None

    def agent_started(self) -> None:
        """A reply is on its way: thought about, spoken or about to be."""
        self._agent_active = True
        self._held = False
        self._false_alarms = 0
        self._quiet_ms = 0

    def agent_finished(self) -> None:
        """Nothing more will be said until the next turn."""
        self._agent_active = False
        self._held = False
        self._quiet_ms = 0

    def caller_acted(self) -> None:
        """The caller said, typed or pressed something: not silent."""
        self._quiet_ms = 0
        self._silences = 0
        self._unheard = False

    def window(self, probability: float) -> Sequence[Decision]:
        """The next `VAD_WINDOW_MS` of audio hold speech with this probability, 0 to 1."""
        self._now_ms += VAD_WINDOW_MS
        utterance = self._utterance
        if utterance is None:
            return self._while_silent(probability)
        return (self._while_paused if utterance.paused else self._while_speaking)(utterance, probability)

    def stalled(self) -> Sequence[Decision]:
        """Audio has stopped coming: what was said so far is all there is."""
        utterance = self._utterance
        return self._force_end(utterance, full=False) if utterance and not utterance.forced else ()

    def unheard(self) -> Sequence[Decision]:
        """No audio has come for as long as the caller may be silent."""
        return () if self._utterance is not None or self._agent_active else self._silent()

    def transcribed(self, attempt: int, completeness: Completeness, *, words: bool) -> Sequence[Decision]:
        """The transcript of `attempt` is there. `words` says that it is a turn, not noise or a sign of listening."""
        utterance = self._utterance
        if utterance is None or utterance.attempt != attempt:
            return ()
        utterance.words = words
        utterance.completeness = completeness
        return (*self._judge_if_due(utterance), *self._settle(utterance))

    def judged(self, attempt: int, complete_probability: float) -> Sequence[Decision]:
        """The turn detector's answer to `attempt`."""
        utterance = self._utterance
        if utterance is None or utterance.attempt != attempt:
            return ()
        utterance.complete_probability = complete_probability
        return self._settle(utterance)

    def failed(self, attempt: int) -> Sequence[Decision]:
        """`attempt` will have no transcript: what was too long for a noise over the agent is asked for again."""
        utterance = self._utterance
        if utterance is None or utterance.attempt != attempt:
            return ()
        if utterance.early.fading:
            return _withdraw(utterance)
        utterance.words = None
        lost = not self._agent_active or utterance.voiced_ms >= self._config.unheard_from_ms
        return (*self._discard(utterance), *((Unintelligible(),) if lost else ()))

    def partly_transcribed(self, *, words: bool) -> Sequence[Decision]:
        """The partial transcript asked for last is there. `words` is as in `transcribed`."""
        self._partial_pending = False
        utterance = self._utterance
        if utterance is None or not self._agent_active:
            return ()
        if words:
            utterance.doubted = False
            return () if self._held else self._hold()
        if self._held and self._now_ms - utterance.start_ms >= self._config.doubtful_ms:
            utterance.doubted = True
            return self._resume_agent()
        return ()

    def partial_given_up(self) -> None:
        """The partial transcript asked for last will not come."""
        self._partial_pending = False

    def _while_silent(self, probability: float) -> Sequence[Decision]:
        config = self._config
        threshold = config.speech_threshold_playing if self._agent_active else config.speech_threshold
        if probability >= threshold:
            self._run_windows += 1
            return self._start() if self._run_windows >= config.start_windows else ()
        self._run_windows = 0
        if self._agent_active:
            return ()
        self._quiet_ms += VAD_WINDOW_MS
        return self._silent() if self._quiet_ms >= config.silence_prompt_s * 1000 else ()

    def _silent(self) -> Sequence[Decision]:
        self._quiet_ms = 0
        self._silences += 1
        return (CallerSilent(self._silences),)

    def _start(self) -> Sequence[Decision]:
        began_ms = self._now_ms - self._run_windows * VAD_WINDOW_MS
        self._utterance = Utterance(
            start_ms=max(self._heard_until_ms, began_ms - self._config.preroll_ms, 0),
            speech_end_ms=self._now_ms,
            voiced_windows=self._run_windows,
            next_partial_ms=began_ms + self._config.partial_every_ms,
            early=EarlyAttempts(self._config),
            goes_on=self._goes_on(began_ms),
        )
        self._run_windows = 0
        return (SpeechStarted(began_ms), *self._hold_if_interrupting(self._utterance))

    def _goes_on(self, began_ms: int) -> bool:
        """Speech from `began_ms` comes too soon after the commit to be about the reply."""
        return self._committed_ms is not None and began_ms - self._committed_ms <= self._config.went_on_ms

    def _while_speaking(self, utterance: Utterance, probability: float) -> Sequence[Decision]:
        if probability >= self._config.silence_threshold:
            return self._speaks(utterance, probability)
        utterance.silence_ms += VAD_WINDOW_MS
        utterance.early.silent()
        if utterance.silence_ms >= self._config.candidate_ms:
            return self._pause(utterance)
        due = utterance.attempt is None and utterance.early.due_at_dip(utterance.silence_ms)
        return self._transcribe(utterance) if due and self.early_transcription else ()

    def _speaks(self, utterance: Utterance, probability: float) -> Sequence[Decision]:
        utterance.early.voiced(probability)
        decisions: list[Decision] = [] if utterance.early.stands else [*_withdraw(utterance)]
        utterance.hear(1, self._now_ms)
        decisions += self._hold_if_interrupting(utterance)
        if self._now_ms - utterance.start_ms >= self._config.max_utterance_ms:
            return (*decisions, *self._force_end(utterance, full=True))
        # An attempt takes the place of the partial transcript that an interruption waits for.
        if self.early_transcription and not self._agent_active and utterance.early.due_at_fade:
            return (*decisions, *self._transcribe(utterance, at_fade=True))
        return (*decisions, *self._partial_if_due(utterance))

    def _while_paused(self, utterance: Utterance, probability: float) -> Sequence[Decision]:
        config = self._config
        threshold = config.speech_threshold_playing if self._agent_active else config.speech_threshold
        if utterance.full:
            if probability >= threshold:
                utterance.next_windows += 1
                utterance.next_end_ms = self._now_ms
            return ()
        if probability >= threshold:
            utterance.resumed_windows += 1
            if utterance.resumed_windows < config.resume_windows:
                return ()
            return self._go_on(utterance)
        utterance.silence_ms += VAD_WINDOW_MS * (1 + utterance.resumed_windows)
        utterance.resumed_windows = 0
        return (*self._judge_if_due(utterance), *self._settle(utterance), *self._resume_if_late(utterance))

    def _resume_if_late(self, utterance: Utterance) -> Sequence[Decision]:
        """Nobody speaks while the words are long in coming: the agent goes on until they are there."""
        if not self._held or not self.words_late:
            return ()
        utterance.doubted = True
        self._held = False
        return (ResumeAgent(),)

    def _go_on(self, utterance: Utterance) -> Sequence[Decision]:
        began_ms = self._now_ms - utterance.resumed_windows * VAD_WINDOW_MS
        windows, utterance.resumed_windows = utterance.resumed_windows, 0
        utterance.paused = utterance.forced = False
        withdrawn = _withdraw(utterance)
        utterance.hear(windows, self._now_ms)
        utterance.next_partial_ms = max(utterance.next_partial_ms, self._now_ms)
        return (*withdrawn, SpeechStarted(began_ms), *self._hold_if_interrupting(utterance))

    def _pause(self, utterance: Utterance) -> Sequence[Decision]:
        utterance.paused = True
        decisions: list[Decision] = [SpeechStopped(utterance.speech_end_ms)]
        if utterance.attempt is None:
            decisions += self._transcribe(utterance)
        return (*decisions, *self._judge_if_due(utterance), *self._settle(utterance))

    def _judge_if_due(self, utterance: Utterance) -> Sequence[Decision]:
        """Judging costs more than all else in a turn: only where the words leave the end open or are not there yet, and
        not before the silence is longer than a rest within a sentence."""
        if not utterance.paused or utterance.forced or utterance.attempt is None:
            return ()
        left_open = utterance.words is None or (utterance.words and utterance.completeness in JUDGED)
        if not left_open or utterance.attempt == utterance.judging or utterance.silence_ms < self._judge_from_ms:
            return ()
        utterance.judging = utterance.attempt
        return (JudgeEnd(utterance.attempt, utterance.start_ms),)

    def _force_end(self, utterance: Utterance, *, full: bool) -> Sequence[Decision]:
        was_paused, utterance.paused, utterance.forced, utterance.full = utterance.paused, True, True, full
        utterance.resumed_windows = 0
        decisions: list[Decision] = [] if was_paused else [SpeechStopped(utterance.speech_end_ms)]
        if utterance.early.fading:
            decisions += _withdraw(utterance)
        if utterance.attempt is None:
            decisions += self._transcribe(utterance)
        return (*decisions, *self._settle(utterance))

    def _transcribe(self, utterance: Utterance, *, at_fade: bool = False) -> Sequence[Decision]:
        self._attempts += 1
        utterance.begin_attempt(self._attempts, at_fade=at_fade)
        self._partial_pending = False
        return (Transcribe(self._attempts, utterance.start_ms, self._now_ms),)

    def _settle(self, utterance: Utterance) -> Sequence[Decision]:
        if not utterance.paused or utterance.resumed_windows or utterance.words is None or utterance.attempt is None:
            return ()
        if not utterance.words:
            return () if self._may_make_sense(utterance) else self._discard(utterance)
        brief = utterance.voiced_ms < self._config.brief_ms
        evidence = Evidence(utterance.completeness, utterance.complete_probability, brief)
        if not utterance.forced and utterance.silence_ms < self._endpointing.silence_ms(evidence):
            return ()
        self._close(utterance)
        self._held = False
        self.caller_acted()
        self._committed_ms = self._now_ms
        if utterance.goes_on:
            self._endpointing.cut_off()
        committed = Commit(utterance.attempt, utterance.speech_end_ms, utterance.silence_ms, utterance.goes_on)
        return (committed, *self._go_beyond(utterance))

    def _may_make_sense(self, utterance: Utterance) -> bool:
        """Nothing was recognised, but there was too much of it to be a noise, and the caller may go on."""
        return (
            self._is_too_long_for_noise(utterance)
            and not utterance.forced
            and utterance.silence_ms < self._config.unsure_ms
        )

    def _is_too_long_for_noise(self, utterance: Utterance) -> bool:
        return not self._agent_active and utterance.voiced_ms >= self._config.unheard_from_ms

    def _discard(self, utterance: Utterance) -> Sequence[Decision]:
        self._close(utterance)
        stopped = () if utterance.paused else (SpeechStopped(utterance.speech_end_ms),)
        unheard = utterance.words is False and self._is_too_long_for_noise(utterance) and not self._unheard
        self._unheard = self._unheard or unheard
        asked = (Unintelligible(),) if unheard else self._silent_through(utterance)
        return (*stopped, Discard(utterance.attempt), *asked, *self._resume_agent(), *self._go_beyond(utterance))

    def _silent_through(self, utterance: Utterance) -> Sequence[Decision]:
        """Where no word was said in it, `utterance` was part of the caller's silence."""
        if utterance.words is not False or self._agent_active:
            return ()
        self._quiet_ms += max(0, self._now_ms - utterance.start_ms - self._config.preroll_ms)
        return self._silent() if self._quiet_ms >= self._config.silence_prompt_s * 1000 else ()

    def _go_beyond(self, utterance: Utterance) -> Sequence[Decision]:
        """What was said since `utterance` was full begins the next one, where that one ended, and so does the next
        window of speech."""
        self._run_windows = self._config.start_windows - 1 if utterance.full else 0
        if not utterance.next_windows:
            return ()
        self._run_windows = 0
        self._utterance = Utterance(
            start_ms=utterance.speech_end_ms,
            speech_end_ms=utterance.next_end_ms,
            voiced_windows=utterance.next_windows,
            next_partial_ms=self._now_ms + self._config.partial_every_ms,
            early=EarlyAttempts(self._config),
            silence_ms=self._now_ms - utterance.next_end_ms,
            goes_on=self._goes_on(utterance.speech_end_ms),
        )
        return (SpeechStarted(utterance.speech_end_ms),)

    def _close(self, utterance: Utterance) -> None:
        self._utterance = None
        self._run_windows = 0
        self._heard_until_ms = utterance.speech_end_ms

    def _hold_if_interrupting(self, utterance: Utterance) -> Sequence[Decision]:
        config = self._config
        if not self._agent_active or self._held or utterance.doubted:
            return ()
        if self._false_alarms >= config.false_alarms_trusted:
            return ()
        return self._hold() if utterance.voiced_ms >= config.barge_in_ms else ()

    def _hold(self) -> Sequence[Decision]:
        self._held = True
        return (HoldAgent(),)

    def _resume_agent(self) -> Sequence[Decision]:
        if not self._held:
            return ()
        self._held = False
        self._false_alarms += 1
        return (ResumeAgent(),)

    def _partial_if_due(self, utterance: Utterance) -> Sequence[Decision]:
        if self._partial_pending or utterance.attempt is not None or self._now_ms < utterance.next_partial_ms:
            return ()
        self._partial_pending = True
        utterance.next_partial_ms = self._now_ms + self._config.partial_every_ms
        return (TranscribePartly(utterance.start_ms, self._now_ms),)


def _withdraw(utterance: Utterance) -> Sequence[Decision]:
    attempt = utterance.drop_attempt()
    return () if attempt is None else (Withdraw(attempt),)
