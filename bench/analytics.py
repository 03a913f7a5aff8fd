"""Analytics at size: `python -m bench.analytics [--conversations 100000] [--days 90] [--directory …] [--json]`.

One tenant has so many conversations over so many days, of four turns each, and another a quarter as many: what is
measured is what a request costs beside others' rows. Rows are made by the database itself, of the kind that calls leave
behind; then every report is asked of its route in this process, and lists of the database, and the median and the
slowest of ten are told. Everything is on an embedded server, in a directory that is removed unless it is named.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import numpy as np
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from bench.analytics_rows import AGENT, TENANTS, fill, settle, sizes_mb
from reception.api import analytics
from reception.api.analytics import Asked
from reception.api.services import _services
from reception.core.clock import FixedClock
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.domains.analytics.period import Bucket, Period
from reception.domains.conversations.archive import Wanted, list_conversations
from reception.domains.conversations.facts import Outcome
from reception.jobs.rollups import Rollups

_TIMES = 10
_FILLED = "filled"
_LAST = date(2027, 6, 30)
ZONE = "America/New_York"
BETWEEN_HOURS = "Asia/Kolkata"

REPORTS = ("overview", "calls", "reservations", "leads", "knowledge", "latency", "cost")

Asking = Callable[[], Awaitable[object]]
Listing = Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds. `cpu` is what one asking takes of processors, in the database's processes and in this one: what is
    left of the time when nothing else runs."""

    what: str
    p50: float
    slowest: float
    cpu: float


class Desk:
    """Whom reports and lists are asked of: reports of the routes themselves, JSON and all, but for who may ask."""

    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._days = days
        app = FastAPI()
        app.include_router(analytics.router)
        app.dependency_overrides[analytics.asked] = _asked
        app.dependency_overrides[_services] = lambda: SimpleNamespace(database=database)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench.test")

    def askings(self) -> dict[str, Asking]:
        """Every report of everything in each kind of bucket, some of one agent, and lists."""
        days, found = self._days, dict[str, Asking]()
        for name, period in (
            (f"{days} days by the day", self._period(days, Bucket.DAY)),
            ("30 days by the day", self._period(30, Bucket.DAY)),
            ("14 days by the hour", self._period(14, Bucket.HOUR)),
            (f"{days} days by the week", self._period(days, Bucket.WEEK)),
            (f"{days} days by the month", self._period(days, Bucket.MONTH)),
        ):
            found |= {f"{report}, {name}": self._report(report, period) for report in REPORTS}
        for name, period in (
            (f"{days} days by the day", self._period(days, Bucket.DAY)),
            ("14 days by the hour", self._period(14, Bucket.HOUR)),
        ):
            of_one = period | {"agent_id": str(AGENT)}
            found |= {f"{report}, {name}, an agent": self._report(report, of_one) for report in REPORTS}
            # Days begin within hours of UTC there, which are then counted from the conversations themselves.
            found[f"calls, {name}, between hours"] = self._report("calls", period | {"zone": BETWEEN_HOURS})
        return found | {f"conversations, {name}": self._list(wanted) for name, wanted in _lists().items()}

    def _period(self, days: int, bucket: Bucket) -> dict[str, str]:
        return {"first": str(_LAST - timedelta(days=days - 1)), "bucket": bucket.value, "zone": ZONE}

    def _report(self, name: str, query: dict[str, str]) -> Asking:
        async def ask() -> object:
            return (await self._http.get(f"/analytics/{name}", params=query)).raise_for_status()

        return ask

    def _list(self, wanted: Listing) -> Asking:
        async def ask() -> object:
            async with self._database.tenant_session(TENANTS[0]) as session:
                return await wanted(session)

        return ask


def _asked(first: date, bucket: Bucket, zone: str) -> Asked:
    return Asked(TENANTS[0], Period(first, _LAST, bucket, ZoneInfo(zone)), as_csv=False)


def _lists() -> dict[str, Listing]:
    middle = datetime.combine(_LAST - timedelta(days=40), datetime.min.time(), UTC)

    def page(wanted: Wanted, before: tuple[datetime, UUID] | None = None) -> Listing:
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


async def measure(ask: Asking, what: str, processors: Processors) -> Measured:
    spent = []
    used_s = 0.0
    for number in range(_TIMES + 1):
        if number == 1:
            used_s = processors.used_s()
        began = time.perf_counter()
        await ask()
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
        await Rollups(database, FixedClock(datetime.combine(_LAST, datetime.max.time(), UTC))).add_up()
        settle(server)
        processors = Processors(directory)
        desk = Desk(database, days)
        measured = [await measure(ask, what, processors) for what, ask in desk.askings().items()]
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
