"""A tenant's passages are compared one by one: vectors of half precision, in the row, and no index over all tenants.

What a search reads are the passages of one tenant. To go through a thousand of them takes a millisecond and misses
none; an index of everybody's vectors, filtered afterwards, takes longer and misses some. See docs/KNOWLEDGE_SCALE.md.
"""

from alembic import op

revision = "0041_exact_search"
down_revision = "0031_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX knowledge_chunks_embedding")
    for table in ("knowledge_chunks", "answer_cache"):
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN embedding TYPE halfvec(384) USING embedding::halfvec(384),"
            " ALTER COLUMN embedding SET STORAGE PLAIN"
        )


def downgrade() -> None:
    for table in ("knowledge_chunks", "answer_cache"):
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN embedding TYPE vector(384) USING embedding::vector(384),"
            " ALTER COLUMN embedding SET STORAGE EXTERNAL"
        )
    op.execute("CREATE INDEX knowledge_chunks_embedding ON knowledge_chunks USING hnsw (embedding vector_cosine_ops)")
