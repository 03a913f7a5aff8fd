"""What requests and responses of several resources share."""

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from reception.ports.definition import TIME_OF_DAY


class Request(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Response(BaseModel):
    model_config = ConfigDict(frozen=True)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be an IANA time zone, like Europe/Lisbon")
    return name


def _no_control_characters(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t\r" for character in text):
        raise ValueError("must not contain control characters")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_no_control_characters)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
Timezone = Annotated[str, AfterValidator(_known_zone)]


def _without_zone(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("must be a local time without an offset, like 19:30")
    return at


LocalTime = Annotated[
    time,
    AfterValidator(_without_zone),
    TIME_OF_DAY,
]
"""A time of day where the business is."""
LocalDay = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
"""A day that can be turned into an instant in every time zone."""
Instant = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]
"""A moment that is one in every calendar; with its offset, like 2027-03-10T18:00:00Z."""
