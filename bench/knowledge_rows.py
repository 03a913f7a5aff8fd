"""Rows for measuring search at size: a few thousand real passages, and as many more as wanted derived from them.

A derived passage has the words of a real one and its vector moved a little, by one of a few thousand seeded
directions. PostgreSQL makes them itself, so that a million take minutes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import psycopg
from numpy.typing import NDArray

from reception.domains.knowledge.chunking import chunk
from reception.domains.knowledge.search import as_text

NAMESPACE = UUID("0192d3a0-0000-7000-8000-00000000be7c")
_SEED = 20_270_310
_NOISES = 4_001
_NOISE_LENGTH = 0.55
"""Against vectors of length one: a passage and one derived from it have a cosine of about 0.88."""
_DOCUMENT_CHUNKS = 50

_MAKE_TENANT = """
    INSERT INTO tenants (id, slug, name, kind, timezone, region, locale, phone, address, hours, rules)
    VALUES (%(id)s::uuid, %(slug)s, %(slug)s, 'hotel', 'UTC', 'US', 'en-US', '', '', '{}', '{}')
"""
_MAKE_DOCUMENTS = """
    INSERT INTO knowledge_documents (id, tenant_id, title, kind, content_hash, chunk_count)
    SELECT md5(%(id)s::text || 'd' || n)::uuid, %(id)s::uuid, 'Document ' || n, 'general', md5(n::text), %(size)s::int
    FROM generate_series(0, (%(chunks)s::int - 1) / %(size)s::int) AS n
"""
_MAKE_CHUNKS = """
    INSERT INTO knowledge_chunks (id, tenant_id, document_id, position, heading, text, context, embedding)
    SELECT uuidv7(), %(id)s::uuid, md5(%(id)s::text || 'd' || i / %(size)s::int)::uuid, i, r.heading, r.text,
           'Document ' || i / %(size)s::int || ' > ' || r.heading, l2_normalize(r.embedding + n.embedding)
    FROM generate_series(0, %(chunks)s::int - 1) AS i
    JOIN real_passages r ON r.n = (i::bigint * 7919 + %(number)s::bigint * 104729) %% %(reals)s::int
    JOIN noises n ON n.n = (i::bigint * 31 + %(number)s::bigint * 1009) %% %(noises)s::int
"""


def tenant_of(number: int) -> UUID:
    return uuid5(NAMESPACE, str(number))


def real_passages(folders: Sequence[Path], most: int) -> list[tuple[str, str]]:
    """Heading and text of passages of the Markdown documents in `folders`, then of installed packages' descriptions."""
    found = dict.fromkeys((piece.heading, piece.text) for text in _texts(folders) for piece in chunk(text))
    return list(found)[:most]


def _texts(folders: Sequence[Path]) -> Iterator[str]:
    for path in sorted(path for folder in folders for path in folder.rglob("*.md")):
        yield path.read_text(encoding="utf-8")
    for package in sorted(distributions(), key=lambda each: each.name):
        yield str(package.metadata.json.get("description", ""))


def put_material(
    connection: psycopg.Connection, passages: Sequence[tuple[str, str]], vectors: NDArray[np.float32]
) -> None:
    """The real passages and the directions, in tables that rows are made of."""
    random = np.random.default_rng(_SEED)
    noises = random.normal(size=(_NOISES, vectors.shape[1]))
    noises *= _NOISE_LENGTH / np.linalg.norm(noises, axis=1, keepdims=True)
    connection.execute("CREATE TABLE real_passages (n int PRIMARY KEY, heading text, text text, embedding vector(384))")
    connection.execute("CREATE TABLE noises (n int PRIMARY KEY, embedding vector(384))")
    with connection.cursor() as cursor:
        with cursor.copy("COPY real_passages FROM STDIN") as copy:
            for number, ((heading, text), vector) in enumerate(zip(passages, vectors, strict=True)):
                copy.write_row((number, heading, text, as_text(vector)))
        with cursor.copy("COPY noises FROM STDIN") as copy:
            for number, noise in enumerate(noises):
                copy.write_row((number, as_text(noise.astype(np.float32))))
    connection.commit()


def add_tenants(conninfo: str, numbers: Sequence[int], chunks: int, reals: int) -> None:
    """Tenants with `chunks` passages each, made by two sessions at once. `conninfo` is of a superuser."""

    def add(share: Sequence[int]) -> None:
        with psycopg.connect(conninfo) as connection:
            connection.execute("SET synchronous_commit = off")
            for number in share:
                values = {
                    "id": str(tenant_of(number)),
                    "slug": f"tenant-{number}",
                    "number": number,
                    "chunks": chunks,
                    "size": _DOCUMENT_CHUNKS,
                    "reals": reals,
                    "noises": _NOISES,
                }
                for statement in (_MAKE_TENANT, _MAKE_DOCUMENTS, _MAKE_CHUNKS):
                    connection.execute(statement, values)
                connection.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, (numbers[::2], numbers[1::2])))
