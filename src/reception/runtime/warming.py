"""Speaks what will surely be said before anybody calls, so that it comes from the cache."""

from collections.abc import Sequence

import structlog

from reception.core.errors import AppError
from reception.ports.speech import Voice
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.conversations import ConversationFactory, WiredAgent
from reception.runtime.demo.seed import DemoAgent

_log = structlog.get_logger(__name__)

WARMED_RATES_HZ = (16_000, 8_000, 48_000)
"""What the command line, telephones and browsers ask for."""


async def warm_speech(tts: CachedTextToSpeech, conversations: ConversationFactory, agents: Sequence[DemoAgent]) -> None:
    """Synthesise the greetings and fixed sentences of `agents`. A failure is logged and costs only the time saved."""
    try:
        for agent in agents:
            wired = await conversations.find_agent(agent.tenant_id, agent.agent_id)
            settings = wired.agent.settings
            voice = Voice(settings.voice, settings.voice_speed, wired.business.locale)
            for rate_hz in WARMED_RATES_HZ:
                await tts.warm(fixed_sentences(wired), voice, rate_hz)
    except AppError as error:
        _log.warning("speech.not_warmed", code=error.code)


def fixed_sentences(wired: WiredAgent) -> list[str]:
    """What `wired` says word for word to everybody."""
    return [wired.agent.settings.greeting] if wired.agent.settings.greeting else []
