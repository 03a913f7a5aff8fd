"""Passages of a business's own documents."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrieved chunk. `heading` is its path of headings, outermost first, joined by " > ".

    `score` weighs similarity and keyword rank together; `similarity` is the cosine with the question, -1 to 1, None
    where only words matched; `keyword_rank` is the full-text rank, None where only meaning matched.
    """

    chunk_id: UUID
    document_id: UUID
    document: str
    heading: str
    text: str
    score: float
    similarity: float | None
    keyword_rank: float | None
