"""Speaks what will surely be said before anybody calls, so that it comes from the cache."""

from collections.abc import Sequence

import structlog

from reception.core.errors import AppError
from reception.ports.speech import Voice
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.conversations import ConversationFactory
from reception.runtime.demo.seed import DemoAgent

_log = structlog.get_logger(__name__)

WARMED_RATES_HZ = (24_000, 16_000, 8_000)
"""What the browser page, the command line and telephones ask for."""


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
