"""Businesses in scenario files: a whole tenant as a mapping, the name of a demo business, or a file of its own."""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path
from zoneinfo import available_timezones

from reception.domains.tenants.service import TenantSpec
from reception.ports.business import (
    AgentSettings,
    BusinessKind,
    OpeningHours,
    ResourceKind,
)
from reception.ports.knowledge import DocumentKind
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.demo.seed import document_text
from reception.runtime.evaluation.agent_file import agent_kind, agent_of
from reception.runtime.evaluation.document import Node, read_documents
from reception.runtime.evaluation.hours import closures_of, exceptions_of, hours_of, public_holidays_of
from reception.runtime.evaluation.reading import (
    Fields,
    Report,
    Wrong,
    choice_of,
    items,
    not_one_of,
    raised,
    text_of,
)
from reception.runtime.evaluation.resources_file import (
    SECTIONS,
    Sought,
    joinings_of,
    resources_of,
)
from reception.runtime.evaluation.rules_file import default_rules, rules_with_prices
from reception.runtime.evaluation.scenario import AgentSetUp, BusinessSetUp, DocumentSetUp, ResourceSetUp

_FIELDS = (
    "like", "name", "kind", "slug", "timezone", "region", "locale", "phone", "address", "hours", "exceptions",
    "closures", "public_holidays", "rules", "currency", "services", "tables", "joinings", "rooms", "listings", "staff",
    "resources", "agent", "agents", "documents", "reservations", "leads", "waitlist",
)  # fmt: skip
_ALIASES = {
    "type": "kind", "zone": "timezone", "time_zone": "timezone", "country": "region", "opening_hours": "hours",
    "holidays": "exceptions", "closed": "exceptions", "booking_rules": "rules", "properties": "listings",
    "room_types": "rooms", "joinable": "joinings", "team": "staff", "people": "staff",
    "knowledge": "documents", "base": "like", "extends": "like", "language": "locale",
}  # fmt: skip
_LONGEST_DOCUMENT = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a business is written: `folder` is what relative paths start from, `today` what its days are seen from."""

    folder: Path
    today: date
    report: Report


@dataclass(frozen=True, slots=True)
class Read:
    """A business, and the nodes of what exists in it, to be read once its zone is known."""

    business: BusinessSetUp
    reservations: Node | None = None
    leads: Node | None = None
    waitlist: Node | None = None


def demo_names() -> tuple[str, ...]:
    return tuple(demo.spec.slug for demo in demo_businesses(date(2027, 1, 1)))


def business_of(node: Node, place: Place) -> Read:
    """The business that `node` describes or names."""
    if not isinstance(node.content, str):
        return _described(node, place)
    name = node.content.strip()
    if name.endswith((".yaml", ".yml")):
        documents = read_documents(place.folder / name)
        if len(documents) != 1:
            raise Wrong(node, f"{name} must hold one business")
        return _described(documents[0], replace(place, folder=(place.folder / name).parent))
    return Read(_demo(name, node, place.today))


def _demo(name: str, node: Node, today: date) -> BusinessSetUp:
    for demo in demo_businesses(today):
        if demo.spec.slug == name.lower().replace(" ", "-"):
            return BusinessSetUp(
                spec=demo.spec,
                resources=tuple(
                    ResourceSetUp(
                        each.kind,
                        each.name,
                        each.place,
                        each.capacity,
                        each.attributes,
                        each.smallest_party,
                        each.joins,
                        each.hours,
                    )
                    for each in demo.resources
                ),
                agents=(AgentSetUp(demo.spec.name, demo.agent_kind, demo.settings),),
                documents=tuple(
                    DocumentSetUp(each.title, document_text(demo.spec.slug, each), each.kind) for each in demo.documents
                ),
            )
    raise Wrong(
        node,
        not_one_of(name, "demo business", demo_names()) + "; or give a .yaml file, or a mapping with the business",
    )


def _described(node: Node, place: Place) -> Read:
    found = Fields(node, "a business", _FIELDS, place.report, _ALIASES)
    like = found.take("like", lambda inner: business_of(inner, place).business, None)
    kind = BusinessKind(
        found.take("kind", lambda inner: choice_of(inner, [kind.value for kind in BusinessKind], "kind"), "")
        or (like.spec.kind.value if like else _kind_by_contents(found))
    )
    spec = _spec(found, like.spec if like else None, kind, place)
    resources = _resources(found, spec, place)
    agents = [
        *found.take("agent", lambda inner: (agent_of(inner, spec, place.today),), ()),
        *found.take("agents", lambda inner: [agent_of(each, spec, place.today) for each in items(inner)], ()),
    ]
    documents = found.take("documents", lambda inner: _documents(inner, place.folder), ())
    default = AgentSetUp(spec.name, agent_kind(kind), AgentSettings())
    business = BusinessSetUp(
        spec=spec,
        resources=tuple(resources) or (like.resources if like else ()),
        agents=tuple(agents) or (like.agents if like else (default,)),
        documents=documents or (like.documents if like else ()),
    )
    return Read(business, found.node_of("reservations"), found.node_of("leads"), found.node_of("waitlist"))


def _resources(found: Fields, spec: TenantSpec, place: Place) -> list[ResourceSetUp]:
    resources: list[ResourceSetUp] = []
    for section in SECTIONS:
        sought = Sought(section, ResourceKind.of(spec.rules.bookable), place.today)
        resources += found.take(section, partial(resources_of, sought=sought), ())
    return [*resources, *found.take("joinings", partial(joinings_of, tables=resources), ())]


def _kind_by_contents(found: Fields) -> str:
    if "rooms" in found:
        return BusinessKind.HOTEL.value
    if "listings" in found:
        return BusinessKind.REAL_ESTATE.value
    return BusinessKind.RESTAURANT.value if "tables" in found else BusinessKind.OTHER.value


def _spec(found: Fields, like: TenantSpec | None, kind: BusinessKind, place: Place) -> TenantSpec:
    zone = found.take("timezone", _zone, like.timezone if like else "America/New_York")
    base = like or TenantSpec(
        slug="",
        name="",
        kind=kind,
        timezone=zone,
        region="",
        locale="en-US",
        phone="+12125550100",
        address="1 Example Street",
        hours=_default_hours(kind),
        rules=default_rules(found, kind, region_of(zone)),
    )
    name = found.take("name", text_of, base.name) if like else found.need("name", text_of, "Business")
    hours = found.take("hours", lambda inner: hours_of(inner, place.today), base.hours)
    exceptions = found.take("exceptions", lambda inner: exceptions_of(inner, place.today), hours.exceptions)
    return TenantSpec(
        slug=found.take("slug", text_of, base.slug) or _slug(name),
        name=name,
        kind=kind,
        timezone=zone,
        region=found.take("region", _region, base.region if zone == base.timezone and base.region else region_of(zone)),
        locale=found.take("locale", text_of, base.locale),
        phone=found.take("phone", text_of, base.phone),
        address=found.take("address", text_of, base.address),
        hours=replace(
            hours,
            exceptions=exceptions,
            closures=found.take("closures", partial(closures_of, today=place.today), hours.closures),
            holidays=found.take("public_holidays", public_holidays_of, hours.holidays),
        ),
        rules=rules_with_prices(found, base.rules, place.today),
    )


def _default_hours(kind: BusinessKind) -> OpeningHours:
    text = "always" if kind is BusinessKind.HOTEL else "daily 9:00-17:00"
    return hours_of(Node(text, 0, "hours"), date(2027, 1, 1))


def _zone(node: Node) -> str:
    name = text_of(node).strip()
    if name not in available_timezones():
        raise Wrong(node, not_one_of(name, "time zone", ("Europe/London", "America/New_York", "Europe/Berlin")) + ", …")
    return name


def _region(node: Node) -> str:
    code = text_of(node).strip().upper()
    code = {"UK": "GB", "USA": "US"}.get(code, code)
    if not re.fullmatch("[A-Z]{2}", code):
        raise Wrong(node, f'"{node.content}" is no country code; write two letters such as US or GB')
    return code


def region_of(zone: str) -> str:
    """The country whose time zone this is, by the zone database; US where it is nobody's."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        columns = line.split("\t")
        if len(columns) > 2 and columns[2] == zone:
            return columns[0]
    return "US"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "business"


