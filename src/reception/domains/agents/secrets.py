"""Which of an agent's tool secrets is in use. The secrets themselves are made from the installation's key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.domains.agents.models import AgentRow

LONGEST_OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SecretInUse:
    """`number` of the secret; calls are signed with the one before it, too, until `before_until`."""

    number: int = 0
    before_until: datetime | None = None

    def numbers(self, now: datetime) -> tuple[int, ...]:
        """Of the secrets that a call is signed with at `now`, the newest first."""
        overlaps = self.number > 0 and self.before_until is not None and now < self.before_until
        return (self.number, self.number - 1) if overlaps else (self.number,)


async def secret_in_use(session: AsyncSession, agent_id: UUID) -> SecretInUse:
    """Raises `NotFound` where the tenant has no such agent."""
    chosen = select(AgentRow.tool_secret_no, AgentRow.tool_secret_before_until).where(AgentRow.id == agent_id)
    found = (await session.execute(chosen)).one_or_none()
    if found is None:
        raise NotFound("There is no such agent")
    return SecretInUse(found[0], found[1])


async def rotate_secret(session: AsyncSession, agent_id: UUID, overlap: timedelta, now: datetime) -> SecretInUse:
    """Put the next secret in use; the one before goes on beside it for `overlap`.

    Raises:
        NotFound: the tenant has no such agent.
    """
    await session.execute(
        update(AgentRow)
        .where(AgentRow.id == agent_id)
        .values(
            tool_secret_no=AgentRow.tool_secret_no + 1,
            tool_secret_before_until=now + min(overlap, LONGEST_OVERLAP) if overlap else None,
        )
        .execution_options(synchronize_session=False)
    )
    return await secret_in_use(session, agent_id)
