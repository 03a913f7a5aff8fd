"""The demo businesses as data: what is stored of each on the first start, apart from its documents.

Opening hours, booking rules and resources here say the same as the documents under `documents/<slug>/`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

from reception.domains.tenants.service import TenantSpec
from reception.ports.business import (
    AgentKind,
    AgentSettings,
    Bookable,
    BookingRules,
    BusinessKind,
    Closure,
    OpeningHours,
    OpenSpan,
    PublicHolidays,
    ResourceKind,
)
from reception.ports.dialogue import Json
from reception.ports.knowledge import DocumentKind
from reception.ports.rules import RoomRate, Shift, StayRule
from reception.ports.staff import Absence, WorkingHours

HARBOR_TABLE_TENANT_ID = UUID("01990000-0000-7000-8000-000000000101")
HARBOR_TABLE_AGENT_ID = UUID("01990000-0000-7000-8000-000000000201")
ALDER_HOUSE_TENANT_ID = UUID("01990000-0000-7000-8000-000000000102")
ALDER_HOUSE_AGENT_ID = UUID("01990000-0000-7000-8000-000000000202")
NORTHGATE_HOMES_TENANT_ID = UUID("01990000-0000-7000-8000-000000000103")
NORTHGATE_HOMES_AGENT_ID = UUID("01990000-0000-7000-8000-000000000203")


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """One bookable thing; fields as in `domains.reservations.service.create_resource`."""

    kind: ResourceKind
    name: str
    place: str
    capacity: int
    attributes: Mapping[str, Json] = field(default_factory=dict)
    smallest_party: int = 1
    joins: tuple[str, ...] = ()
    hours: WorkingHours = field(default_factory=WorkingHours)


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
    """The three businesses; what they have dates for is in the year of `today` and the next."""
    years = (today.year, today.year + 1)
    return _harbor_table(years), _alder_house(years), _northgate_homes(years)


_HOLIDAYS = PublicHolidays("US", names=("New Year's Day", "Thanksgiving Day", "Christmas Day"))
_Years = tuple[int, ...]


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


_HARBOR_TABLE_SHIFTS = (
    Shift("Lunch", time(11, 30), time(13, 30), (1, 2, 3, 4)),
    Shift("Brunch", time(10, 30), time(13, 30), (5, 6)),
    Shift("Dinner", time(17), time(21), (1, 2, 3)),
    Shift("Late dinner", time(17), time(22), (4, 5)),
    Shift("Sunday dinner", time(17), time(20), (6,)),
)


def _harbor_table(years: _Years) -> DemoBusiness:
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
                closures=tuple(
                    Closure(date(year, 1, 11), date(year, 1, 13), "our yearly kitchen maintenance") for year in years
                ),
                holidays=_HOLIDAYS,
            ),
            rules=BookingRules(
                bookable=Bookable.TABLE,
                largest_party=8,
                horizon=timedelta(days=90),
                shifts=_HARBOR_TABLE_SHIFTS,
                covers_per_quarter=40,
            ),
        ),
        agent_kind=AgentKind.RECEPTIONIST,
        settings=_harbor_table_agent(),
        resources=(
            *(
                ResourceSpec(ResourceKind.TABLE, f"Table {seats}-{number}", "", seats)
                for seats, count in tables.items()
                for number in range(1, count + 1)
            ),
            *(
                ResourceSpec(ResourceKind.TABLE, f"Tables {one} and {other}", "", 7, {}, 5, (one, other))
                for one, other in (("Table 4-1", "Table 4-2"), ("Table 4-3", "Table 4-4"))
            ),
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


_ALDER_HOUSE_RATES = {
    "Queen Room": (149, 179),
    "King Room": (179, 209),
    "Twin Room": (159, 189),
    "Family Suite": (259, 299),
    "Garden Suite": (289, 339),
    "Loft Apartment": (329, 389),
}
"""Room type, and what a night costs from Sunday to Thursday, and on Friday or Saturday."""


def _alder_house(years: _Years) -> DemoBusiness:
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
                stay_rules=tuple(StayRule(date(year, 12, 30), date(year, 12, 31), minimum_nights=2) for year in years),
                rates=tuple(
                    rate
                    for place, (weekday, weekend) in _ALDER_HOUSE_RATES.items()
                    for rate in (RoomRate(place, Decimal(weekend), (4, 5)), RoomRate(place, Decimal(weekday)))
                ),
            ),
        ),
        agent_kind=AgentKind.RECEPTIONIST,
        settings=_alder_house_agent(),
        resources=tuple(
            ResourceSpec(ResourceKind.ROOM, f"Room {number}", place, sleeps)
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


def _away(begins: Iterable[date], *, days: int) -> WorkingHours:
    """At work whenever the office is open, but for a holiday of so many days."""
    return WorkingHours(
        absences=tuple(Absence(first, first + timedelta(days=days - 1), reason="on holiday") for first in begins)
    )


def _northgate_homes(years: _Years) -> DemoBusiness:
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
            hours=OpeningHours(weekly=(*((weekday,) * 5), saturday, ()), holidays=_HOLIDAYS),
            rules=BookingRules(
                bookable=Bookable.VIEWING,
                slot_minutes=30,
                turn_times=((6, timedelta(minutes=45)),),
                largest_party=6,
                lead_time=timedelta(hours=2),
                horizon=timedelta(days=60),
                last_seating_before_close=timedelta(minutes=45),
                travel=timedelta(minutes=15),
            ),
        ),
        agent_kind=AgentKind.REAL_ESTATE,
        settings=_northgate_homes_agent(),
        resources=(
            ResourceSpec(ResourceKind.STAFF, "Dana Brooks", "", 1, hours=_away((date(y, 8, 3) for y in years), days=5)),
            ResourceSpec(ResourceKind.STAFF, "Marcus Reed", "", 1, hours=_away((date(y, 7, 6) for y in years), days=5)),
            *(
                ResourceSpec(ResourceKind.VIEWING, listing, listing, 6, {"staff": person})
                for listing, person in _LISTINGS.items()
            ),
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
