"""Every resource of the API."""

from fastapi import APIRouter

from reception.api import (
    account,
    agent_versions,
    agent_views,
    agents,
    analytics,
    answers,
    api_keys,
    auth,
    availability,
    chat,
    conversation_turns,
    conversations,
    demo,
    health,
    knowledge,
    knowledge_search,
    leads,
    messages,
    metrics,
    people,
    provider_keys,
    reservations,
    resources,
    tenants,
    unanswered,
    usage,
    users,
    voice,
    waitlist,
)

_ALWAYS = (
    health,
    metrics,
    auth,
    account,
    tenants,
    users,
    api_keys,
    provider_keys,
    usage,
    agents,
    agent_versions,
    agent_views,
    resources,
    availability,
    reservations,
    waitlist,
    leads,
    messages,
    chat,
    conversations,
    conversation_turns,
    people,
    analytics,
    answers,
    knowledge,
    knowledge_search,
    unanswered,
    voice,
)


def routers(*, demo_mode: bool) -> list[APIRouter]:
    """In the order in which the documentation shows them."""
    served = [resource.router for resource in _ALWAYS]
    return [*served, demo.router, demo.page_router()] if demo_mode else served
