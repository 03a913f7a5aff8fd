"""Whether what the agent did and said that it did is in the database: checked of every scenario."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reception.ports.dialogue import Act
from reception.runtime.evaluation.results import Exchange, Failure
from reception.runtime.evaluation.rows import Row, Snapshot

_CREATED, _UPDATED, _CANCELLED = "reservation.created", "reservation.updated", "reservation.cancelled"
_KEPT = (_CREATED, _UPDATED)
_DEEDS = (*_KEPT, _CANCELLED)
_TOLD = {_CREATED: "booked", _UPDATED: "changed", _CANCELLED: "cancelled"}
_SUBJECT = (
    r"(?:that|it|everything|(?:your|the) (?:[\w-]+ ){0,3}?"
    r"(?:booking|reservation|table|room|stay|viewing|appointment|visit)\b.{0,80}?)"
)
_IS = r"(?:['’]s| is| has been| have been|['’]s been)(?: now| all| just)*"
_CLAIMS = (
    (
        re.compile(
            rf"\byou(?:['’]re| are|['’]ve been| have been)(?: now| all)* (?:booked|confirmed)\b"
            rf"|\byour(?: [\w-]+){{1,3}}?{_IS} booked\b"
            r"|\b(?:i|we)(?:['’]ve| have)(?: now| just)? booked\b",
            re.IGNORECASE,
        ),
        _KEPT,
    ),
    (
        re.compile(
            rf"\b{_SUBJECT}{_IS} cancell?ed\b|\b(?:i|we)(?:['’]ve| have)(?: now| just)? cancell?ed\b", re.IGNORECASE
        ),
        (_CANCELLED,),
    ),
    (
        re.compile(
            rf"\b{_SUBJECT}{_IS} (?:changed|moved|rescheduled|updated)\b"
            r"|\b(?:i|we)(?:['’]ve| have)(?: now| just)? (?:changed|moved|rescheduled|updated)\b"
            r"|\bnoted that on your booking\b",
            re.IGNORECASE,
        ),
        (_UPDATED,),
    ),
)
"""What says that a deed is done, and which deeds it may be."""
_OPEN = re.compile(r"\b(?:if|when|whenever|unless|until|once|should|nothing|not|before|after|whether)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])(?<![ap]\.m\.)\s+")


def grade_truth(exchanges: Sequence[Exchange], before: Snapshot, after: Snapshot) -> list[Failure]:
    """What the agent did by its own account, or said that it did, and the database does not hold."""
    details = [*_undone(exchanges, before, after), *_unfounded(exchanges, before)]
    return [Failure("truth", detail) for detail in details]


def _undone(exchanges: Sequence[Exchange], before: Snapshot, after: Snapshot) -> list[str]:
    """Each action needs a row of its own, by its reference, that is as the last action on it says."""
    old = {row.get("reference"): row for row in before.of("reservations")}
    rows = {row.get("reference"): row for row in after.of("reservations")}
    acts = [act for one in exchanges for act in one.acts if act.name in _DEEDS]
    made = [act.data.get("reference") for act in acts if act.name == _CREATED]
    last = {act.data.get("reference"): act for act in acts}
    failures = [
        f"said to be booked twice as one booking: {name}" for name in dict.fromkeys(made) if made.count(name) > 1
    ]
    failures += [f"said to be booked, and was there before: {name}" for name in made if name in old]
    for reference, act in last.items():
        row = rows.get(reference) if reference else None
        told = _TOLD[act.name]
        if row is None:
            failures.append(f"{told}, and is not in the database: {reference or 'a booking without a reference'}")
            continue
        failures += [f"{told}, and is not so in the database: {wrong}" for wrong in _differences(act, row)]
        is_only = sum(one.data.get("reference") == reference for one in acts) == 1
        if is_only and _same(old.get(reference), row):
            failures.append(f"{told}, and is as it was in the database: {reference}")
    return failures


def _differences(act: Act, row: Row) -> list[str]:
    data: Mapping[str, Any] = act.data
    status = "cancelled" if act.name == _CANCELLED else "confirmed"
    found = [] if row.get("status") == status else [f"{data['reference']} has status {row.get('status')}, not {status}"]
    if act.name == _CANCELLED:
        return found
    starts = datetime.fromisoformat(data["starts_at"]) if data.get("starts_at") else None
    if starts is not None and starts.replace(tzinfo=None) != row.get("at"):
        found.append(f"{data['reference']} is at {row.get('at')}, not {starts:%Y-%m-%d %H:%M}")
    names = {"party_size": "party", "name": "name", "phone": "phone", "place": "place"}
    found += [
        f"{data['reference']} has {name} {row.get(name)}, not {data[key]}"
        for key, name in names.items()
        if key in data and data[key] != row.get(name)
    ]
    return found


def _same(old: Row | None, row: Row) -> bool:
    return old is not None and {**old, "updated_at": None} == {**row, "updated_at": None}


def _unfounded(exchanges: Sequence[Exchange], before: Snapshot) -> list[str]:
    """Each reply that says that something is done needs such a deed: of that reply, or if it has none, of before."""
    failures: list[str] = []
    done: list[str] = []
    for one in exchanges:
        here = [act.name for act in one.acts if act.name in _DEEDS]
        done += here
        for sentence in _SENTENCE.split(one.reply):
            if _OPEN.search(sentence) or sentence.endswith("?"):
                continue
            for pattern, deeds in _CLAIMS:
                if not pattern.search(sentence) or set(deeds) & set(here or done):
                    continue
                if deeds == _KEPT and not here and _tells_of_old(one.reply, before):
                    continue
                failures.append(f"said to be {_TOLD[deeds[0]]}, and nothing was: {one.reply}")
    return failures


def _tells_of_old(reply: str, before: Snapshot) -> bool:
    """Whether `reply` names a booking that stood before the call: by its reference, or its guest."""
    standing = [row for row in before.of("reservations") if row.get("status") == "confirmed"]
    names = [str(row.get(name) or "") for row in standing for name in ("reference", "name")]
    return any(name and name.casefold() in reply.casefold() for name in names)
