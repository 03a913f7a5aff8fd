"""Analytics at size: `python -m bench.analytics [--conversations 100000] [--days 90] [--directory …] [--json]`.

One tenant has so many conversations over so many days, of four turns each, and another a quarter as many: what is
measured is what a request costs beside others' rows. Rows are made by the database itself, of the kind that calls leave
behind; then every figure and list is asked for as the routes do, and the median and the slowest of ten are told.
Everything is on an embedded server, in a directory that is removed unless it is named.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from bench.analytics_rows import TENANTS, fill, settle, sizes_mb
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.domains.analytics import bookings, calls, cost, leads, overview, times
from reception.domains.analytics.period import Bucket, Period
from reception.domains.conversations.archive import Wanted, list_conversations
from reception.domains.conversations.facts import Outcome
from reception.domains.knowledge import unanswered
from reception.jobs.conversation_hours import ConversationHours

_TIMES = 10
_FILLED = "filled"
_LAST = date(2027, 6, 30)
ZONE = ZoneInfo("America/New_York")
BETWEEN_HOURS = ZoneInfo("Asia/Kolkata")

Asking = Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds. `cpu` is what one asking takes of processors, in the database's processes and in this one: what is
    left of the time when nothing else runs."""

    what: str
    p50: float
    slowest: float
    cpu: float


def _period(days: int, bucket: Bucket) -> Period:
    return Period(_LAST - timedelta(days=days - 1), _LAST, bucket, ZONE)


def askings(days: int) -> dict[str, list[Asking]]:
    """What each route asks of the database, the whole time by the day, and the last two weeks by the hour."""
    found: dict[str, list[Asking]] = {}
    for name, period in (
        (f"{days} days by the day", _period(days, Bucket.DAY)),
        ("30 days by the day", _period(30, Bucket.DAY)),
        ("14 days by the hour", _period(14, Bucket.HOUR)),
    ):
        found |= {f"{route}, {name}": asked for route, asked in _of_period(period).items()}
    # Days begin within hours of UTC there, which are then counted from the conversations themselves.
    for name, period in (
        (f"{days} days by the day", replace(_period(days, Bucket.DAY), zone=BETWEEN_HOURS)),
        ("14 days by the hour", replace(_period(14, Bucket.HOUR), zone=BETWEEN_HOURS)),
    ):
        found[f"calls, {name}, between hours"] = _of_period(period)["calls"]
    return found | {f"conversations, {name}": [asked] for name, asked in _lists().items()}


def _of_period(period: Period) -> dict[str, list[Asking]]:
    def questions(session: AsyncSession) -> Awaitable[object]:
        return unanswered.list_unanswered(
            session, agent_id=None, since=period.start, until=period.end, limit=20, offset=0
        )

    return {
        "overview": [lambda s: overview.look_over(s, period)],
        "calls": [
            lambda s: calls.count_calls(s, period),
            lambda s: calls.count_intents(s, period),
            lambda s: calls.busy_hours(s, period),
        ],
        "reservations": [lambda s: bookings.count_reservations(s, period)],
        "leads": [lambda s: leads.count_leads(s, period)],
        "knowledge": [lambda s: calls.count_questions(s, period), questions],
        "latency": [lambda s: times.measure_latency(s, period), lambda s: times.count_switches(s, period)],
        "cost": [lambda s: cost.add_up_cost(s, period)],
    }


def _lists() -> dict[str, Asking]:
    middle = datetime.combine(_LAST - timedelta(days=40), datetime.min.time(), UTC)

    def page(wanted: Wanted, before: tuple[datetime, UUID] | None = None) -> Asking:
        return lambda session: list_conversations(session, wanted, limit=51, before=before)

    return {
        "newest": page(Wanted()),
        "a page in the middle": page(Wanted(), (middle, UUID(int=0))),
        "of an outcome": page(Wanted(outcome=Outcome.HANDED_OVER)),
        "of a caller": page(Wanted(caller_phone="+12125550042")),
        "with a lead": page(Wanted(has_lead=True)),
        "with a common word": page(Wanted(words="parking")),
        "with a rare word": page(Wanted(words="quince")),
        "with words that nobody said": page(Wanted(words="marmalade parking")),
    }


class Processors:
    """What a server, all its processes counted, and this process have used of processors."""

    def __init__(self, directory: Path) -> None:
        self._postmaster = int((directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    def used_s(self) -> float:
        """Seconds, those of processes that have ended included."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, _, rest = stat.read_text().replace(")", "(").split("(", 2)
            except (OSError, ValueError):
                continue
            fields = rest.split()
            if int(pid) == self._postmaster:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == self._postmaster:
                ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


async def measure(database: Database, asked: list[Asking], what: str, processors: Processors) -> Measured:
    spent = []
    used_s = 0.0
    for number in range(_TIMES + 1):
        if number == 1:
            used_s = processors.used_s()
        began = time.perf_counter()
        async with database.tenant_session(TENANTS[0]) as session:
            for ask in asked:
                await ask(session)
        if number:
            spent.append((time.perf_counter() - began) * 1000)
    cpu = (processors.used_s() - used_s) * 1000 / _TIMES
    return Measured(what, round(float(np.median(spent)), 1), round(max(spent), 1), round(cpu, 1))


async def run(conversations: int, days: int, kept: Path | None) -> dict[str, Any]:
    directory = kept or Path(tempfile.mkdtemp(prefix="reception-bench-"))
    is_filled = (directory / _FILLED).exists()
    server = EmbeddedPostgres.start(directory)
    try:
        migrate(server.owner_url)
        began = time.perf_counter()
        if not is_filled:
            fill(server, conversations, days, _LAST)
            (directory / _FILLED).touch()
        filled_s = time.perf_counter() - began
        database = Database(server.runtime_url)
        await ConversationHours(database).add_up()
        settle(server)
        processors = Processors(directory)
        measured = [await measure(database, asked, what, processors) for what, asked in askings(days).items()]
        await database.dispose()
        sizes = sizes_mb(server)
    finally:
        server.stop()
        if kept is None:
            shutil.rmtree(directory, ignore_errors=True)
    return {
        "conversations": conversations,
        "days": days,
        "filled_s": round(filled_s, 1),
        "sizes_mb": sizes,
        "ms": [asdict(one) for one in measured],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--directory", type=Path, help="kept, and used as it is when it has been filled before")
    wanted = parser.parse_args()
    found = asyncio.run(run(wanted.conversations, wanted.days, wanted.directory))
    if wanted.json:
        print(json.dumps(found))
        return
    print(f"{found['conversations']} conversations over {found['days']} days, filled in {found['filled_s']} s")
    print(", ".join(f"{table} {size} MB" for table, size in found["sizes_mb"].items()))
    for one in found["ms"]:
        print(f"{one['what']:<50}{one['p50']:>9.1f} ms{one['slowest']:>9.1f} ms{one['cpu']:>9.1f} ms of a processor")


if __name__ == "__main__":
    main()
