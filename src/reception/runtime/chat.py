"""Text chat through the same dialogue as calls. Nothing of a conversation is kept in the process between messages."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from reception.core.errors import Conflict, NotFound, Unavailable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue.conversation import GraphDialogue
from reception.domains.conversations import service as conversations
from reception.domains.conversations.turns import give_back_turn, hold_turn
from reception.ports.dialogue import Act, CallerTurn, Citation, HangUp, PreparedTurn, ReplyPart, Say, Transfer
from reception.ports.events import CallObserver, ProviderSwitched, TurnMetrics
from reception.providers.account import account, charged_to
from reception.runtime.conversations import ConversationFactory
from reception.runtime.metrics import Observers
from reception.runtime.provider_keys import ProviderKeys
from reception.runtime.recorder import MetricsRecorder
from reception.runtime.traces import Tracer
from reception.runtime.usage import UsageBook

_log = structlog.get_logger(__name__)

_LONGEST_TURN = timedelta(seconds=60)
"""A process that dies in the middle of a turn keeps its conversation so long."""
_WAITS_FOR_ITS_TURN_S = 20.0
_ASKS_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class ChatReply:
    """`reply` is the sentences in order, joined by a blank; `ended` says that the agent has closed the conversation.
    `agent_version` is the version of the agent that answers throughout the conversation."""

    conversation_id: UUID
    agent_version: int
    turn: int
    reply: str
    citations: tuple[Citation, ...]
    actions: tuple[Act, ...]
    ended: bool
    sentences: tuple[Say, ...] = ()


class ChatDesk:
    """Answers messages; those of one conversation one after the other. `recorder` is told where a turn's time went."""

    def __init__(
        self,
        database: Database,
        conversations: ConversationFactory,
        usage: UsageBook | None = None,
        recorder: MetricsRecorder | None = None,
        keys: ProviderKeys | None = None,
        trace: Tracer | None = None,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._usage = usage
        self._keys = keys
        self._trace = trace
        self.conversations = conversations
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, tenant_id: UUID, agent_id: UUID, message: str, conversation_id: UUID | None) -> ChatReply:
        """The agent's reply to `message`.

        Raises:
            NotFound: no such agent or conversation for this tenant.
            Conflict: the conversation has ended, or the message before this one takes too long to answer.
        """
        if conversation_id is None:
            wired = await self.conversations.find_agent(tenant_id, agent_id)
            return await self._accounted(tenant_id, agent_id, await self.conversations.start(wired, "chat"), message)
        lock = self._turns.setdefault(conversation_id, asyncio.Lock())
        async with lock, self._held(tenant_id, conversation_id):
            dialogue = await self._resume(tenant_id, agent_id, conversation_id)
            return await self._accounted(tenant_id, agent_id, dialogue, message)

    @asynccontextmanager
    async def _held(self, tenant_id: UUID, conversation_id: UUID) -> AsyncIterator[None]:
        """The conversation for one turn, among all processes. No connection is kept meanwhile."""
        holder = uuid7()
        try:
            async with asyncio.timeout(_WAITS_FOR_ITS_TURN_S):
                while True:
                    if await self._hold(tenant_id, conversation_id, holder):
                        break
                    await asyncio.sleep(_ASKS_AGAIN_S)
        except TimeoutError:
            raise Conflict("The message before this one is still being answered: send it again later.") from None
        try:
            yield
        finally:
            try:
                async with self._database.tenant_session(tenant_id) as session:
                    await give_back_turn(session, conversation_id, holder)
            except Unavailable:
                # The reply stands, and the turn is anybody's again in a minute.
                _log.warning("chat.turn_kept", call_id=str(conversation_id))

    async def _hold(self, tenant_id: UUID, conversation_id: UUID, holder: UUID) -> bool:
        async with self._database.tenant_session(tenant_id) as session:
            if await hold_turn(session, conversation_id, holder, _LONGEST_TURN):
                return True
            await conversations.get(session, conversation_id)
        return False

    async def _resume(self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID) -> GraphDialogue:
        wired = await self.conversations.find_agent(tenant_id, agent_id)
        async with self._database.tenant_session(tenant_id) as session:
            conversation = await conversations.get(session, conversation_id)
            stored = await conversations.load_state(session, conversation_id)
        if stored is None or conversation.agent_id != agent_id:
            raise NotFound("There is no such conversation with this agent.")
        if conversation.channel != "chat":
            raise Conflict("This conversation is a call: it cannot go on in writing.")
        if conversation.ended_at is not None:
            raise Conflict("This conversation has ended: start a new one.")
        last_turn, state = stored
        wired = await self.conversations.at_version(wired, conversation.agent_version)
        return self.conversations.wire(wired, "chat", conversation_id, state=state, last_turn=last_turn)

    async def _accounted(self, tenant_id: UUID, agent_id: UUID, dialogue: GraphDialogue, message: str) -> ChatReply:
        """One turn, with what it uses of providers on the conversation's account, and its tenant's keys."""
        turn, ids = dialogue.next_turn, (tenant_id, agent_id, dialogue.conversation_id)
        watch: list[CallObserver] = [self._recorder.observer(*ids, "chat")] if self._recorder else []
        async with AsyncExitStack() as stack:
            if self._keys is not None:
                await stack.enter_async_context(self._keys.in_use(tenant_id))
            if self._usage is not None:
                stack.enter_context(self._usage.call(*ids).turn(turn))
            if self._trace is not None:
                spans = stack.enter_context(self._trace.chat_turn(*ids, turn, account.get()))
                stack.enter_context(charged_to(spans))
                watch.append(spans)
            return await self._turn(dialogue, message, Observers(tuple(watch)))

    async def _turn(self, dialogue: GraphDialogue, message: str, watch: CallObserver) -> ChatReply:
        turn = dialogue.next_turn
        prepared = await dialogue.prepare(CallerTurn(turn, message, "chat"))
        parts = [part async for part in dialogue.commit(prepared)]
        _report(prepared, watch)
        ending = _ending(parts)
        if ending is not None:
            await dialogue.close(ending)
        said = [part for part in parts if isinstance(part, Say)]
        return ChatReply(
            conversation_id=dialogue.conversation_id,
            agent_version=dialogue.agent_version,
            turn=turn,
            reply=" ".join(part.text for part in said),
            citations=tuple(dict.fromkeys(citation for part in said for citation in part.citations)),
            actions=tuple(part for part in parts if isinstance(part, Act)),
            ended=ending is not None,
            sentences=tuple(said),
        )


def _ending(parts: Sequence[ReplyPart]) -> str | None:
    for part in parts:
        if isinstance(part, HangUp | Transfer):
            return part.reason
    return None


def _report(prepared: PreparedTurn, watch: CallObserver) -> None:
    watch.on_event(
        TurnMetrics(
            prepared.caller.turn,
            understanding_ms=prepared.understanding_ms,
            retrieval_ms=prepared.retrieval_ms,
            llm_first_token_ms=prepared.llm_first_token_ms,
            cache=prepared.cache,
            providers=prepared.providers,
        )
    )
    for switch in prepared.switches:
        watch.on_event(ProviderSwitched("llm", switch.before, switch.after, switch.code))
