"""Search of knowledge at size: `python -m bench.knowledge_scale [--rows 10000 100000 1000000] [--json]`.

Tenants of 1,000 passages each are added until there are so many rows, and one tenant of 10,000. At each size: the
product's whole search; the nearest passages by reading all of a tenant's, by an HNSW index over all tenants, and in a
table partitioned by tenant; recall of the index, sizes, and how fast passages are stored. Everything is on an embedded
server in a directory that is removed.
"""

import argparse
import asyncio
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import make_url

from bench.knowledge_rows import add_tenants, put_material, real_passages, tenant_of
from reception.db.database import Database
from reception.db.embedded import DATABASE, EmbeddedPostgres
from reception.db.migrate import migrate
from reception.domains.knowledge.retrieval import Retriever
from reception.domains.knowledge.search import CANDIDATES, Scope, as_text, search
from reception.providers.embedded.embeddings import MiniLmEmbedder

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "src/reception/runtime/demo/documents", ROOT / "tests/integration/documents", ROOT / "docs")
QUESTIONS = ROOT / "tests/integration/questions"
CHUNKS_A_TENANT = 1_000
LARGE_TENANT, LARGE_CHUNKS = 1_000_000, 10_000
_MOST_REAL = 2_000
_MOST_QUESTIONS = 100
_NEAREST = 10
_AS_IN_CALLS = Scope(agent_id=tenant_of(0), model="all-MiniLM-L6-v2-int8")
"""A call always names its agent, and the model of its question's vector."""

_EXACT = """
    SELECT id FROM knowledge_chunks WHERE tenant_id = %(tenant)s
    ORDER BY (embedding <=> %(vector)s::halfvec) + 0 LIMIT %(limit)s
"""
_BY_INDEX = """
    SELECT id FROM knowledge_chunks WHERE tenant_id = %(tenant)s
    ORDER BY embedding <=> %(vector)s::halfvec LIMIT %(limit)s
"""
_HNSW = "CREATE INDEX knowledge_chunks_embedding ON knowledge_chunks USING hnsw (embedding halfvec_cosine_ops)"
_PARTITIONS = 16
_PARTED = "CREATE TABLE parted (id uuid, tenant_id uuid, embedding halfvec(384)) PARTITION BY HASH (tenant_id)"
_PARTED_EXACT = _EXACT.replace("knowledge_chunks", "parted")
_FULL_PRECISION = "CREATE TABLE full_precision AS SELECT id, tenant_id, embedding::vector(384) FROM knowledge_chunks"
_SIZES = """
    SELECT pg_table_size('knowledge_chunks'), pg_relation_size('knowledge_chunks_search'),
           coalesce(pg_relation_size(to_regclass('knowledge_chunks_embedding')), 0)
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, spent_s: Sequence[float]) -> "Times":
        low, high = np.percentile(np.array(spent_s) * 1000, (50, 95))
        return cls(round(float(low), 2), round(float(high), 2))


@dataclass(slots=True)
class Stage:
    """What was measured at one size. `of_large` is for the one tenant of 10,000."""

    rows: int
    build_s: float = 0.0
    hnsw_build_s: float = 0.0
    table_mb: float = 0.0
    words_mb: float = 0.0
    hnsw_mb: float = 0.0
    search_ms: dict[str, Times] = field(default_factory=dict)
    nearest_ms: dict[str, Times] = field(default_factory=dict)
    recall: dict[str, float] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    stored_a_s: dict[str, float] = field(default_factory=dict)
    vectors_mb: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    vector: NDArray[np.float32]


def read_questions() -> list[str]:
    lines = (line for path in sorted(QUESTIONS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())
    return [json.loads(line)["question"] for line in lines][:: max(1, 555 // _MOST_QUESTIONS)][:_MOST_QUESTIONS]


@contextmanager
def server(shared_buffers: str) -> Iterator[tuple[EmbeddedPostgres, str]]:
    """An embedded server on a directory of its own, and what a superuser connects by."""
    directory = Path(tempfile.mkdtemp(prefix="reception-bench-"))
    try:
        with _started(directory) as first:
            conninfo = _superuser(first)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute(f"ALTER SYSTEM SET shared_buffers = '{shared_buffers}'")
                connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
                connection.execute("ALTER SYSTEM SET max_connections = 40")
            migrate(first.owner_url)
        with _started(directory) as running:
            yield running, _superuser(running)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _started(directory: Path) -> Iterator[EmbeddedPostgres]:
    running = EmbeddedPostgres.start(directory)
    try:
        yield running
    finally:
        running.stop()


def _superuser(running: EmbeddedPostgres) -> str:
    host = make_url(running.owner_url).query["host"]
    return psycopg.conninfo.make_conninfo(host=str(host), user="postgres", dbname=DATABASE)


def nearest(
    connection: psycopg.Connection, statement: str, asked: Sequence[Asked], tenants: Sequence[int]
) -> tuple[Times, list[set[Any]]]:
    """The nearest ten for each question, of one tenant after the other, each twice: the second time is measured."""
    spent, found = [], []
    for number, one in enumerate(asked):
        values = {
            "tenant": tenant_of(tenants[number % len(tenants)]),
            "vector": as_text(one.vector),
            "limit": _NEAREST,
        }
        connection.execute(statement, values).fetchall()
        began = time.perf_counter()
        rows = connection.execute(statement, values).fetchall()
        spent.append(time.perf_counter() - began)
        found.append({row[0] for row in rows})
    return Times.of(spent), found


def recall(found: Sequence[set[Any]], exact: Sequence[set[Any]]) -> float:
    return round(float(np.mean([len(mine & right) / len(right) for mine, right in zip(found, exact, strict=True)])), 4)


async def searched(url: str, asked: Sequence[Asked], tenants: Sequence[int], *, again: bool) -> Times:
    """The product's search, its transaction included. `again`: each question is asked before it is measured."""
    database = Database(url, pool_size=2)
    spent = []
    try:
        for number, one in enumerate(asked):
            tenant = tenant_of(tenants[number % len(tenants)])
            for measured in (False, True) if again else (True,):
                began = time.perf_counter()
                await search(database.tenant_reader(tenant), one.text, one.vector, limit=10, scope=_AS_IN_CALLS)
                if measured:
                    spent.append(time.perf_counter() - began)
    finally:
        await database.dispose()
    return Times.of(spent)


