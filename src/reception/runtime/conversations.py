"""Turns an agent's stored configuration into a wired dialogue, for voice and chat alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from reception import __version__
from reception.call.config import CallConfig
from reception.core.clock import Clock
from reception.core.errors import AlreadyEnded, Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue import replies
from reception.dialogue.context import Understanding
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.custom.understanding import CustomUnderstanding
from reception.dialogue.language.turn import LanguageModel
from reception.dialogue.state import from_json
from reception.dialogue.tools.answers import AgentAnswers, AnswerShelf
from reception.dialogue.tools.ledger import DomainLedger
from reception.dialogue.tools.reads import DomainReadTools
from reception.dialogue.tools.webhooks import ToolRuns
from reception.dialogue.tools.whole import AgentKnowledge, KnowledgePrefixes
from reception.dialogue.turn import TurnScene
from reception.domains.agents.service import get_agent
from reception.domains.agents.versions import get_version
from reception.domains.conversations import service as conversations
from reception.domains.conversations.carrier import CarrierCall, find_carrier_call
from reception.domains.conversations.turns import take_up
from reception.domains.tenants.service import get_business
from reception.ports.business import Agent, Business
from reception.ports.dialogue import Channel, Json
from reception.ports.knowledge import Reranker
from reception.ports.speech import Embedder
from reception.ports.tools import Ledger
from reception.ports.webhooks import ToolCaller
from reception.runtime.language import LanguageOf, no_language
from reception.runtime.returning import LostCallers, PatientLedger

RESUMABLE_FOR = timedelta(minutes=15)
"""How long after its last turn a call can be taken up again that nobody has closed, as its process died."""
MOST_RECONNECTIONS = 3
"""How often a telephone call is connected again: what cuts it off may be the call itself."""


@dataclass(frozen=True, slots=True)
class WiredAgent:
    """An agent and its business, read together, with the language model that it talks by, if any."""

    business: Business
    agent: Agent
    language: LanguageModel | None = None


class ConversationFactory:
    """Makes dialogues. Reads the database once for each, and holds no session afterwards.

    Calls whose connection breaks are left to `lost`. Without `tools` agents cannot call theirs. `language` gives the
    language model of an agent; `reranker` puts passages in order.
    """

    def __init__(
        self,
        database: Database,
        understanding: Understanding,
        embedder: Embedder,
        clock: Clock,
        lost: LostCallers,
        tools: ToolCaller | None = None,
        language: LanguageOf = no_language,
        reranker: Reranker | None = None,
    ) -> None:
        self._reranker = reranker
        self._database = database
        self._tools = tools
        self.understanding = understanding
        self._tailored = CustomUnderstanding(understanding, embedder)
        self._embedder = embedder
        self._clock = clock
        self._lost = lost
        self.answers = AnswerShelf(database, clock)
        self._prefixes = KnowledgePrefixes(database)
        self._language = language

    async def aclose(self) -> None:
        """Give up what goes on in the background."""
        await self._tailored.aclose()

    def prepare(self, wired: WiredAgent) -> None:
        """Begin what a call with the agent would else wait for, with the keys and on the account of the present task.
        Returns at once."""
        self._tailored.prepare(wired.agent)

    async def find_agent(self, tenant_id: UUID, agent_id: UUID) -> WiredAgent:
        """Raises `NotFound` for an agent that the tenant does not have."""
        async with self._database.tenant_session(tenant_id) as session:
            agent = await get_agent(session, agent_id)
            business = await get_business(session)
        return WiredAgent(business, agent, await self._language(tenant_id, agent.settings))

    async def at_version(self, wired: WiredAgent, version: int | None) -> WiredAgent:
        """`wired` with its agent as `version` was; as it is where that is not kept any more."""
        if version is None or version == wired.agent.version:
            return wired
        async with self._database.tenant_session(wired.business.tenant_id) as session:
            try:
                agent = await get_version(session, wired.agent.agent_id, version)
            except NotFound:
                return wired
        return WiredAgent(wired.business, agent, await self._language(wired.business.tenant_id, agent.settings))

    async def start(
        self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "", carrier_call_id: str = ""
    ) -> GraphDialogue:
        """A new conversation, stored as started. A `caller_phone` that is no number is ignored.

        Raises:
            Conflict: the telephone call `carrier_call_id` has a conversation already.
        """
        conversation_id = uuid7()
        caller_phone = e164(caller_phone, wired.business.region)
        async with self._database.tenant_session(wired.business.tenant_id) as session:
            await conversations.start(
                session,
                wired.business.tenant_id,
                wired.agent.agent_id,
                conversation_id=conversation_id,
                channel=channel,
                caller_phone=caller_phone,
                agent_version=wired.agent.version,
                recording_days=wired.agent.settings.recording_days if channel == "voice" else None,
                carrier_call_id=carrier_call_id or None,
            )
        return self.wire(wired, channel, conversation_id, caller_phone=caller_phone)

    async def find_cut_off(self, tenant_id: UUID, agent_id: UUID, carrier_call_id: str) -> CarrierCall | None:
        """The conversation of a telephone call that was connected before, and that nobody ended; None for a new call.

        Raises:
            AlreadyEnded: by a transfer, a goodbye or otherwise.
            NotFound: the call is another agent's.
            Conflict: it was cut off too often to be connected again.
        """
        async with self._database.tenant_session(tenant_id) as session:
            call = await find_carrier_call(session, carrier_call_id)
        if call is None:
            return None
        if call.agent_id != agent_id:
            raise NotFound("There is no such call with this agent.")
        state = from_json(call.state)
        if call.ended_at is not None or state.ended or self._lost.has_ended(call.conversation_id):
            raise AlreadyEnded("This call has ended.", transfer_to=state.transfer_to)
        if call.taken_up >= MOST_RECONNECTIONS:
            raise Conflict("This call was cut off too often to be connected again.")
        return call

    async def check_open(self, wired: WiredAgent, conversation_id: UUID) -> WiredAgent:
        """The agent as the call began with it. Raises `NotFound` unless this is a call with it that can go on."""
        async with self._database.tenant_session(wired.business.tenant_id) as session:
            conversation = await conversations.get(session, conversation_id)
        if conversation.agent_id != wired.agent.agent_id or conversation.channel != "voice":
            raise NotFound("There is no such call with this agent.")
        if conversation.ended_at is not None or self._lost.has_ended(conversation_id):
            raise NotFound("This call has ended: start a new one, without conversation_id.")
        return await self.at_version(wired, conversation.agent_version)

    async def take_up(
        self, wired: WiredAgent, conversation_id: UUID, *, within: timedelta = RESUMABLE_FOR
    ) -> GraphDialogue:
        """The dialogue of a call whose connection broke, as it was after its last turn. Nobody else may hold it.

        Raises:
            NotFound: the call has ended, or broke too long ago.
        """
        await self._lost.returned(conversation_id)
        wired = await self.check_open(wired, conversation_id)
        async with self._database.tenant_session(wired.business.tenant_id) as session:
            taken_up = await take_up(session, conversation_id)
            conversation = await conversations.get(session, conversation_id)
            last_turn, state = await conversations.load_state(session, conversation_id) or (0, {})
            messages = await conversations.list_messages(session, conversation_id)
            latest = max([conversation.started_at, *(message.created_at for message in messages)])
            # A turn that was left unanswered has no reply: what was said last is that of one before.
            said = next((one for one in reversed(messages) if one.speaker == "agent" and one.text), None)
            unheard = said is not None and (said.heard is None or said.interrupted) and (said.turn > 0 or not last_turn)
            greeting = next((one.heard for one in messages if one.turn == 0 and one.speaker == "agent"), None)
            dialogue = self.wire(
                wired,
                "voice",
                conversation_id,
                state=state,
                last_turn=last_turn,
                unheard=unheard,
                greeting_heard=greeting or "",
                taken_up=taken_up,
            )
            if dialogue.ended or self._clock.now() - latest > within:
                # Leaving like this undoes the taking up.
                raise NotFound("This call has ended: start a new one, without conversation_id.")
        return dialogue

    def wire(
        self,
        wired: WiredAgent,
        channel: Channel,
        conversation_id: UUID,
        *,
        caller_phone: str = "",
        state: Mapping[str, Json] | None = None,
        last_turn: int = 0,
        unheard: bool = False,
        greeting_heard: str = "",
        taken_up: int = 0,
    ) -> GraphDialogue:
        """The dialogue of a conversation that is stored already, at `state` after `last_turn`, `taken_up` so often."""
        business = wired.business
        tools = None
        if self._tools is not None:
            tools = ToolRuns(self._database, wired.agent, conversation_id, self._clock, self._tools)
        ledger: Ledger = DomainLedger(
            self._database, business, conversation_id, self._clock, taken_up=taken_up, tools=tools
        )
        if channel == "voice":
            ledger = PatientLedger(ledger, conversation_id, self._lost)
        reads = DomainReadTools(
            self._database,
            business,
            self._embedder,
            self._clock,
            conversation_id,
            agent_id=wired.agent.agent_id,
            reranker=self._reranker,
        )
        return GraphDialogue(
            conversation_id=conversation_id,
            business=business,
            agent=wired.agent,
            channel=channel,
            understanding=self._tailored,
            reads=reads,
            ledger=ledger,
            clock=self._clock,
            answers=AgentAnswers(
                self.answers,
                business,
                wired.agent,
                reads.meaning,
                self._embedder.model,
                wired.language.writer if wired.language else f"local {__version__}",
            ),
            caller_phone=caller_phone,
            state=state,
            last_turn=last_turn,
            unheard=unheard,
            greeting_heard=greeting_heard,
            language=wired.language,
            whole=AgentKnowledge(self._prefixes, business.tenant_id, wired.agent.agent_id) if wired.language else None,
        )

    def fixed_sentences(self, wired: WiredAgent) -> tuple[str, ...]:
        """What `wired` says word for word to everybody, its first words first."""
        now = self._clock.now().astimezone(ZoneInfo(wired.business.timezone))
        reads = DomainReadTools(self._database, wired.business, self._embedder, self._clock, uuid7())
        scene = TurnScene(wired.business, wired.agent, "voice", now, 0, "", reads)
        said = (
            *replies.recording_notice(scene),
            *replies.greeting(scene),
            *_ALWAYS_SAID,
            *CallConfig.for_agent(wired.agent.settings).phrases.all(),
        )
        return tuple(dict.fromkeys(said))


_ALWAYS_SAID = (
    replies.CUT_OFF,
    replies.SILENT_ONCE,
    replies.SILENT_AGAIN,
    *replies.SILENT_END,
    *replies.NOT_CAUGHT,
    *replies.WAIT,
    *replies.THANKS,
    *replies.GOODBYE,
    *replies.UNKNOWN,
    *replies.REJECTIONS.values(),
    replies.UNREACHABLE,
)


def e164(phone: str, region: str) -> str:
    """A phone number as it is stored of callers; empty for what can be none."""
    if not phone:
        return ""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
