"""The demo businesses as data: what is stored of each on the first start, apart from its documents.

Opening hours, booking rules and resources here say the same as the documents under `documents/<slug>/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from uuid import UUID

from reception.domains.tenants.service import TenantSpec
from reception.ports.business import (
    AgentKind,
    AgentSettings,
    Bookable,
    BookingRules,
    BusinessKind,
    OpeningHours,
    OpenSpan,
)
from reception.ports.dialogue import Json
from reception.ports.knowledge import DocumentKind

HARBOR_TABLE_TENANT_ID = UUID("01990000-0000-7000-8000-000000000101")
HARBOR_TABLE_AGENT_ID = UUID("01990000-0000-7000-8000-000000000201")
ALDER_HOUSE_TENANT_ID = UUID("01990000-0000-7000-8000-000000000102")
ALDER_HOUSE_AGENT_ID = UUID("01990000-0000-7000-8000-000000000202")
NORTHGATE_HOMES_TENANT_ID = UUID("01990000-0000-7000-8000-000000000103")
NORTHGATE_HOMES_AGENT_ID = UUID("01990000-0000-7000-8000-000000000203")


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """One bookable thing; fields as in `domains.reservations.service.create_resource`."""

    kind: Bookable
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """A text under `documents/<slug>/`."""

    file: str
    title: str
    kind: DocumentKind


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    tenant_id: UUID
    agent_id: UUID
    spec: TenantSpec
    agent_kind: AgentKind
    settings: AgentSettings
    resources: tuple[ResourceSpec, ...]
    documents: tuple[DocumentSpec, ...]
    blurb: str
    sample_questions: tuple[str, ...]


def demo_businesses(today: date) -> tuple[DemoBusiness, ...]:
    """The three businesses; their holidays are those of the year of `today` and the next."""
    holidays = _holidays(today.year) + _holidays(today.year + 1)
    return _harbor_table(holidays), _alder_house(), _northgate_homes(holidays)


_Closed = tuple[tuple[date, tuple[OpenSpan, ...]], ...]


def _holidays(year: int) -> _Closed:
    """New Year's Day, Thanksgiving Day (the fourth Thursday of November) and Christmas Day."""
    november = date(year, 11, 1)
    first_thursday = november + timedelta(days=(3 - november.weekday()) % 7)
    thanksgiving = first_thursday + timedelta(weeks=3)
    return ((date(year, 1, 1), ()), (thanksgiving, ()), (date(year, 12, 25), ()))


def _harbor_table_agent() -> AgentSettings:
    return AgentSettings(
        greeting="Thank you for calling Harbor Table. This is June, the virtual assistant. How can I help you?",
        persona_name="June",
        handoff_phone="+14155550141",
        vocabulary=(
            "Harbor Table",
            "Port Linden",
            "Lantern Street",
            "Captain's Room",
            "Laura Bennett",
            "Daniel Moreno",
            "calamari",
            "risotto",
            "linguine",
            "chowder",
            "corkage",
        ),
    )


def _harbor_table(holidays: _Closed) -> DemoBusiness:
    lunch, brunch = OpenSpan(time(11, 30), time(14, 30)), OpenSpan(time(10, 30), time(14, 30))
    dinner, late_dinner = OpenSpan(time(17), time(22)), OpenSpan(time(17), time(23))
    weekday = (lunch, dinner)
    tables = {2: 12, 4: 12, 6: 6, 8: 3}
    return DemoBusiness(
        tenant_id=HARBOR_TABLE_TENANT_ID,
        agent_id=HARBOR_TABLE_AGENT_ID,
        spec=TenantSpec(
            slug="harbor-table",
            name="Harbor Table",
            kind=BusinessKind.RESTAURANT,
            timezone="America/Los_Angeles",
            region="US",
            locale="en-US",
            phone="+14155550140",
            address="28 Lantern Street, Port Linden, California",
            hours=OpeningHours(
                weekly=(
                    (),
                    weekday,
                    weekday,
                    weekday,
                    (lunch, late_dinner),
                    (brunch, late_dinner),
                    (brunch, OpenSpan(time(17), time(21))),
                ),
                exceptions=holidays,
            ),
            rules=BookingRules(bookable=Bookable.TABLE, largest_party=8, horizon=timedelta(days=90)),
        ),
        agent_kind=AgentKind.RECEPTIONIST,
        settings=_harbor_table_agent(),
        resources=tuple(
            ResourceSpec(Bookable.TABLE, f"Table {seats}-{number}", "", seats)
            for seats, count in tables.items()
            for number in range(1, count + 1)
        ),
        documents=(
            DocumentSpec("menu.md", "Menu", DocumentKind.MENU),
            DocumentSpec("drinks.md", "Drinks", DocumentKind.MENU),
            DocumentSpec("faq.md", "Frequently asked questions", DocumentKind.FAQ),
            DocumentSpec("reservations.md", "Reservation policy", DocumentKind.POLICY),
        ),
        blurb="A seafood restaurant by the harbor of Port Linden, California. June books, moves and cancels tables.",
        sample_questions=(
            "I'd like a table for two tomorrow at seven thirty.",
            "Do you have vegan dishes?",
            "Is there parking, and what does it cost?",
            "Can we bring our own wine?",
            "I need to cancel my reservation.",
        ),
    )


