"""Does before anybody calls what the first call would else wait for."""

from collections.abc import Callable, Sequence

import structlog

from reception.core.errors import AppError
from reception.db.database import Database
from reception.domains.agents.service import list_agents
from reception.domains.tenants.service import list_tenants
from reception.ports.business import AgentSettings
from reception.ports.speech import Voice
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.conversations import ConversationFactory
from reception.runtime.demo.seed import DemoAgent

_log = structlog.get_logger(__name__)

WARMED_RATES_HZ = (24_000, 16_000, 8_000)
"""What the browser page, the command line and telephones ask for."""

_PAGE = 100
_MOST_TENANTS = 1000


async def load_packages(database: Database, load: Callable[[AgentSettings], None]) -> None:
    """Have the packages of the vendors that agents have chosen loaded; of the first thousand tenants, as the
    many hardly choose other vendors than those. A failure is logged and costs only the time saved."""
    seen, after = 0, None
    try:
        while seen < _MOST_TENANTS:
            async with database.unscoped_session() as session:
                tenants = await list_tenants(session, limit=_PAGE, after=after)
            for tenant in tenants:
                async with database.tenant_session(tenant.tenant_id) as session:
                    agents = await list_agents(session)
                for agent in agents:
                    load(agent.settings)
            seen += len(tenants)
            if len(tenants) < _PAGE:
                return
            after = tenants[-1].tenant_id
    except AppError as error:
        _log.warning("packages.not_loaded", code=error.code)


async def warm_speech(tts: CachedTextToSpeech, conversations: ConversationFactory, agents: Sequence[DemoAgent]) -> None:
    """Synthesise the fixed sentences of `agents`. A failure is logged and costs only the time saved."""
    try:
        wired = [await conversations.find_agent(agent.tenant_id, agent.agent_id) for agent in agents]
        for rate_hz in WARMED_RATES_HZ:
            for one in wired:
                settings = one.agent.settings
                voice = Voice(settings.voice, settings.voice_speed, one.business.locale)
                await tts.warm(conversations.fixed_sentences(one), voice, rate_hz)
    except AppError as error:
        _log.warning("speech.not_warmed", code=error.code)
