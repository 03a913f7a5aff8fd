"""Effects that reach beyond the database: claimed before they run, so that only one process runs them at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.db.bounds import storable
from reception.domains.conversations.models import EffectRun
from reception.domains.conversations.service import find_outcome, record_outcome
from reception.ports.dialogue import Json

_RUNNING = "running"


async def claim(
    session: AsyncSession,
    tenant_id: UUID,
    conversation_id: UUID,
    turn: int,
    index: int,
    effect: str,
    *,
    now: datetime,
    until: datetime,
) -> Mapping[str, Json] | None:
    """Take it upon oneself to run `effect` by `until`. None when it is the caller's to run; else what is stored of it:
    the outcome, or another's claim, see `is_claim`.

    A claim that has run out is anybody's: its holder has died, and whoever runs the effect again does so under the same
    key, by which the other side knows it.
    """
    stored = await find_outcome(session, conversation_id, turn, index)
    claimed: dict[str, Json] = {"effect": effect, "kind": _RUNNING, "until": until.isoformat()}
    if stored is None:
        await record_outcome(session, tenant_id, conversation_id, turn, index, claimed)
        return None
    if stored.get("effect") == effect and is_claim(stored) and claimed_until(stored) <= now:
        await settle(session, conversation_id, turn, index, claimed)
        return None
    return stored


async def settle(
    session: AsyncSession, conversation_id: UUID, turn: int, index: int, outcome: Mapping[str, Json]
) -> None:
    """Put `outcome` in the place of a claim."""
    await session.execute(
        update(EffectRun)
        .where(EffectRun.conversation_id == conversation_id, EffectRun.turn == turn, EffectRun.index == index)
        .values(outcome=storable(outcome))
        .execution_options(synchronize_session=False)
    )


def is_claim(stored: Mapping[str, Json]) -> bool:
    return stored.get("kind") == _RUNNING


def claimed_until(stored: Mapping[str, Json]) -> datetime:
    return datetime.fromisoformat(cast("str", stored["until"]))
