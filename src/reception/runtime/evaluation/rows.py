"""What a scenario calls the tables and columns of a tenant, and a tenant's rows in those terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from reception.db.database import Database
from reception.db.snapshot import tenant_rows, tenant_tables
from reception.domains.leads.models import LeadRow
from reception.domains.reservations.models import ReservationRow
from reception.ports.business import ResourceKind

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """`fields` maps the names that a scenario may use to how their values are compared; `aliases` other names.

    `standing` are the statuses of rows that count as being there, all when empty; rows of `ignored` are no news.
    `kinds` narrows leads.
    """

    table: str
    fields: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    standing: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    default_status: str = ""


_RESERVATION_FIELDS = {
    "status": "text", "name": "text", "phone": "phone", "email": "text", "notes": "part", "party": "number",
    "date": "day", "time": "time", "at": "moment", "ends": "time", "ends_at": "moment", "departure": "day",
    "nights": "number", "minutes": "number", "place": "text", "service": "text", "price": "number", "resource": "each",
    "resources": "number",    "staff": "each", "reference": "text", "special_requests": "part",
}  # fmt: skip
_RESERVATION_ALIASES = {
    "party_size": "party", "guests": "party", "people": "party", "guest_name": "name", "guest_phone": "phone",
    "guest_email": "email", "room_type": "place", "listing": "place", "property": "place",
    "table": "resource", "room": "place", "arrival": "date", "check_in": "date", "day": "date",
    "check_out": "departure", "starts_at": "at", "starts": "at", "note": "notes", "with": "staff",
    "duration_minutes": "minutes",
}  # fmt: skip
_WAITING_FIELDS = {
    "status": "text", "name": "text", "phone": "phone", "email": "text", "notes": "part", "party": "number",
    "date": "day", "time": "time", "at": "moment", "earliest": "time", "latest": "time", "nights": "number",
    "place": "text", "special_requests": "part",
}  # fmt: skip
_LEAD_FIELDS = {
    "kind": "text", "name": "text", "phone": "phone", "email": "text", "summary": "part", "details": "details",
}  # fmt: skip
_LEAD_ALIASES = {"text": "summary", "message": "summary", "note": "summary", "notes": "summary", "about": "summary"}


def _columns(model: Any, known: Mapping[str, str]) -> dict[str, str]:
    """The table's own columns besides what is known by other names."""
    names = [column.name for column in model.__table__.columns]
    return {name: "value" for name in names if name not in known and name != "id" and not name.endswith("_id")}


_LEADS = {**_LEAD_FIELDS, **_columns(LeadRow, {**_LEAD_FIELDS, **_LEAD_ALIASES})}
VIEWS: Mapping[str, View] = {
    "reservations": View(
        "reservations",
        {**_RESERVATION_FIELDS, **_columns(ReservationRow, {**_RESERVATION_FIELDS, **_RESERVATION_ALIASES})},
        _RESERVATION_ALIASES,
        standing=("confirmed",),
        ignored=("expired", "held"),
        default_status="confirmed",
    ),
    "holds": View("reservations", _RESERVATION_FIELDS, _RESERVATION_ALIASES, ("held",), default_status="held"),
    "leads": View("leads", _LEADS, _LEAD_ALIASES),
    "waitlist": View(
        "waitlist",
        _WAITING_FIELDS,
        _RESERVATION_ALIASES,
        ("waiting", "offered"),
        ("expired",),
        default_status="waiting",
    ),
    "messages": View("leads", _LEADS, _LEAD_ALIASES, kinds=("message",)),
    "callbacks": View("leads", _LEADS, _LEAD_ALIASES, kinds=("callback",)),
    "handoffs": View("leads", _LEADS, _LEAD_ALIASES, kinds=("handoff",)),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tenant's rows by table, in a scenario's terms, each with its `id`."""

    tables: Mapping[str, Sequence[Row]]

    def of(self, name: str) -> Sequence[Row]:
        """The rows of a view or of a table; None of a table that there is not."""
        view = VIEWS.get(name)
        if view is None:
            return self.tables.get(name, ())
        rows = self.tables.get(view.table, ())
        if name == "holds":
            return [row for row in rows if row.get("status") == "held"]
        return [row for row in rows if not view.kinds or row.get("kind") in view.kinds]

    def has(self, name: str) -> bool:
        return name in VIEWS or name in self.tables


_ALWAYS = ("reservations", "leads", "waitlist")


async def take_snapshot(database: Database, tenant_id: UUID, zone: ZoneInfo, wanted: Sequence[str]) -> Snapshot:
    """The tenant's reservations and leads, and what else is `wanted`, as it is now."""
    tables: dict[str, list[Row]] = {}
    async with database.tenant_session(tenant_id) as session:
        there = await tenant_tables(session)
        names = {*_ALWAYS, *wanted} & set(there)
        for name in sorted(names):
            tables[name] = [_localised(row, zone) for row in await tenant_rows(session, name)]
        taken = await tenant_rows(session, "allocations")
        resources = {row["resource_no"]: row for row in await tenant_rows(session, "resources")}
    used: dict[str, list[Row]] = {}
    for one in taken:
        used.setdefault(one["reservation_id"], []).append(resources.get(one["resource_no"], {}))
    tables["reservations"] = [_reservation(row, used.get(row["id"], [])) for row in tables["reservations"]]
    tables["leads"] = [{**row, "email": (row["details"] or {}).get("email", "")} for row in tables["leads"]]
    tables["waitlist"] = [_waiting(row) for row in tables["waitlist"]]
    return Snapshot(tables)


def _localised(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """Times as local datetimes, the rest as it is."""
    return {name: _local(name, value, zone) for name, value in row.items()}


def _local(name: str, value: Any, zone: ZoneInfo) -> Any:
    if not name.endswith(("_at", "_until", "wanted", "earliest", "latest")) or not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return found.astimezone(zone) if found.tzinfo is not None else value


def _reservation(row: Mapping[str, Any], resources: Sequence[Row]) -> Row:
    starts, ends = row["starts_at"], row["ends_at"]
    staff = [(one.get("attributes") or {}).get(key) for one in resources for key in ("staff", "agent")]
    staff += [one.get("name") for one in resources if one.get("kind") == ResourceKind.STAFF]
    return {
        **row,
        "name": row["guest_name"],
        "phone": row["guest_phone"],
        "email": row["guest_email"],
        "party": row["party_size"],
        "date": starts.date(),
        "time": starts.time().replace(tzinfo=None),
        "at": starts.replace(tzinfo=None),
        "ends": ends.time().replace(tzinfo=None),
        "ends_at": ends.replace(tzinfo=None),
        "departure": ends.date(),
        "nights": (ends.date() - starts.date()).days,
        "minutes": round((ends.timestamp() - starts.timestamp()) / 60),
        "resource": [one.get("name", "") for one in resources],
        "resources": len(resources),
        "staff": [name for name in staff if name],
        "special_requests": [row["notes"], *row["requests"]],
    }


def _waiting(row: Mapping[str, Any]) -> Row:
    wanted = row["wanted"]
    return {
        **row,
        "name": row["guest_name"],
        "phone": row["guest_phone"],
        "email": row["guest_email"],
        "party": row["party_size"],
        "date": wanted.date(),
        "time": wanted.time().replace(tzinfo=None),
        "at": wanted.replace(tzinfo=None),
        "earliest": row["earliest"].time().replace(tzinfo=None),
        "latest": row["latest"].time().replace(tzinfo=None),
        "special_requests": [row["notes"], *row["requests"]],
    }
