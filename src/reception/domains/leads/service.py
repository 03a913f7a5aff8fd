"""Leads: messages, callbacks, large parties, whatever a person must take up; from the first word to won or lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, text, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, bounded_json
from reception.db.violations import is_violation
from reception.domains.leads.models import LeadRow
from reception.ports.dialogue import Json
from reception.ports.tools import CreateLead

_LONGEST_SUMMARY = 2000
_LONGEST_DETAILS = 20_000
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 5107))")
"""Calls about one caller's lead of one kind take turns, so that two of them do not both find none."""


class Stage(StrEnum):
    """How far a lead has come. It is open until it is won or lost."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    WON = "won"
    LOST = "lost"


OPEN = (Stage.NEW, Stage.CONTACTED, Stage.QUALIFIED)
WAITLIST_OFFER = "waitlist_offer"
"""Somebody who waited is to be rung up in time: something is kept for them."""
MESSAGES = ("message", "callback", WAITLIST_OFFER)
"""The kinds of lead that are messages for somebody of the business."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A stored lead. `conversation_id` is the conversation behind it, the latest where there were several; `recipient`
    whom it is for, `assignee` who takes care of it; `times` in how many conversations the caller came with it;
    `read_at` is None until a person has read what was added last. Times are aware UTC."""

    lead_id: UUID
    conversation_id: UUID | None
    kind: str
    name: str
    phone: str
    summary: str
    details: Mapping[str, Json]
    created_at: datetime
    stage: Stage = Stage.NEW
    recipient: str = ""
    assignee: str = ""
    notes: str = ""
    times: int = 1
    updated_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads to list: empty fields do not narrow. `read`: whether a person has read them."""

    kind: str = ""
    stages: tuple[Stage, ...] = ()
    recipient: str = ""
    assignee: str = ""
    phone: str = ""
    conversation_id: UUID | None = None
    kinds: tuple[str, ...] = ()
    read: bool | None = None


async def create_lead(session: AsyncSession, tenant_id: UUID, conversation_id: UUID | None, lead: CreateLead) -> UUID:
    """Store a lead and return its id. An open one of the same kind, for the same recipient, from the same conversation
    or phone number is brought up to date instead: what is new counts, and no message that was left is lost. One that
    somebody of another name left, or that has no room for both texts, stays as it is beside the new one.

    Raises:
        NotFound: there is no such tenant.
        Unprocessable: a field is too long, or there is no kind.
    """
    values: dict[str, object] = {
        "kind": bounded(lead.kind, "/kind", shortest=1, longest=40),
        "name": bounded(lead.name, "/name", longest=120),
        "phone": bounded(lead.phone, "/phone", longest=32),
        "recipient": bounded(lead.recipient, "/recipient", longest=120),
        "summary": bounded(lead.summary, "/summary", longest=_LONGEST_SUMMARY),
        "details": bounded_json(lead.details, "/details", longest=_LONGEST_DETAILS),
    }
    known = await _open_one(session, tenant_id, conversation_id, values)
    both = None if known is None else _together(known, values)
    if known is not None and both is not None:
        await _bring_up_to_date(session, known, conversation_id, values | both)
        return known.id
    lead_id = uuid7()
    own = {"id": lead_id, "tenant_id": tenant_id, "conversation_id": conversation_id}
    try:
        async with session.begin_nested():
            await session.execute(insert(LeadRow).values(**own, **values))
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        raise
    return lead_id


