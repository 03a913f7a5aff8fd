"""What can be had: the same search that answers callers."""

from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query

from reception.api.access import InTenant, in_tenant
from reception.api.booking_views import SlotRead
from reception.api.schemas import LocalDay, LocalTime, Response
from reception.api.services import ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import get_business
from reception.ports.booking import Refusal, SlotQuery
from reception.ports.business import Bookable, Business
from reception.runtime.principal import Scope

router = APIRouter(prefix="/availability", tags=["reservations"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.RESERVATIONS_READ))]
_Named = Annotated[str, Query(max_length=200)]


class AvailabilityRead(Response):
    """`exact` when it can be had as asked; else `refusal` says why, and `alternatives` what is nearest, best first.

    `reason` is what the business says of a closed day, `nights` the limit that a stay is too short or too long for.
    """

    exact: SlotRead | None
    refusal: Refusal | None
    reason: str
    nights: int
    alternatives: tuple[SlotRead, ...]


@router.get("", summary="Find what can be booked")
async def find(
    services: ServicesDep,
    where: _Reader,
    day: Annotated[LocalDay, Query(description="Local to the business; the day of arrival for rooms")],
    at: Annotated[LocalTime | None, Query(description="Local time; not needed for rooms")] = None,
    party_size: Annotated[int, Query(ge=1, le=1000)] = 1,
    nights: Annotated[int, Query(ge=0, le=365, description="For rooms; 1 unless given")] = 0,
    place: Annotated[str, Query(max_length=200, description="A room type or listing; any unless given")] = "",
    service: Annotated[str, Query(max_length=120, description="What an appointment is for")] = "",
    staff: Annotated[str, Query(max_length=120, description="The person asked for; anybody unless given")] = "",
) -> AvailabilityRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        wanted = start_of(business, day, at, "/at")
        stays = business.rules.bookable is Bookable.ROOM
        query = SlotQuery(wanted, party_size, max(nights, 1) if stays else 0, place, service=service, staff=staff)
        found = await reservations.availability(session, business, query, services.clock.now())
    return AvailabilityRead(
        exact=SlotRead.of(found.exact) if found.exact else None,
        refusal=found.refusal,
        reason=found.reason,
        nights=found.nights,
        alternatives=tuple(SlotRead.of(slot) for slot in found.alternatives),
    )


def start_of(business: Business, day: date, at: time | None, pointer: str) -> datetime:
    """The local start that a day and a time mean; for rooms, check-in. A time that the clocks skip moves forward.

    Raises:
        Unprocessable: no time, for what begins at one.
    """
    if business.rules.bookable is Bookable.ROOM:
        at = business.rules.check_in
    if at is None:
        problem = FieldProblem(pointer, "is needed, as a local time such as 19:30")
        raise Unprocessable("A time is needed.", problems=(problem,))
    zone = ZoneInfo(business.timezone)
    return datetime.fromtimestamp(datetime.combine(day, at, zone).timestamp(), zone)