def _documents(node: Node, folder: Path) -> tuple[DocumentSetUp, ...]:
    """A mapping of titles to texts, or a list of `{title, text}` and `{title, file}`."""
    if isinstance(node.content, dict) and not {"text", "file"} & set(node.content):
        return tuple(DocumentSetUp(title, text_of(text)) for title, text in node.content.items())
    return tuple(_document(item, folder) for item in items(node))


def _document(node: Node, folder: Path) -> DocumentSetUp:
    if isinstance(node.content, str):
        return DocumentSetUp("About us", node.content)
    found = Fields(node, "a document", ("title", "text", "file", "kind"), raised, {"name": "title", "content": "text"})
    text = found.take("text", text_of, "")
    file = found.node_of("file")
    if file is not None:
        path = folder / text_of(file)
        try:
            text = path.read_text(encoding="utf-8")[:_LONGEST_DOCUMENT]
        except (OSError, UnicodeDecodeError):
            raise Wrong(file, f"{path} cannot be read as text") from None
    if not text.strip():
        raise Wrong(node, 'needs a "text", or a "file" with one')
    title = found.take("title", text_of, Path(text_of(file)).stem if file is not None else "About us")
    kinds = [kind.value for kind in DocumentKind]
    kind = found.take("kind", lambda inner: choice_of(inner, kinds, "kind of document"), DocumentKind.GENERAL.value)
    return DocumentSetUp(title, text, DocumentKind(kind))
