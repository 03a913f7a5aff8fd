"""What the engine, and text chat, ask of a dialogue.

A turn is prepared as often as the engine likes, without effect, and committed once. Effects run in `commit`
only, keyed by (conversation, turn, index), so that committing a turn again repeats nothing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from reception.ports.expectation import Completeness, Expectation
from reception.ports.speech import TranscriptionHints

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Channel: TypeAlias = Literal["voice", "chat"]
Unheard: TypeAlias = Literal["", "question", "all"]
"""What a caller had not heard of the reply before when they spoke, as nothing of it was understood: its statements are
told then all the same, and the `question` is left out; or `all` of it is dropped."""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What a caller said or typed. `turn` counts from 1 within the conversation.

    `continues`: the caller was not done when the turn before was committed, and has heard nothing of its reply. Unless
    that turn had effects or ended the call, the two are one turn to the dialogue. `unheard`: so that what is said is no
    answer to a question which only that reply put.
    """

    turn: int
    text: str
    channel: Channel
    confidence: float = 1.0
    continues: bool = False
    unheard: Unheard = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """The passage that a sentence rests on."""

    chunk_id: UUID
    document: str


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence for the caller, written as one would write it; the voice makes it speakable.

    `meanwhile`: said while the turn's effects are under way, and no part of what came of them. All else follows them.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    interruptible: bool = True
    meanwhile: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done and is committed, e.g. `reservation.created`, for the page and for webhooks."""

    name: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call once what was said before has been played."""

    reason: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the call to a person at `target` once what was said before has been played."""

    target: str
    reason: str


ReplyPart: TypeAlias = Say | Act | HangUp | Transfer


@dataclass(frozen=True, slots=True)
class ProviderSwitch:
    """`part` of a turn was done by `after` in place of `before`, which failed with `code`."""

    part: str
    before: str
    after: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class PreparedTurn:
    """A turn thought through, with nothing done yet.

    `preview` holds the sentences that will be said whatever the effects do, so that they may be synthesised
    before the commit. `plan` is the dialogue's own and opaque to everyone else. `acts`: it has effects, whose outcome
    the caller is to be told, refused or not. `providers` and `switches` tell who did what; while the reply is still
    being written, more may be added to them.
    """

    caller: CallerTurn
    completeness: Completeness
    preview: tuple[Say, ...] = ()
    plan: object = None
    acts: bool = False
    understanding_ms: float = 0.0
    retrieval_ms: float = 0.0
    llm_first_token_ms: float | None = None
    cache: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    switches: Sequence[ProviderSwitch] = ()


class Dialogue(Protocol):
    """One conversation."""

    @property
    def conversation_id(self) -> UUID: ...

    def expectation(self) -> Expectation:
        """What the last committed turn asked for."""
        ...

    def hints(self) -> TranscriptionHints: ...

    def completeness(self, text: str) -> Completeness:
        """How finished `text` is as an answer to `expectation()`. Pure, under a millisecond."""
        ...

    async def open(self) -> Sequence[ReplyPart]:
        """The greeting (turn 0)."""
        ...

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        """Understand and decide, without effect. May be called again for the same turn with other words."""
        ...

    def discard(self, prepared: PreparedTurn) -> None:
        """`prepared` will not be committed: whatever is still under way for it ends."""
        ...

    def left_unanswered(self, caller: CallerTurn) -> None:
        """`caller` will not be committed, as they are gone or it could not be prepared: what they said is stored, and
        nothing is done."""
        ...

    def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        """Run the turn's effects, once, then yield the reply, sentence by sentence.

        Effects finish even when the iterator is closed early or its task is cancelled.
        """
        ...

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        """The caller has said nothing for a while, for the `count`th time in a row (from 1)."""
        ...

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        """The caller has heard `text` of the reply to `turn`; less than was decided when `interrupted`, and where no
        voice could say it."""
        ...

    async def close(self, reason: str) -> None:
        """The conversation is over: release what is held, store what is to be stored. Safe to call twice."""
        ...
