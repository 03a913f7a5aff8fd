"""Callers and guests as people: erased when they ask for it."""

from dataclasses import asdict
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query

from reception.api.access import InTenant, in_tenant
from reception.api.phones import known_phone
from reception.api.schemas import Response, Text
from reception.api.services import ServicesDep
from reception.core.telemetry import PERSON_ERASED
from reception.domains.tenants.service import get_business
from reception.runtime.people import erase_person
from reception.runtime.principal import Scope

router = APIRouter(prefix="/people", tags=["people"])

_log = structlog.get_logger(__name__)
_Eraser = Annotated[InTenant, Depends(in_tenant(Scope.PEOPLE_ERASE))]


class ErasedRead(Response):
    """How much of each was erased. `reservations_kept` and `waitlist_entries_kept` are still to come: cancel them first
    to have them erased too."""

    conversations: int
    leads: int
    messages: int
    reservations: int
    waitlist_entries: int
    reservations_kept: int
    waitlist_entries_kept: int


@router.delete("", summary="Erase a person")
async def erase(
    services: ServicesDep,
    where: _Eraser,
    phone: Annotated[Text, Query(min_length=1, max_length=32, description="In any usual form")],
) -> ErasedRead:
    """Conversations with whoever has this number, or in which it was said, go with their recordings and whatever came
    of them; so do leads, messages and entries of the waitlist that name it. Reservations that are over lose the name
    and all that was noted of the guest. What is counted stays, which tells nothing of anybody. 409 while a call with
    them goes on."""
    async with services.database.tenant_session(where.tenant_id) as session:
        number = known_phone(phone, await get_business(session))
    now = services.clock.now()
    erased = await erase_person(services.database, services.recordings, where.tenant_id, number, now)
    _log.info(PERSON_ERASED, tenant_id=str(where.tenant_id), conversations=erased.conversations)
    return ErasedRead(**asdict(erased))
