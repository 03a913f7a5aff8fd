"""Which single-use tickets were used, known to every process on one database."""

from datetime import datetime
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.db.violations import is_violation
from reception.domains.access.models import UsedTicket


async def use_ticket(
    session: AsyncSession, tenant_id: UUID, ticket_id: UUID, expires_at: datetime, now: datetime
) -> bool:
    """Whether this is the ticket's first use, which is remembered until it expires. Both times are aware.

    False also for a ticket of a business that is gone.
    """
    await session.execute(delete(UsedTicket).where(UsedTicket.expires_at <= now))
    first = insert(UsedTicket).values(id=ticket_id, tenant_id=tenant_id, expires_at=expires_at)
    try:
        async with session.begin_nested():
            used = await session.execute(first.on_conflict_do_nothing().returning(UsedTicket.id))
            return used.first() is not None
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            return False
        raise