async def retrieved(url: str, embedder: MiniLmEmbedder, asked: Sequence[Asked], tenants: Sequence[int]) -> Times:
    """A question as the dialogue asks it: embedded, searched for, all of it."""
    database = Database(url, pool_size=2)
    retriever = Retriever(database, embedder)
    spent = []
    try:
        for measured in (False, True):
            for number, one in enumerate(asked):
                began = time.perf_counter()
                await retriever.find(tenant_of(tenants[number % len(tenants)]), one.text, limit=10, scope=_AS_IN_CALLS)
                if measured:
                    spent.append(time.perf_counter() - began)
    finally:
        await database.dispose()
    return Times.of(spent)


async def kept_of_all(url: str, asked: Sequence[Asked], tenants: Sequence[int]) -> float:
    """The share of the ten best that are found when words are looked at in the nearest passages alone."""
    database = Database(url, pool_size=2)
    found: list[list[set[Any]]] = [[], []]
    try:
        for number, one in enumerate(asked):
            async with database.tenant_session(tenant_of(tenants[number % len(tenants)])) as session:
                for among, sets in zip((CANDIDATES, LARGE_CHUNKS), found, strict=True):
                    passages = await search(
                        session, one.text, one.vector, limit=10, candidates=among, scope=_AS_IN_CALLS
                    )
                    sets.append({each.chunk_id for each in passages})
    finally:
        await database.dispose()
    return recall(*found)