def _alder_house_agent() -> AgentSettings:
    return AgentSettings(
        greeting="Thank you for calling Alder House. This is Clara, the virtual assistant. How can I help you?",
        persona_name="Clara",
        handoff_phone="+18025550121",
        vocabulary=(
            "Alder House",
            "Alder Falls",
            "Mill Kitchen",
            "Queen Room",
            "King Room",
            "Twin Room",
            "Family Suite",
            "Garden Suite",
            "Loft Apartment",
            "Helen Archer",
            "Pine Ridge",
            "Lake Fenton",
        ),
    )


def _alder_house() -> DemoBusiness:
    always = (OpenSpan(time(0), time(0)),)
    floors = (
        ("Queen Room", 2, range(101, 111)),
        ("King Room", 2, range(201, 211)),
        ("Twin Room", 2, range(211, 219)),
        ("Family Suite", 5, range(301, 305)),
        ("Garden Suite", 3, range(111, 115)),
        ("Loft Apartment", 6, range(401, 403)),
    )
    return DemoBusiness(
        tenant_id=ALDER_HOUSE_TENANT_ID,
        agent_id=ALDER_HOUSE_AGENT_ID,
        spec=TenantSpec(
            slug="alder-house",
            name="Alder House",
            kind=BusinessKind.HOTEL,
            timezone="America/New_York",
            region="US",
            locale="en-US",
            phone="+18025550120",
            address="5 Mill Road, Alder Falls, Vermont",
            hours=OpeningHours(weekly=(always,) * 7),
            rules=BookingRules(
                bookable=Bookable.ROOM,
                largest_party=6,
                lead_time=timedelta(0),
                horizon=timedelta(days=365),
                check_in=time(15),
                check_out=time(11),
                longest_stay_nights=14,
            ),
        ),
        agent_kind=AgentKind.RECEPTIONIST,
        settings=_alder_house_agent(),
        resources=tuple(
            ResourceSpec(Bookable.ROOM, f"Room {number}", place, sleeps)
            for place, sleeps, numbers in floors
            for number in numbers
        ),
        documents=(
            DocumentSpec("rooms.md", "Rooms and rates", DocumentKind.PRICE_LIST),
            DocumentSpec("policies.md", "House policies", DocumentKind.POLICY),
            DocumentSpec("services.md", "Services and facilities", DocumentKind.GENERAL),
        ),
        blurb="A riverside hotel of 38 rooms in Alder Falls, Vermont. Clara books rooms and knows the house rules.",
        sample_questions=(
            "Do you have a King Room for two nights from Friday?",
            "When is breakfast on the weekend?",
            "Can I bring my dog?",
            "How much is parking?",
            "What is your cancellation policy?",
        ),
    )


_LISTINGS = {
    "14 Willow Lane": "Dana Brooks",
    "8 Orchard Court": "Marcus Reed",
    "52 Cedar Street": "Dana Brooks",
    "31 Maple Drive": "Marcus Reed",
    "120 Station Road": "Marcus Reed",
    "7 Lakeview Terrace": "Dana Brooks",
    "66 Elm Street": "Marcus Reed",
    "19 Market Square": "Marcus Reed",
    "43 Birch Road": "Marcus Reed",
    "5 Meadow Way": "Marcus Reed",
}
"""Listing, and the person who shows it."""


def _northgate_homes_agent() -> AgentSettings:
    return AgentSettings(
        greeting="Thank you for calling Northgate Homes. This is Avery, the virtual assistant. How can I help you?",
        persona_name="Avery",
        handoff_phone="+12175550162",
        vocabulary=("Northgate Homes", "Fairlake", "Dana Brooks", "Marcus Reed", "Southfield", *_LISTINGS),
    )


def _northgate_homes(holidays: _Closed) -> DemoBusiness:
    weekday, saturday = (OpenSpan(time(9), time(18)),), (OpenSpan(time(10), time(16)),)
    return DemoBusiness(
        tenant_id=NORTHGATE_HOMES_TENANT_ID,
        agent_id=NORTHGATE_HOMES_AGENT_ID,
        spec=TenantSpec(
            slug="northgate-homes",
            name="Northgate Homes",
            kind=BusinessKind.REAL_ESTATE,
            timezone="America/Chicago",
            region="US",
            locale="en-US",
            phone="+12175550160",
            address="210 Chestnut Avenue, Fairlake, Illinois",
            hours=OpeningHours(weekly=(*((weekday,) * 5), saturday, ()), exceptions=holidays),
            rules=BookingRules(
                bookable=Bookable.VIEWING,
                slot_minutes=30,
                turn_times=((6, timedelta(minutes=45)),),
                largest_party=6,
                lead_time=timedelta(hours=2),
                horizon=timedelta(days=60),
                last_seating_before_close=timedelta(minutes=45),
            ),
        ),
        agent_kind=AgentKind.REAL_ESTATE,
        settings=_northgate_homes_agent(),
        resources=tuple(
            ResourceSpec(Bookable.VIEWING, listing, listing, 6, {"staff": person})
            for listing, person in _LISTINGS.items()
        ),
        documents=(
            DocumentSpec("listings-for-sale.md", "Homes for sale", DocumentKind.LISTING),
            DocumentSpec("listings-for-rent.md", "Homes for rent", DocumentKind.LISTING),
            DocumentSpec("faq.md", "Questions and answers", DocumentKind.FAQ),
        ),
        blurb="An estate agency in Fairlake, Illinois, with ten homes to buy or rent. Avery arranges viewings.",
        sample_questions=(
            "I'd like to see 14 Willow Lane on Saturday morning.",
            "How much is the condo on Orchard Court?",
            "Which rentals allow dogs?",
            "What do I need to apply for a rental?",
            "What do you charge sellers?",
        ),
    )
