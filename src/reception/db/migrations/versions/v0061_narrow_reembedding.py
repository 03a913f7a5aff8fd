"""The owning role reads all tenants' documents within `tenants_embedded_otherwise` alone, which tells only ids."""

from alembic import op

revision = "0061_narrow_reembedding"
down_revision = "0060_spoken_answers"
branch_labels = None
depends_on = None

_HEAD = "CREATE OR REPLACE FUNCTION tenants_embedded_otherwise(model text) RETURNS SETOF uuid"
_FOUND = "SELECT DISTINCT d.tenant_id FROM knowledge_documents d WHERE d.chunk_count > 0 AND d.embedding_model <> model"


def upgrade() -> None:
    op.execute(
        f"""
        {_HEAD} LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM set_config('app.reembedding', 'on', true);
            RETURN QUERY {_FOUND};
            PERFORM set_config('app.reembedding', '', true);
        END $$
        """
    )
    op.execute(
        "ALTER POLICY reembedding ON knowledge_documents USING (current_setting('app.reembedding', true) = 'on')"
    )


def downgrade() -> None:
    op.execute("ALTER POLICY reembedding ON knowledge_documents USING (true)")
    op.execute(f"{_HEAD} LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ {_FOUND} $$")
