"""Businesses in scenario files: a whole tenant as a mapping, the name of a demo business, or a file of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from reception.core.errors import Unprocessable
from reception.domains.agents.rules import check_definition
from reception.domains.tenants.service import TenantSpec
from reception.ports.business import (
    AgentKind,
    AgentSettings,
    Bookable,
    BookingRules,
    BusinessKind,
    OpeningHours,
)
from reception.ports.definition import AgentDefinition
from reception.ports.knowledge import DocumentKind
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.demo.seed import document_text
from reception.runtime.evaluation.document import Node, read_documents
from reception.runtime.evaluation.hours import exceptions_of, hours_of
from reception.runtime.evaluation.reading import (
    Fields,
    Report,
    Wrong,
    choice_of,
    items,
    not_one_of,
    plain_of,
    raised,
    record_of,
    text_of,
)
from reception.runtime.evaluation.resources_file import resources_of
from reception.runtime.evaluation.scenario import AgentSetUp, BusinessSetUp, DocumentSetUp, ResourceSetUp

_FIELDS = (
    "like", "name", "kind", "slug", "timezone", "region", "locale", "phone", "address", "hours", "exceptions", "rules",
    "tables", "rooms", "listings", "resources", "agent", "agents", "documents", "reservations", "leads", "waitlist",
)  # fmt: skip
_ALIASES = {
    "type": "kind", "zone": "timezone", "time_zone": "timezone", "country": "region", "opening_hours": "hours",
    "holidays": "exceptions", "closed": "exceptions", "booking_rules": "rules", "properties": "listings",
    "room_types": "rooms", "knowledge": "documents", "base": "like", "extends": "like", "language": "locale",
}  # fmt: skip
_RULE_ALIASES = {
    "slots": "slot_minutes", "slot": "slot_minutes", "max_party": "largest_party", "largest_group": "largest_party",
    "notice": "lead_time", "last_seating": "last_seating_before_close", "longest_stay": "longest_stay_nights",
    "max_nights": "longest_stay_nights", "checkin": "check_in", "checkout": "check_out", "hold_time": "hold",
    "booking_window": "horizon", "days_ahead": "horizon", "lengths": "turn_times", "turn_time": "turn_times",
    "kind": "bookable", "books": "bookable",
}  # fmt: skip
_AGENT_ALIASES = {
    "persona": "persona_name", "handoff": "handoff_phone", "transfer_to": "handoff_phone", "words": "vocabulary",
}  # fmt: skip
_BOOKABLE = {BusinessKind.HOTEL: Bookable.ROOM, BusinessKind.REAL_ESTATE: Bookable.VIEWING}
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
                    ResourceSetUp(each.kind, each.name, each.place, each.capacity, each.attributes)
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
    resources: list[ResourceSetUp] = []
    for name in ("resources", "tables", "rooms", "listings"):
        read = partial(resources_of, section=name, default=spec.rules.bookable)
        resources += found.take(name, read, ())
    agents = [
        *found.take("agent", lambda inner: (_agent(inner, spec, place.today),), ()),
        *found.take("agents", lambda inner: [_agent(each, spec, place.today) for each in items(inner)], ()),
    ]
    documents = found.take("documents", lambda inner: _documents(inner, place.folder), ())
    default = AgentSetUp(spec.name, _agent_kind(kind), AgentSettings())
    business = BusinessSetUp(
        spec=spec,
        resources=tuple(resources) or (like.resources if like else ()),
        agents=tuple(agents) or (like.agents if like else (default,)),
        documents=documents or (like.documents if like else ()),
    )
    return Read(business, found.node_of("reservations"), found.node_of("leads"), found.node_of("waitlist"))


def _kind_by_contents(found: Fields) -> str:
    if "rooms" in found:
        return BusinessKind.HOTEL.value
    if "listings" in found:
        return BusinessKind.REAL_ESTATE.value
    return BusinessKind.RESTAURANT.value if "tables" in found else BusinessKind.OTHER.value


def _spec(found: Fields, like: TenantSpec | None, kind: BusinessKind, place: Place) -> TenantSpec:
    base = like or TenantSpec(
        slug="",
        name="",
        kind=kind,
        timezone="America/New_York",
        region="",
        locale="en-US",
        phone="+12125550100",
        address="1 Example Street",
        hours=_default_hours(kind),
        rules=BookingRules(bookable=_BOOKABLE.get(kind, Bookable.TABLE)),
    )
    name = found.take("name", text_of, base.name) if like else found.need("name", text_of, "Business")
    zone = found.take("timezone", _zone, base.timezone)
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
        hours=replace(hours, exceptions=exceptions),
        rules=found.take("rules", lambda inner: _rules(inner, base.rules, place.today), base.rules),
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


def _rules(node: Node, base: BookingRules, today: date) -> BookingRules:
    """Every field of `BookingRules`; lengths of time with their unit."""
    if isinstance(node.content, dict):
        content = {
            key: Node(re.sub(r"\s*(m|min|minutes|nights?)$", "", value.content), value.line, value.field)
            if isinstance(value.content, str) and _RULE_ALIASES.get(key, key) in ("slot_minutes", "longest_stay_nights")
            else value
            for key, value in node.content.items()
        }
        node = Node(content, node.line, node.field)
    return record_of(BookingRules, node, today, base=base, aliases=_RULE_ALIASES)


def _agent_kind(kind: BusinessKind) -> AgentKind:
    return AgentKind.REAL_ESTATE if kind is BusinessKind.REAL_ESTATE else AgentKind.RECEPTIONIST


def _agent(node: Node, spec: TenantSpec, today: date) -> AgentSetUp:
    """An agent's name, kind and settings; the settings in place or under `settings`."""
    settings = tuple(each.name for each in fields(AgentSettings))
    found = Fields(node, "an agent", ("name", "kind", "settings", "definition", *settings), raised, _AGENT_ALIASES)
    given: dict[str, Any] = {name: found.node_of(name) for name in settings if name in found}
    inner = found.node_of("settings")
    if inner is not None and isinstance(inner.content, dict):
        given = {**inner.content, **given}
    kinds = [kind.value for kind in AgentKind]
    default = _agent_kind(spec.kind).value
    kind = AgentKind(found.take("kind", lambda value: choice_of(value, kinds, "kind of agent"), default))
    definition = found.take("definition", partial(_definition, kind=kind), AgentDefinition())
    return AgentSetUp(
        name=found.take("name", text_of, spec.name),
        kind=kind,
        settings=record_of(AgentSettings, Node(given, node.line, node.field), today, aliases=_AGENT_ALIASES),
        definition=definition,
    )


_DEFINITION: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)


def _definition(node: Node, kind: AgentKind) -> AgentDefinition:
    """An agent's prompt, intents, flows, tools and transfer targets, as the API takes them."""
    try:
        definition = _DEFINITION.validate_python(plain_of(node))
        check_definition(definition, kind)
    except ValidationError as error:
        first = error.errors()[0]
        raise Wrong(_inner(node, first["loc"]), f"{first['msg']}{_at(first['loc'])}") from None
    except Unprocessable as error:
        path = error.problems[0].pointer.removeprefix("/definition").strip("/").split("/")
        raise Wrong(_inner(node, path), error.problems[0].detail + _at(path)) from None
    return definition


def _at(path: Sequence[str | int]) -> str:
    return f" (at {'.'.join(map(str, path))})" if path else ""


def _inner(node: Node, path: Sequence[str | int]) -> Node:
    """The node at `path`, or the nearest above it that is there."""
    for step in path:
        if isinstance(node.content, dict) and str(step) in node.content:
            node = node.content[str(step)]
        elif isinstance(node.content, list) and str(step).isdigit() and int(step) < len(node.content):
            node = node.content[int(step)]
    return node


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
