"""A stored business in the form of scenario files."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import TypeAdapter

from reception.domains.reservations.resources import Resource
from reception.ports.business import Agent, AgentSettings, BookingRules, Business, OpeningHours, OpenSpan, ResourceKind
from reception.ports.definition import AgentDefinition
from reception.ports.rules import EVERY_DAY
from reception.runtime.evaluation.moments import WEEKDAYS

_DEFINITION: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)
_SECONDS_PER = (("d", 86_400), ("h", 3600), ("m", 60))


def business_mapping(
    business: Business, resources: Sequence[Resource], agent: Agent, documents: Mapping[str, str]
) -> dict[str, Any]:
    """The business with one agent, as it stands under `business` in a scenario."""
    mapping: dict[str, Any] = {
        "name": business.name,
        "kind": business.kind.value,
        "timezone": business.timezone,
        "region": business.region,
        "locale": business.locale,
        "phone": business.phone,
        "address": business.address,
        "hours": _hours(business.hours),
        "rules": _changed(business.rules, BookingRules()),
        "resources": [_resource(each) for each in resources if _is_own(each, resources)],
        "agent": _agent(agent),
    }
    if business.hours.exceptions:
        mapping["exceptions"] = {day.isoformat(): _spans(spans) for day, spans in business.hours.exceptions}
    if business.hours.closures:
        mapping["closures"] = [
            {"from": each.first.isoformat(), "until": each.last.isoformat(), "reason": each.reason}
            for each in business.hours.closures
        ]
    if business.hours.holidays is not None:
        mapping["public_holidays"] = _plain(business.hours.holidays)
    if documents:
        mapping["documents"] = [{"title": title, "text": text} for title, text in documents.items()]
    return {name: value for name, value in mapping.items() if value not in ("", [], {})}


def _is_own(resource: Resource, resources: Sequence[Resource]) -> bool:
    """Not somebody who is there only because a listing names them; they come with it."""
    if resource.kind is not ResourceKind.STAFF or resource.hours.weekly or resource.attributes:
        return True
    return not any(each.attributes.get("staff") == resource.name for each in resources)


def _resource(resource: Resource) -> dict[str, Any]:
    mapping: dict[str, Any] = {"kind": resource.kind.value, "name": resource.name, "capacity": resource.capacity}
    if resource.place:
        mapping["place"] = resource.place
    if resource.smallest_party > 1:
        mapping["smallest_party"] = resource.smallest_party
    if resource.joins:
        mapping["joins"] = list(resource.joins)
    if resource.hours.weekly:
        mapping["hours"] = _hours(OpeningHours(resource.hours.weekly))
    if resource.hours.absences:
        mapping["away"] = [
            {"first": each.first.isoformat(), "last": each.last.isoformat()} for each in resource.hours.absences
        ]
    if resource.attributes:
        mapping["attributes"] = dict(resource.attributes)
    return mapping


def _agent(agent: Agent) -> dict[str, Any]:
    mapping = {"name": agent.name, "kind": agent.kind.value, **_changed(agent.settings, AgentSettings())}
    definition = _DEFINITION.dump_python(agent.definition, mode="json", exclude_defaults=True)
    return {**mapping, "definition": definition} if definition else mapping


def _changed(value: Any, default: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not those of `default`."""
    names = [each.name for each in fields(value)]
    return {name: _plain(getattr(value, name)) for name in names if getattr(value, name) != getattr(default, name)}


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case timedelta():
            return length_text(value)
        case time():
            return value.strftime("%H:%M")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple():
            return [_plain(item) for item in value]
        case _ if hasattr(value, "__dataclass_fields__"):
            plain = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
            return {name: item for name, item in plain.items() if item not in (None, "", [], list(EVERY_DAY))}
    return value


def length_text(length: timedelta) -> str:
    """A length of time as scenario files take it: `90m`, `2h`, `30d`."""
    seconds = int(length.total_seconds())
    for unit, size in _SECONDS_PER:
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s" if seconds else "0"


def _hours(hours: OpeningHours) -> dict[str, str]:
    return {name: _spans(spans) for name, spans in zip(WEEKDAYS, hours.weekly, strict=True) if spans} or {
        WEEKDAYS[0]: "closed"
    }


def _spans(spans: Sequence[OpenSpan]) -> str:
    return " and ".join(f"{span.opens:%H:%M}-{span.closes:%H:%M}" for span in spans) or "closed"
