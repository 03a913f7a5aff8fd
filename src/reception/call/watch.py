"""What is seen by the clock alone, whether audio comes or not."""

import asyncio
from collections.abc import Callable, Sequence

from reception.call.config import CallConfig
from reception.call.decisions import Decision
from reception.call.hearing import Hearing
from reception.call.turn_taking import TurnTaker
from reception.core.clock import Clock

_EVERY_S = 0.5
_FAREWELL_S = 30.0
"""What is left of the longest call to say so, and to be heard out; then it is cut."""
_REMEMBERED_MS = 2_000
"""Audio kept while nobody speaks: more than what an utterance takes of the time before it."""


class Watch:
    """Lets old audio go, and sees whether audio has stopped coming, the caller with it, whether they wait for their own
    words to be told, or the call lasts too long.

    The turn taker counts silence as it hears it. Of a caller who sends no audio, or hardly any, it hears none: they are
    silent once nothing has been seen of them for as long by the clock. Audio that is only late is waited for.
    """

    def __init__(
        self,
        turns: TurnTaker,
        config: CallConfig,
        clock: Clock,
        *,
        decide: Callable[[Sequence[Decision]], None],
        bridge: Callable[[], None],
        finish: Callable[[], None],
        cut: Callable[[], None],
    ) -> None:
        self._turns = turns
        self._config = config
        self._clock = clock
        self._decide = decide
        self._bridge = bridge
        self._finish = finish
        self._cut = cut
        self._seen_s = 0.0

    def caller_seen(self) -> None:
        """The caller has done something, or cannot yet: it was the agent's turn."""
        self._seen_s = self._clock.monotonic_s()

    async def run(self, hearing: Hearing) -> None:
        """Watch until the call is cut."""
        self.caller_seen()
        now_s = self._clock.monotonic_s()
        ends_s = now_s + self._config.max_call_s
        over = False
        while True:
            before_s = now_s
            await asyncio.sleep(_EVERY_S)
            now_s = self._clock.monotonic_s()
            if now_s >= ends_s and not over:
                over = True
                self._finish()
            elif now_s >= ends_s + _FAREWELL_S:
                self._cut()
                return
            # After a sleep that took too long it is this process that stalled: the audio waits to be read.
            overslept = now_s - before_s > 2 * _EVERY_S
            self._look(hearing, now_s, overslept=overslept)

    def _look(self, hearing: Hearing, now_s: float, *, overslept: bool) -> None:
        no_audio_s = now_s - hearing.last_audio_s
        if not self._turns.in_utterance:
            hearing.forget(self._turns.now_ms - _REMEMBERED_MS)
        elif no_audio_s * 1000 >= self._config.stalled_after_ms and not overslept:
            self._decide(self._turns.stalled())
        if self._turns.words_late and not overslept:
            self._bridge()
        if self._turns.in_utterance or self._turns.agent_active or overslept:
            self.caller_seen()
        elif self._is_missed(now_s, no_audio_s):
            self.caller_seen()
            self._decide(self._turns.unheard())

    def _is_missed(self, now_s: float, no_audio_s: float) -> bool:
        late_s = 0.0 if no_audio_s >= self._config.line_stalled_s else self._config.line_stalled_s
        return now_s - self._seen_s >= self._config.silence_prompt_s + late_s
