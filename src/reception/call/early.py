"""Where an utterance is worth transcribing before its candidate end: at a dip of the voice, or where it begins to fade.

Between the last sound and the first window that counts as silent, voice activity fades for up to `linger_ms`.
"""

from dataclasses import dataclass

from reception.call.config import CallConfig
from reception.ports.speech import VAD_WINDOW_MS


@dataclass(slots=True)
class EarlyAttempts:
    """Those of one utterance.

    A dip is silence of `dip_ms`; a fade begins with the first window below `early_threshold` after one that was not.
    What is transcribed at a fade may lack the windows after it, as long as they are no more than what lingers. Fades
    that came to no dip count by themselves, so that they do not take the attempt from the end that is to come.
    """

    config: CallConfig
    fading: bool = False
    """The attempt that stands was made at a fade, and no dip has come yet: the caller may still go on."""
    _made: int = 0
    _in_vain: int = 0
    _clear: bool = False
    _at_fade: bool = False
    _may_linger_ms: int = 0

    def voiced(self, probability: float) -> None:
        """A window counts as speech."""
        was_clear, self._clear = self._clear, probability >= self.config.early_threshold
        self._at_fade = was_clear and not self._clear
        self._may_linger_ms -= VAD_WINDOW_MS

    def silent(self) -> None:
        """A window counts as silent."""
        self._clear = self._at_fade = False
        self._may_linger_ms = 0
        if self.fading:
            self.fading = False
            self._made += 1

    @property
    def stands(self) -> bool:
        """Whether an attempt outlives the window of speech that was last told of."""
        return not self._clear and self._may_linger_ms >= 0

    @property
    def due_at_fade(self) -> bool:
        most = self.config.early_attempts
        return self._at_fade and self._made < most and self._in_vain < most - 1

    def due_at_dip(self, silence_ms: int) -> bool:
        return silence_ms >= self.config.dip_ms and self._made < self.config.early_attempts

    def begun(self, *, at_fade: bool) -> None:
        """An attempt is made after the window that was last told of."""
        self.fading = at_fade
        if at_fade:
            self._may_linger_ms = self.config.linger_ms
        else:
            self._made += 1

    def withdrawn(self) -> None:
        """The caller went on."""
        if self.fading:
            self.fading = False
            self._in_vain += 1
