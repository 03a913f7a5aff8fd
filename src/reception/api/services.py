"""What routes work with, given to the application once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from reception.core.clock import Clock
from reception.db.database import Database
from reception.dialogue.tools.answers import AnswerShelf
from reception.ports.business import AgentSettings
from reception.ports.knowledge import Reranker
from reception.ports.speech import Embedder
from reception.providers.desk import SpeechDesk
from reception.runtime.attempts import LoginAttempts
from reception.runtime.authentication import Authenticator
from reception.runtime.chat import ChatDesk
from reception.runtime.demo.seed import DemoAgent
from reception.runtime.language import AgentLanguage
from reception.runtime.metrics import Metrics, MetricsAccess
from reception.runtime.provider_keys import ProviderKeys
from reception.runtime.queue_metrics import QueueMetrics
from reception.runtime.readiness import Readiness
from reception.runtime.recording.service import Recordings
from reception.runtime.repeats import Repeats
from reception.runtime.tokens import Tickets, Tokens
from reception.runtime.uploads import IntakeDesk
from reception.runtime.usage import UsageBook


@dataclass(frozen=True, slots=True)
class Services:
    """`tool_secret` makes the secret of a tenant's agent that has a number; `loopback_tools`: agents may call tools on
    this machine. `demo_agents` is empty outside demo mode."""

    database: Database
    recordings: Recordings
    embedder: Embedder
    desk: SpeechDesk
    language: AgentLanguage
    provider_keys: ProviderKeys
    usage: UsageBook
    clock: Clock
    tokens: Tokens
    authenticator: Authenticator
    tickets: Tickets
    attempts: LoginAttempts
    repeats: Repeats
    chat: ChatDesk
    answers: AnswerShelf
    intake: IntakeDesk
    readiness: Readiness
    token_lifetime: timedelta
    session_lifetime: timedelta
    metrics: Metrics
    queue_metrics: QueueMetrics
    metrics_access: MetricsAccess
    tool_secret: Callable[[UUID, UUID, int], str]
    reranker: Reranker | None = None
    loopback_tools: bool = False
    demo_agents: tuple[DemoAgent, ...] = ()

    def load(self, settings: AgentSettings) -> None:
        """Begin to load what calls of an agent with these settings will need. Returns at once."""
        self.language.load(settings)
        self.desk.load(settings.stt, settings.tts)


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


ServicesDep = Annotated[Services, Depends(_services)]
