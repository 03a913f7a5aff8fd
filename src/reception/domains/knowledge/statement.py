"""The statement of a search, made of what is asked and of nothing else.

It goes through every passage of a tenant, so that whatever is done for each counts. A condition that asks for nothing
is left out. What holds for a whole document (its agent, kind and model) is asked of documents. The nearest are sorted
by their cosine alone, with their place in the table; only of those few is anything else read, each by that place: as a
plain join it would be for the planner to choose, who goes through the tenant once more for each of them where it takes
the tenant for nearly empty.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text

_OPTIONAL = ("named", "vector", "model", "agent_id", "kinds", "contradicted", "fulfilled")
_OTHERS_DOCUMENTS = {"agent_id": "agent_id <> CAST(:agent_id AS uuid)", "kinds": "kind <> ALL(CAST(:kinds AS text[]))"}
_OTHER_MODEL = "embedding_model <> :model"
_FOREIGN = f"{_OTHER_MODEL} AND chunk_count > 0"
"""A document that is still being read, or could not be, has no model yet, and no passages."""
_DISTANCE = "embedding <=> (SELECT vector FROM asked)"
_COSINE = f"(1 - ({_DISTANCE}))::float8"
# An index of all tenants' vectors, should there be one, must not be asked: it stops before enough are this tenant's.
_NEAREST = f"({_DISTANCE}) + 0"
_WORDIEST = "ts_rank(search, (SELECT words FROM asked), 1) DESC"
_FITS = "fields @? CAST(:fulfilled AS jsonpath)"

# What is asked is read once: as constants of the statement it would be read anew for every row under a generic plan.
_SEARCH = """
    WITH asked AS MATERIALIZED (SELECT {asked}), candidates AS MATERIALIZED ({candidates}), best AS (
        SELECT id, similarity, keyword_rank, fits,
            relevance + CASE WHEN fits THEN :filter_weight ELSE 0 END AS score
        FROM (
            SELECT *, coalesce(similarity, 0) + :word_weight * coalesce(keyword_rank, 0) AS relevance
            FROM (
                SELECT id, {similarity} AS similarity, {fits} AS fits,
                    CASE WHEN search @@ (SELECT words FROM asked)
                        THEN ts_rank(search, (SELECT words FROM asked), 1)::float8 END AS keyword_rank
                FROM candidates
                    CROSS JOIN LATERAL (SELECT * FROM knowledge_chunks WHERE ctid = candidates.at LIMIT 1) AS looked_at
            ) AS weighed
            WHERE similarity IS NOT NULL OR keyword_rank IS NOT NULL OR fits
        ) AS scored
        WHERE relevance >= :threshold OR fits
        ORDER BY score DESC, id
        LIMIT :limit
    )
    SELECT c.id, c.document_id, d.title, c.heading, c.text, c.place, c.kind, c.fields, b.similarity, b.keyword_rank,
        b.fits, b.score
    FROM best b JOIN knowledge_chunks c ON c.id = b.id JOIN knowledge_documents d ON d.id = c.document_id
    ORDER BY b.score DESC, b.id
"""


def statement_for(values: Mapping[str, Any]) -> TextClause:
    """The search for `values`: of those that may be absent, the ones that are None or empty are not in it."""
    return _made(frozenset(name for name in _OPTIONAL if values[name]))


@lru_cache(maxsize=128)
def _made(given: frozenset[str]) -> TextClause:
    asked = ["websearch_to_tsquery('english', :words) AS words"]
    similarity = "NULL::float8"
    if "vector" in given:
        asked.append("CAST(:vector AS halfvec) AS vector")
        similarity = f"CASE WHEN {_OTHER_MODEL} THEN NULL ELSE {_COSINE} END" if "model" in given else _COSINE
    if "named" in given:
        asked.append("websearch_to_tsquery('english', :named) AS named")
    return text(
        _SEARCH.format(
            asked=", ".join(asked),
            candidates=" UNION ".join(_candidates(given)),
            similarity=similarity,
            fits=_FITS if "fulfilled" in given else "false",
        )
    )


def _candidates(given: frozenset[str]) -> list[str]:
    """Where each sort of passage that is worth a closer look is found: the nearest, and those that have what is looked
    for however far they are."""
    others = [condition for name, condition in _OTHERS_DOCUMENTS.items() if name in given]
    rows = ["NOT fields @? CAST(:contradicted AS jsonpath)"] * ("contradicted" in given)
    within = [*_outside(others), *rows]
    found = []
    order = _WORDIEST
    if "vector" not in given:
        found.append(_some(within, "search @@ (SELECT words FROM asked)", order=order))
    else:
        foreign = "model" in given
        found.append(_some([*_outside([*others, *[_FOREIGN] * foreign]), *rows], order=_NEAREST))
        if foreign:
            # An array is looked up by the index of documents; where it is empty, nothing is read.
            of_foreign = f"document_id = ANY(ARRAY(SELECT id FROM knowledge_documents WHERE {_FOREIGN}))"  # noqa: S608
            found.append(_some(within, of_foreign, "search @@ (SELECT words FROM asked)", order=order))
        order = f"CASE WHEN {_OTHER_MODEL} THEN NULL ELSE {_DISTANCE} END" if foreign else _NEAREST
    if "named" in given:
        found.append(_some(within, "search @@ (SELECT named FROM asked)", order=order))
    if "fulfilled" in given:
        found.append(_some(within, "fields <> '{}'", _FITS, order=order))
    return found


def _outside(conditions: list[str]) -> list[str]:
    """Not of a document that any of `conditions` holds for: they are few or none, and kept in a hash."""
    if not conditions:
        return []
    return [f"document_id NOT IN (SELECT id FROM knowledge_documents WHERE {' OR '.join(conditions)})"]  # noqa: S608


def _some(within: list[str], *conditions: str, order: str) -> str:
    where = " AND ".join((*within, *conditions)) or "true"
    return f"(SELECT ctid AS at FROM knowledge_chunks WHERE {where} ORDER BY {order} LIMIT :candidates)"  # noqa: S608
