"""Search of knowledge on a streaming replica: `python -m bench.knowledge_replica [--rows 100000]`.

A primary with tenants of 1,000 passages, and a replica made of it by `pg_basebackup`, on one machine. Told are the
product's search on both, alone and while passages are stored on the primary, and how long the replica is behind: from
a commit until the replica shows it.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
from sqlalchemy import make_url

from bench.knowledge_rows import add_tenants, put_material, real_passages, tenant_of
from bench.knowledge_scale import (
    CHUNKS_A_TENANT,
    DOCUMENTS,
    Asked,
    Times,
    embedded,
    read_questions,
    searched,
    server,
)
from reception.db.cluster import Cluster
from reception.db.embedded import DATABASE
from reception.providers.embedded.embeddings import MiniLmEmbedder

_MOST_REAL = 2_000
_CHANGES = 100
_STORED = 5_000_000
"""Numbers of tenants that are stored meanwhile begin here."""
_TOUCH = "UPDATE tenants SET address = %(mark)s WHERE id = %(id)s"
_SEEN = "SELECT address = %(mark)s FROM tenants WHERE id = %(id)s"


class _Backup(Cluster):
    """A data directory copied from a running server, which it then follows."""

    @classmethod
    def of(cls, primary_socket: Path, directory: Path) -> "_Backup":
        made = cls(directory)
        made.give(directory.parent)
        primary = psycopg.conninfo.make_conninfo(host=str(primary_socket), user="postgres")
        made._run("pg_basebackup", "-d", primary, "-D", str(directory), "-R", "-c", "fast", "-X", "stream")
        return made


@contextmanager
def following(primary_socket: Path) -> Iterator[Path]:
    """A replica of the server at `primary_socket`; where its own socket is."""
    with tempfile.TemporaryDirectory(prefix="reception-bench-", ignore_cleanup_errors=True) as made:
        replica = _Backup.of(primary_socket, Path(made) / "postgres")
        try:
            yield replica.start(Path(made))
        finally:
            replica.stop()


@contextmanager
def storing(conninfo: str, reals: int) -> Iterator[list[int]]:
    """Passages are stored on the primary until the block is left; the list has the tenants stored so far."""
    stored: list[int] = []
    over = threading.Event()

    def store() -> None:
        while not over.is_set():
            add_tenants(conninfo, [_STORED + len(stored)], CHUNKS_A_TENANT, reals)
            stored.append(_STORED + len(stored))

    thread = threading.Thread(target=store)
    thread.start()
    try:
        yield stored
    finally:
        over.set()
        thread.join()


def behind(primary: str, replica: str) -> Times:
    """From a commit on the primary until the replica shows it."""
    spent, values = [], {"id": tenant_of(0), "mark": ""}
    with psycopg.connect(primary, autocommit=True) as writes, psycopg.connect(replica, autocommit=True) as reads:
        for number in range(_CHANGES):
            values["mark"] = f"{number} Example Street, {time.monotonic_ns()}"
            writes.execute(_TOUCH, values)
            began = time.perf_counter()
            while (row := reads.execute(_SEEN, values).fetchone()) is None or not row[0]:
                pass
            spent.append(time.perf_counter() - began)
    return Times.of(spent)


def _tell(what: str, primary_url: str, replica_url: str, asked: Sequence[Asked], tenants: Sequence[int]) -> None:
    for name, url in (("primary", primary_url), ("replica", replica_url)):
        times = asyncio.run(searched(url, asked, tenants, again=True))
        print(f"search, {what}, {name}: p50 {times.p50} ms, p95 {times.p95} ms", flush=True)


def run(rows: int, kept: Path | None) -> None:
    embedder = MiniLmEmbedder()
    passages, texts = real_passages(DOCUMENTS, _MOST_REAL), read_questions()
    vectors = embedded(passages, embedder, kept)
    asked = [Asked(text, vector) for text, vector in zip(texts, asyncio.run(embedder.embed(texts)), strict=True)]
    with server("256MB") as (running, conninfo):
        with psycopg.connect(conninfo) as connection:
            put_material(connection, passages, vectors)
        add_tenants(conninfo, range(rows // CHUNKS_A_TENANT), CHUNKS_A_TENANT, len(passages))
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE) knowledge_chunks")
        primary_socket = Path(str(make_url(running.runtime_url).query["host"]))
        began = time.perf_counter()
        with following(primary_socket) as socket:
            print(f"a replica of {rows} passages in {time.perf_counter() - began:.1f} s", flush=True)
            url = make_url(running.runtime_url).update_query_dict({"host": str(socket)})
            replica_url = url.render_as_string(hide_password=False)
            replica = psycopg.conninfo.make_conninfo(host=str(socket), user="postgres", dbname=DATABASE)
            tenants = np.random.default_rng(rows).permutation(rows // CHUNKS_A_TENANT).tolist()
            _tell("alone", running.runtime_url, replica_url, asked, tenants)
            print(f"behind, alone: {behind(conninfo, replica)}")
            began = time.perf_counter()
            with storing(conninfo, len(passages)) as stored:
                _tell("while passages are stored", running.runtime_url, replica_url, asked, tenants)
                print(f"behind, while passages are stored: {behind(conninfo, replica)}")
            rate = len(stored) * CHUNKS_A_TENANT / (time.perf_counter() - began)
            print(f"stored meanwhile: {rate:.0f} passages a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kept-vectors", type=Path, help="a .npy file that spares embedding the passages again")
    options = parser.parse_args()
    run(options.rows, options.kept_vectors)


if __name__ == "__main__":
    main()
