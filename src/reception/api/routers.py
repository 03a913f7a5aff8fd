"""Every resource of the API."""

from fastapi import APIRouter

from reception.api import (
    account,
    agent_versions,
    agent_views,
    agents,
    answers,
    api_keys,
    auth,
    availability,
    chat,
    demo,
    health,
    knowledge,
    knowledge_search,
    leads,
    metrics,
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
    chat,
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
