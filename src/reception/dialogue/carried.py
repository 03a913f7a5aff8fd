"""A committed turn whose reply may still be being written."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace

from reception.dialogue.commands import Command
from reception.dialogue.knowledge import Sentence
from reception.dialogue.language.answers import Continued, WrittenAnswer
from reception.dialogue.language.turn import LanguageTurn
from reception.dialogue.questions import put_question
from reception.dialogue.sharing import shared
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import TurnScene
from reception.ports.answers import Answer, CacheUse
from reception.ports.dialogue import Act, HangUp, ReplyPart, Say, Transfer

_IDLE = frozenset({Question.HOW_HELP, Question.ANYTHING_ELSE})
_NO_MORE = "I can't tell you more than that for certain."


@dataclass(slots=True)
class Carried:
    """Its effects have run. `state` is what the turn leaves behind, `last_reply` apart."""

    parts: tuple[ReplyPart | Continued, ...]
    state: DialogueState
    scene: TurnScene
    commands: tuple[Command, ...]
    language: LanguageTurn | None = None
    unanswered: tuple[str, ...] = ()

    @property
    def is_written_on(self) -> bool:
        """Some of the reply was not there when it was committed."""
        return any(isinstance(part, Continued) for part in self.parts)

    async def reply(self) -> AsyncGenerator[ReplyPart]:
        """All of the reply. Where a part of an answer had to be withheld, a message is offered in place of what would
        have been asked next."""
        for part in self.parts:
            if not isinstance(part, Continued):
                yield part
                continue
            async for say in part.answer.rest():
                yield say
            if part.answer.withheld and self.state.flow is None and self.state.question in _IDLE:
                for said in self._offer(part.answer):
                    yield said
                return

    def written(self) -> tuple[CacheUse, ...]:
        """The answers written to their end that may be told to others."""
        found: list[CacheUse] = []
        for part in self.parts:
            if not isinstance(part, Continued) or part.lookup is None:
                continue
            answer, finished_s = part.answer, part.answer.finished_s
            if finished_s is None or answer.withheld:
                continue
            texts = "\n".join(f"{one.heading}\n{one.text}" for one in answer.passages)
            quoted = [Sentence(say.text, say.citations[0], texts) for say in answer.kept if say.citations]
            said = shared(part.lookup.question, quoted, answer.kept, self.state, self.scene)
            if said:
                fresh = Answer(said, (finished_s - part.asked_s) * 1000, answer.tokens)
                found.append(CacheUse(part.lookup, fresh, counted=True))
        return tuple(found)

    def _offer(self, answer: WrittenAnswer) -> tuple[ReplyPart, ...]:
        details = replace(self.state.details, message=f"Question: {answer.question}"[:1000])
        self.state = replace(self.state, question=Question.OFFER_MESSAGE, details=details)
        return (Say(_NO_MORE), *map(Say, put_question(self.state, self.scene)))


def ends_call(part: ReplyPart | Continued) -> bool:
    return isinstance(part, HangUp | Transfer)


def transfer_to(said: Iterable[ReplyPart]) -> str:
    """The phone number of whom a reply puts the caller through to, empty where it does not."""
    return next((part.target for part in said if isinstance(part, Transfer)), "")


def place(part: ReplyPart | Continued) -> int:
    """Where `part` comes in a reply: what was done is told of before anything that is still being written."""
    return -1 if isinstance(part, Act) else int(ends_call(part))
