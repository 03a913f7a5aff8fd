"""A call in writing: the dialogue that a call has, without its sound."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from reception.call.config import CallConfig
from reception.call.keypad import Keypad
from reception.dialogue.conversation import GraphDialogue
from reception.ports.business import AgentSettings
from reception.ports.dialogue import Act as Done
from reception.ports.dialogue import CallerTurn, Channel, HangUp, ReplyPart, Say, Transfer
from reception.ports.leg import TAKEN_OVER
from reception.runtime.evaluation.phone import Heard, MovableClock, joined
from reception.runtime.evaluation.scenario import Act

_A_TURN = timedelta(seconds=8)
_CUT_AFTER_WORDS = 4


class TextPhone:
    """Implements `Phone`. Each turn takes eight seconds of the scenario's time."""

    def __init__(
        self,
        dialogue: GraphDialogue,
        channel: Channel,
        settings: AgentSettings,
        clock: MovableClock,
        take_up: Callable[[UUID], Awaitable[GraphDialogue]],
    ) -> None:
        self._dialogue = dialogue
        self._take_up = take_up
        self._channel = channel
        self._settings = settings
        self._clock = clock
        self._silences = 0
        self._last = ""
        self._ended = ""

    @property
    def conversation_id(self) -> UUID:
        return self._dialogue.conversation_id

    async def greeting(self) -> Heard:
        if self._channel == "chat":
            return Heard("", self._dialogue.question)
        return await self._heard(0, await self._dialogue.open(), "")

    async def do(self, act: Act, *, cut_short: bool = False) -> Heard:
        del cut_short
        match act.kind:
            case "silence":
                return await self._silence(act.lasts)
            case "dtmf":
                keypad = Keypad(CallConfig())
                made = [text for key in act.text if (text := keypad.press(key)) is not None]
                rest = keypad.pause()
                words = " ".join([*made, *([rest] if rest else [])])
                return await self._turn(words) if words else Heard("", self._dialogue.question)
            case "interrupt":
                cut = " ".join(self._last.split()[:_CUT_AFTER_WORDS])
                await self._dialogue.heard(self._dialogue.next_turn - 1, cut, interrupted=True)
        return await self._turn(act.text)

    async def wait(self, length: timedelta) -> None:
        self._clock.advance(length)

    async def reconnect(self) -> Heard:
        await self._dialogue.close(TAKEN_OVER)
        self._dialogue = await self._take_up(self._dialogue.conversation_id)
        self._silences = 0
        return await self._heard(self._dialogue.next_turn - 1, await self._dialogue.open(), "")

    async def hang_up(self) -> str:
        self._ended = self._ended or "caller_hung_up"
        await self._dialogue.close(self._ended)
        return self._ended

    async def _turn(self, text: str) -> Heard:
        self._silences = 0
        self._clock.advance(_A_TURN)
        turn = self._dialogue.next_turn
        prepared = await self._dialogue.prepare(CallerTurn(turn, text, self._channel))
        return await self._heard(turn, [part async for part in self._dialogue.commit(prepared)], text)

    async def _silence(self, length: timedelta) -> Heard:
        """As often as the agent would ask in that time; once where no length is given."""
        prompt_s = self._settings.silence_prompt_s
        times = max(1, int(length.total_seconds() // prompt_s))
        parts: list[ReplyPart] = []
        for _ in range(times):
            self._silences += 1
            self._clock.advance(timedelta(seconds=prompt_s))
            asked = await self._dialogue.on_silence(self._silences)
            parts += asked
            if _ending(asked):
                break
        return await self._heard(self._dialogue.next_turn - 1, parts, "")

    async def _heard(self, turn: int, parts: Sequence[ReplyPart], text: str) -> Heard:
        self._last = joined([part.text for part in parts if isinstance(part, Say)])
        self._ended = _ending(parts)
        if self._ended:
            await self._dialogue.close(self._ended)
        elif text or turn == 0:
            await self._dialogue.heard(turn, self._last, interrupted=False)
        return Heard(
            self._last,
            self._dialogue.question,
            text,
            tuple(part for part in parts if isinstance(part, Done)),
            tuple(dict.fromkeys(cite.document for part in parts if isinstance(part, Say) for cite in part.citations)),
            self._dialogue.expectation().options,
            self._ended,
        )


def _ending(parts: Sequence[ReplyPart]) -> str:
    for part in parts:
        if isinstance(part, HangUp):
            return part.reason
        if isinstance(part, Transfer):
            return "transfer"
    return ""