def measure(
    stage: Stage, running: EmbeddedPostgres, conninfo: str, asked: Sequence[Asked], tenants: Sequence[int], label: str
) -> None:
    """Search and nearest passages as the indexes now are; `label` names them in the figures."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET plan_cache_mode = force_custom_plan")
        for name, whose in (("small", tenants), ("large", [LARGE_TENANT])):
            exact_times, exact = nearest(connection, _EXACT, asked, whose)
            stage.nearest_ms[f"{name}, exact"] = exact_times
            if "hnsw" in label:
                connection.execute("SET hnsw.iterative_scan = strict_order")
                connection.execute("SET enable_sort = off")
                connection.execute("SET enable_bitmapscan = off")
                times, found = nearest(connection, _BY_INDEX, asked, whose)
                connection.execute("RESET enable_sort")
                connection.execute("RESET enable_bitmapscan")
                stage.nearest_ms[f"{name}, {label}"] = times
                stage.recall[f"{name}, {label}"] = recall(found, exact)
                values = {"tenant": tenant_of(whose[0]), "vector": as_text(asked[0].vector), "limit": _NEAREST}
                plan = connection.execute(f"EXPLAIN {_BY_INDEX}", values).fetchall()
                stage.plans[f"{name}, {label}"] = next(row[0].strip() for row in plan if "Scan" in row[0])
        sizes = connection.execute(_SIZES).fetchone()
        assert sizes is not None
        stage.table_mb, stage.words_mb, stage.hnsw_mb = (round(size / 1e6, 1) for size in sizes)
    if "hnsw" in label:
        return
    for name, whose in (("small", tenants), ("large", [LARGE_TENANT])):
        stage.search_ms[name] = asyncio.run(searched(running.runtime_url, asked, whose, again=True))
        stage.search_ms[f"{name}, with the embedding"] = asyncio.run(
            retrieved(running.runtime_url, MiniLmEmbedder(), asked, whose)
        )
        stage.recall[f"{name}, words of the nearest"] = asyncio.run(kept_of_all(running.runtime_url, asked, whose))
        stage.search_ms[f"{name}, first time"] = asyncio.run(
            searched(running.runtime_url, asked[::-1], whose[::-1], again=False)
        )


def partitioned(connection: psycopg.Connection, stage: Stage, asked: Sequence[Asked], tenants: Sequence[int]) -> None:
    """Vectors alone, in partitions by tenant, and at full precision: what more room or another layout would bring."""
    connection.execute(_PARTED)
    for number in range(_PARTITIONS):
        connection.execute(
            f"CREATE TABLE parted_{number} PARTITION OF parted"
            f" FOR VALUES WITH (MODULUS {_PARTITIONS}, REMAINDER {number})"
        )
        connection.execute(f"ALTER TABLE parted_{number} ALTER embedding SET STORAGE PLAIN")
    connection.execute("INSERT INTO parted SELECT id, tenant_id, embedding FROM knowledge_chunks")
    connection.execute("CREATE INDEX ON parted (tenant_id)")
    connection.execute(_FULL_PRECISION)
    connection.execute("CREATE INDEX ON full_precision (tenant_id)")
    connection.execute("VACUUM (ANALYZE) parted, full_precision")
    stage.nearest_ms["small, vectors alone in 16 partitions"] = nearest(connection, _PARTED_EXACT, asked, tenants)[0]
    full = _EXACT.replace("knowledge_chunks", "full_precision").replace("::halfvec", "::vector")
    stage.nearest_ms["small, vectors alone at full precision"] = nearest(connection, full, asked, tenants)[0]
    for table in ("full_precision", *(f"parted_{number}" for number in range(_PARTITIONS))):
        size = connection.execute(f"SELECT pg_total_relation_size('{table}')").fetchone()
        assert size is not None
        key = table.partition("_")[0]
        stage.vectors_mb[key] = round(stage.vectors_mb.get(key, 0.0) + size[0] / 1e6, 1)
    connection.execute("DROP TABLE parted, full_precision")


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return round(time.perf_counter() - began, 1)


def store_rate(conninfo: str, reals: int, number: int) -> float:
    """Passages stored a second, one tenant of 500 by one session, into the indexes that there are."""
    spent = timed(lambda: add_tenants(conninfo, [number], 500, reals))
    return round(500 / max(spent, 0.1), 0)


def embedded(passages: Sequence[tuple[str, str]], embedder: MiniLmEmbedder, kept: Path | None) -> NDArray[np.float32]:
    """The vectors of `passages`, read from beside `kept` where an earlier run has left those of the same passages."""
    if kept is not None:
        texts = (f"{heading}\n{text}" for heading, text in passages)
        digest = hashlib.sha256("\0".join((embedder.model, *texts)).encode()).hexdigest()
        kept = kept.with_name(f"{kept.stem}-{digest[:12]}.npy")
        if kept.exists():
            found: NDArray[np.float32] = np.load(kept)
            return found
    began = time.perf_counter()
    vectors = asyncio.run(embedder.embed([f"{heading}\n{text}" for heading, text in passages]))
    print(f"{len(passages)} real passages embedded, {len(passages) / (time.perf_counter() - began):.0f} a second")
    if kept is not None:
        np.save(kept, vectors)
    return vectors


def run(
    sizes: Sequence[int], shared_buffers: str, most_hnsw_rows: int, kept: Path | None, say: Callable[[str], None]
) -> list[Stage]:
    embedder = MiniLmEmbedder()
    passages = real_passages(DOCUMENTS, _MOST_REAL)
    texts = read_questions()
    vectors = embedded(passages, embedder, kept)
    asked = [Asked(text, vector) for text, vector in zip(texts, asyncio.run(embedder.embed(texts)), strict=True)]
    stages = []
    with server(shared_buffers) as (running, conninfo):
        with psycopg.connect(conninfo) as connection:
            put_material(connection, passages, vectors)
        made = 0
        for rows in sizes:
            stage = Stage(rows)
            tenants = range(rows // CHUNKS_A_TENANT)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute("DROP INDEX IF EXISTS knowledge_chunks_embedding")
                stage.build_s = timed(lambda made=made, tenants=tenants: add_tenants(  # type: ignore[misc]
                    conninfo, tenants[made:], CHUNKS_A_TENANT, len(passages)))  # fmt: skip
                if not made:
                    add_tenants(conninfo, [LARGE_TENANT], LARGE_CHUNKS, len(passages))
                made = len(tenants)
                connection.execute("VACUUM (ANALYZE) knowledge_chunks")
                say(f"{rows} rows in {stage.build_s} s")
                few = list(np.random.default_rng(rows).permutation(len(tenants))[:_MOST_QUESTIONS].tolist())
                measure(stage, running, conninfo, asked, few, "exact")
                stage.stored_a_s["exact"] = store_rate(conninfo, len(passages), 2_000_000 + rows)
                partitioned(connection, stage, asked, few)
                if rows <= most_hnsw_rows:
                    connection.execute("SET maintenance_work_mem = '4GB'")
                    connection.execute("SET max_parallel_maintenance_workers = 2")
                    stage.hnsw_build_s = timed(lambda connection=connection: connection.execute(_HNSW))  # type: ignore[misc]
                    say(f"HNSW in {stage.hnsw_build_s} s")
                    measure(stage, running, conninfo, asked, few, "hnsw")
                    stage.stored_a_s["hnsw"] = store_rate(conninfo, len(passages), 3_000_000 + rows)
            say(json.dumps(asdict(stage), indent=1))
            stages.append(stage)
    return stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--shared-buffers", default="1GB")
    parser.add_argument("--most-hnsw-rows", type=int, default=100_000, help="above these no HNSW index is built")
    parser.add_argument("--kept-vectors", type=Path, help="a .npy file beside which vectors are kept, to be used again")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    stages = run(
        options.rows,
        options.shared_buffers,
        options.most_hnsw_rows,
        options.kept_vectors,
        lambda text: print(text, flush=True),
    )
    if options.json:
        print(json.dumps([asdict(stage) for stage in stages]))


if __name__ == "__main__":
    main()