async def _open_one(
    session: AsyncSession, tenant_id: UUID, conversation_id: UUID | None, values: Mapping[str, object]
) -> LeadRow | None:
    kind, phone, recipient, name = values["kind"], values["phone"], values["recipient"], str(values["name"])
    # Whoever names a number need not be the one who has it; within a conversation a name may be put right.
    of_the_name = or_(LeadRow.name == "", func.lower(LeadRow.name) == func.lower(name)) if name else true()
    same: list[ColumnElement[bool]] = []
    keys = []
    if conversation_id is not None:
        put_right = or_(of_the_name, LeadRow.phone == "", LeadRow.phone == phone) if phone else true()
        same.append(and_(LeadRow.conversation_id == conversation_id, put_right))
        keys.append(f"{tenant_id} {kind} {conversation_id}")
    if phone:
        same.append(and_(LeadRow.phone == phone, of_the_name))
        keys.append(f"{tenant_id} {kind} {phone}")
    if not same:
        return None
    for key in sorted(keys):
        await session.execute(_ONE_AT_A_TIME, {"key": key})
    found = await session.execute(
        select(LeadRow)
        .where(
            and_(LeadRow.kind == kind, func.lower(LeadRow.recipient) == func.lower(str(recipient))),
            LeadRow.stage.in_([stage.value for stage in OPEN]),
            or_(*same),
        )
        .order_by(LeadRow.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalars().one_or_none()


async def _bring_up_to_date(
    session: AsyncSession, known: LeadRow, conversation_id: UUID | None, values: Mapping[str, object]
) -> None:
    columns = {
        "name": values["name"] or known.name,
        "phone": values["phone"] or known.phone,
        "summary": values["summary"],
        "details": values["details"],
        "conversation_id": conversation_id or known.conversation_id,
        "times": LeadRow.times + int(conversation_id is None or conversation_id != known.conversation_id),
        "read_at": None,
        "updated_at": func.now(),
    }
    await session.execute(
        update(LeadRow).where(LeadRow.id == known.id).values(**columns).execution_options(synchronize_session=False)
    )


def _filled(details: object) -> dict[str, object]:
    assert isinstance(details, dict)
    return {key: value for key, value in details.items() if value not in (None, "", [], {})}


def _together(known: LeadRow, values: Mapping[str, object]) -> dict[str, object] | None:
    """Summary and details of a lead with what is added to it; None where there is no room for both."""
    summary = _both(known.summary, str(values["summary"]))
    details = {**known.details, **_filled(values["details"])}
    if len(summary) > _LONGEST_SUMMARY or len(str(details)) > _LONGEST_DETAILS:
        return None
    return {"summary": summary, "details": details}


def _both(before: str, now: str) -> str:
    """Both texts, the newer one last; said again, it is kept once."""
    if not now or now in before:
        return before
    if not before or before in now:
        return now
    return f"{before}\n{now}"


async def get_lead(session: AsyncSession, lead_id: UUID, *, to_change: bool = False) -> Lead:
    """One lead of the session's tenant. With `to_change` nobody else changes it until the transaction ends.

    Raises:
        NotFound: the tenant has no such lead.
    """
    wanted = select(LeadRow).where(LeadRow.id == lead_id).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update() if to_change else wanted)
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such lead")
    return _lead(row)


async def list_leads(
    session: AsyncSession, wanted: LeadFilter = LeadFilter(), *, limit: int = 100, before: UUID | None = None
) -> list[Lead]:
    """The tenant's newest leads that meet `wanted`, newest first; those older than the lead `before`, if given."""
    rows = await session.execute(
        select(LeadRow)
        .where(*_conditions(wanted, before))
        .order_by(LeadRow.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_lead(row) for row in rows.scalars()]


def _conditions(wanted: LeadFilter, before: UUID | None) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(LeadRow.kind == wanted.kind)
    if wanted.stages:
        conditions.append(LeadRow.stage.in_([stage.value for stage in wanted.stages]))
    for column, value in ((LeadRow.recipient, wanted.recipient), (LeadRow.assignee, wanted.assignee)):
        if value:
            # Small letters are the database's on both sides: Python makes something else of "İ".
            conditions.append(func.lower(column) == func.lower(value))
    if wanted.phone:
        conditions.append(LeadRow.phone == wanted.phone)
    if wanted.kinds:
        conditions.append(LeadRow.kind.in_(wanted.kinds))
    if wanted.read is not None:
        conditions.append(LeadRow.read_at.is_not(None) if wanted.read else LeadRow.read_at.is_(None))
    if wanted.conversation_id is not None:
        conditions.append(LeadRow.conversation_id == wanted.conversation_id)
    if before is not None:
        conditions.append(LeadRow.id < before)
    return conditions


async def update_lead(
    session: AsyncSession,
    lead_id: UUID,
    *,
    stage: Stage | None = None,
    assignee: str | None = None,
    notes: str | None = None,
    read: bool | None = None,
) -> Lead:
    """Change what a person decides about a lead; None leaves a field as it is.

    Raises:
        NotFound: the tenant has no such lead.
        Unprocessable: a text is too long.
    """
    columns: dict[str, object] = {}
    if stage is not None:
        columns["stage"] = stage.value
    if assignee is not None:
        columns["assignee"] = bounded(assignee, "/assignee", longest=120)
    if notes is not None:
        columns["notes"] = bounded(notes, "/notes", longest=4000)
    if read is not None:
        columns["read_at"] = func.coalesce(LeadRow.read_at, func.now()) if read else None
    await session.execute(
        update(LeadRow)
        .where(LeadRow.id == lead_id)
        .values(**columns, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return await get_lead(session, lead_id)


async def delete_lead(session: AsyncSession, lead_id: UUID) -> None:
    """Delete a lead.

    Raises:
        NotFound: the tenant has no such lead.
    """
    gone = await session.execute(delete(LeadRow).where(LeadRow.id == lead_id).returning(LeadRow.id))
    if gone.first() is None:
        raise NotFound("There is no such lead")


async def leave_conversations(session: AsyncSession, conversation_ids: Collection[UUID], *, delete_leads: bool) -> None:
    """Before conversations are deleted: their leads go with them, or stand without them."""
    of_it = LeadRow.conversation_id.in_(conversation_ids)
    if delete_leads:
        await session.execute(delete(LeadRow).where(of_it).execution_options(synchronize_session=False))
    else:
        await session.execute(
            update(LeadRow).where(of_it).values(conversation_id=None).execution_options(synchronize_session=False)
        )


def _lead(row: LeadRow) -> Lead:
    return Lead(
        lead_id=row.id,
        conversation_id=row.conversation_id,
        kind=row.kind,
        name=row.name,
        phone=row.phone,
        summary=row.summary,
        details=row.details,
        created_at=row.created_at,
        stage=Stage(row.stage),
        recipient=row.recipient,
        assignee=row.assignee,
        notes=row.notes,
        times=row.times,
        updated_at=row.updated_at,
        read_at=row.read_at,
    )
