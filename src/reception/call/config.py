"""Every timing and threshold of the engine."""

from dataclasses import dataclass, field, replace

from reception.ports.business import AgentSettings


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the engine says by itself, when the dialogue cannot."""

    fillers: tuple[str, ...] = ("One moment.", "Let me see.", "Just a second.", "Let me check that.")
    greeting: str = "Hello, how can I help you?"
    repeat: str = "Sorry, I didn't catch that. Could you say it again?"
    apology: str = "I'm sorry, something went wrong on my side. Could you say that once more?"
    silence: str = "I can't hear anything, so I'll let you go. Goodbye."
    too_long: str = "I'm sorry, we have reached the longest I can stay on a call. Thank you for calling, goodbye."

    stopping: str = "I'm sorry, I have to end this call now. Please call again in a moment."

    def all(self) -> tuple[str, ...]:
        """Everything here, for a synthesised-audio cache to be warmed with."""
        return (*self.fillers, self.greeting, self.repeat, self.apology, self.silence, self.too_long, self.stopping)


@dataclass(frozen=True, slots=True)
class CallConfig:
    """How a call is paced. `*_ms` of caller speech and silence are audio time; the rest is wall-clock time.

    `patience` scales every wait between the candidate end of an utterance and its commit.
    """

    # Voice activity: probabilities 0 to 1. The low threshold keeps speech going, the high one starts it, and a
    # higher one starts it while the agent is audible, so that its echo does not.
    speech_threshold: float = 0.5
    silence_threshold: float = 0.35
    speech_threshold_playing: float = 0.65
    start_windows: int = 2
    resume_windows: int = 2

    # Utterances. Silero holds on to speech for 50 to 110 ms beyond the waveform and hardly dips within it: the first
    # quiet window is already worth a transcription, and so is the first one below `early_threshold`, 50 ms before it,
    # as long as no more than `linger_ms` that count as speech follow; after `early_attempts` dips in vain, or one less
    # of such fades, they are not. The detector is asked late enough that most rests within a sentence are over, and
    # early enough to answer before `unsure_least_ms`.
    preroll_ms: int = 256
    early_threshold: float = 0.9
    linger_ms: int = 96
    dip_ms: int = 32
    early_attempts: int = 3
    candidate_ms: int = 128
    judge_from_ms: int = 256
    partial_every_ms: int = 640
    max_utterance_ms: int = 30_000
    stalled_after_ms: int = 2_500

    # End of turn: silence needed to commit. Between the parts of a sentence voices rest for up to 290 ms as voice
    # activity sees it, between groups of digits for up to 1.4 s. Speech of `unheard_from_ms` in which no word was
    # recognised is kept as long as an unsure end, for what follows may make sense of it. Who goes on within
    # `went_on_ms` of a commit was cut off by it.
    patience: float = 1.0
    complete_ms: int = 256
    complete_brief_ms: int = 320
    brief_ms: int = 512
    open_ended_ms: int = 448
    wanting_unjudged_ms: int = 544
    wanting_ms: int = 896
    unsure_least_ms: int = 416
    unsure_ms: int = 896
    unsure_unjudged_ms: int = 544
    incomplete_ms: int = 1_216
    dictating_ms: int = 1_792
    unheard_from_ms: int = 640
    sounds_wanting_complete: float = 0.6
    sounds_wanting_more: float = 0.3
    went_on_ms: int = 700
    caution: float = 1.2
    most_caution: float = 1.5
    sounds_complete: float = 0.85
    sounds_cut_off: float = 0.15

    # Barge-in.
    barge_in_ms: int = 96
    doubtful_ms: int = 1_000
    late_words_ms: int = 1_600
    false_alarms_trusted: int = 2

    # Playout.
    max_lead_ms: int = 1_500
    refill_lead_ms: int = 1_000
    piece_ms: int = 200
    least_piece_ms: int = 100
    mark_grace_ms: int = 800
    sentences_ahead: int = 2

    # Dead air. Whoever still waits after a filler, or between two sentences, hears one after `filler_again_ms`. Audio
    # that has stopped for less than `line_stalled_s` may be late on its way: that is not a caller's silence.
    filler_after_ms: int = 700
    filler_again_ms: int = 3_000
    filler_lead_ms: int = 240
    filler_fade_ms: int = 40
    silence_prompt_s: float = 8.0
    silence_prompts: int = 2
    line_stalled_s: float = 5.0
    max_call_s: float = 1_800.0

    # Keypad.
    dtmf_pause_s: float = 3.0
    dtmf_zero_pause_s: float = 1.0
    dtmf_full_digits: int = 10
    dtmf_full_pause_s: float = 0.6

    # How long a part may take before the turn goes on without it. A transcript may be late because many wait for one
    # model: to ask the caller to say it again would make them more. Effects are waited for as long as several tools may
    # take one after the other, since their outcome must be told; `effects_grace_s` is for a caller who is gone, and for
    # what they heard to be stored.
    stt_timeout_s: float = 10.0
    detector_timeout_s: float = 0.4
    tts_timeout_s: float = 4.0
    dialogue_timeout_s: float = 15.0
    effects_timeout_s: float = 60.0
    effects_grace_s: float = 5.0

    # Bounds of what waits.
    max_waiting_turns: int = 8
    max_waiting_events: int = 256

    phrases: Phrases = field(default_factory=Phrases)

    def unfading(self) -> "CallConfig":
        """For ears that cannot take back what they were asked for, and would hear a word in two pieces: nothing is
        transcribed where the voice only fades."""
        return replace(self, early_threshold=0.0)

    @classmethod
    def for_agent(cls, settings: AgentSettings) -> "CallConfig":
        """The defaults with what the agent's owner has tuned; `patience` is held within 0.5 to 3."""
        return cls(
            patience=min(3.0, max(0.5, settings.patience)),
            filler_after_ms=settings.filler_after_ms,
            silence_prompt_s=settings.silence_prompt_s,
            silence_prompts=settings.silence_prompts,
            max_call_s=float(settings.max_call_s),
        )
