"""Turns an agent's stored configuration into a wired dialogue, for voice and chat alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from reception.call.config import CallConfig
from reception.core.clock import Clock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.dialogue import replies
from reception.dialogue.context import Understanding
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.tools.ledger import DomainLedger
from reception.dialogue.tools.reads import DomainReadTools
from reception.dialogue.turn import TurnScene
from reception.domains.agents.service import get_agent
from reception.domains.conversations import service as conversations
from reception.domains.tenants.service import get_business
from reception.ports.business import Agent, Business
from reception.ports.dialogue import Channel, Json
from reception.ports.speech import Embedder


@dataclass(frozen=True, slots=True)
class WiredAgent:
    """An agent and its business, read together."""

    business: Business
    agent: Agent


class ConversationFactory:
    """Makes dialogues. Reads the database once for each, and holds no session afterwards."""

    def __init__(self, database: Database, understanding: Understanding, embedder: Embedder, clock: Clock) -> None:
        self._database = database
        self._understanding = understanding
        self._embedder = embedder
        self._clock = clock

    async def find_agent(self, tenant_id: UUID, agent_id: UUID) -> WiredAgent:
        """Raises `NotFound` for an agent that the tenant does not have."""
        async with self._database.tenant_session(tenant_id) as session:
            agent = await get_agent(session, agent_id)
            return WiredAgent(await get_business(session), agent)

    async def start(self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "") -> GraphDialogue:
        """A new conversation, stored as started. A `caller_phone` that is no number is ignored."""
        conversation_id = uuid7()
        caller_phone = _e164(caller_phone, wired.business.region)
        async with self._database.tenant_session(wired.business.tenant_id) as session:
            await conversations.start(
                session,
                wired.business.tenant_id,
                wired.agent.agent_id,
                conversation_id=conversation_id,
                channel=channel,
                caller_phone=caller_phone,
            )
        return self.wire(wired, channel, conversation_id, caller_phone=caller_phone)

    def wire(
        self,
        wired: WiredAgent,
        channel: Channel,
        conversation_id: UUID,
        *,
        caller_phone: str = "",
        state: Mapping[str, Json] | None = None,
        last_turn: int = 0,
    ) -> GraphDialogue:
        """The dialogue of a conversation that is stored already, at `state` after `last_turn`."""
        business = wired.business
        return GraphDialogue(
            conversation_id=conversation_id,
            business=business,
            agent=wired.agent,
            channel=channel,
            understanding=self._understanding,
            reads=DomainReadTools(self._database, business, self._embedder, self._clock, conversation_id),
            ledger=DomainLedger(self._database, business, conversation_id, self._clock),
            clock=self._clock,
            caller_phone=caller_phone,
            state=state,
            last_turn=last_turn,
        )

    def fixed_sentences(self, wired: WiredAgent) -> tuple[str, ...]:
        """What `wired` says word for word to everybody, the greeting first."""
        now = self._clock.now().astimezone(ZoneInfo(wired.business.timezone))
        reads = DomainReadTools(self._database, wired.business, self._embedder, self._clock, uuid7())
        scene = TurnScene(wired.business, wired.agent, "voice", now, 0, "", reads)
        said = (*replies.greeting(scene), *_ALWAYS_SAID, *CallConfig.for_agent(wired.agent.settings).phrases.all())
        return tuple(dict.fromkeys(said))


_ALWAYS_SAID = (
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


def _e164(phone: str, region: str) -> str:
    if not phone:
        return ""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
