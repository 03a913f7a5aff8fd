"""The one turn that is thought through before it is certain that it is one."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from reception.call.faults import Failure, attempt
from reception.call.synthesis import Synthesis, VoiceOfCall
from reception.ports.dialogue import CallerTurn, Dialogue, PreparedTurn

SpawnPrepare = Callable[[Coroutine[Any, Any, "PreparedTurn | Failure"]], "asyncio.Task[PreparedTurn | Failure]"]


@dataclass(slots=True)
class Thought:
    """A turn being prepared, and its first sentence being spoken to the drawer."""

    caller: CallerTurn
    task: "asyncio.Task[PreparedTurn | Failure] | None" = None
    opening: Synthesis | None = None

    async def result(self) -> PreparedTurn | Failure:
        """The prepared turn, when it is ready."""
        if self.task is None:
            raise RuntimeError("the thought was not started")
        return await self.task

    def cancel(self) -> PreparedTurn | None:
        """Give it up; what has been prepared already, for the dialogue to discard."""
        if self.opening is not None:
            self.opening.cancel()
        if self.task is None or self.task.cancel() or self.task.cancelled():
            return None
        prepared = self.task.result()
        return prepared if isinstance(prepared, PreparedTurn) else None


class Speculation:
    """At most one thought at a time, taken at the commit or dropped without a trace: preparing has no effect."""

    def __init__(self, dialogue: Dialogue, voice: VoiceOfCall, spawn: SpawnPrepare, *, timeout_s: float) -> None:
        self._dialogue = dialogue
        self._voice = voice
        self._spawn = spawn
        self._timeout_s = timeout_s
        self._thought: Thought | None = None
        self._dropped = 0

    def begin(self, caller: CallerTurn) -> None:
        """Start to prepare `caller`, in place of any other."""
        self.drop()
        self._thought = self.think(caller)

    def think(self, caller: CallerTurn) -> Thought:
        """Prepare `caller` as a thought of its own, which the asker keeps."""
        thought = Thought(caller)
        thought.task = self._spawn(self._prepare(thought))
        return thought

    def drop(self) -> None:
        """The caller went on."""
        if self._thought is not None:
            prepared = self._thought.cancel()
            if prepared is not None:
                self._dialogue.discard(prepared)
            self._thought = None
            self._dropped += 1

    def take(self, caller: CallerTurn) -> Thought | None:
        """The thought on exactly `caller`, if there is one; any other is dropped."""
        thought = self._thought
        if thought is None or thought.caller != caller:
            self.drop()
            return None
        self._thought = None
        return thought

    def count_dropped(self) -> int:
        """How many were dropped since this was last asked."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    async def _prepare(self, thought: Thought) -> PreparedTurn | Failure:
        prepared = await attempt(self._dialogue.prepare(thought.caller), part="dialogue", timeout_s=self._timeout_s)
        if isinstance(prepared, PreparedTurn) and prepared.preview:
            thought.opening = self._voice.speak(prepared.preview[0].text)
        return prepared
