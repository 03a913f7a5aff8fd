"""Questions that could not be answered, grouped by meaning; what each sentence rests on; and which tenants' passages
were embedded by another model.

Of who asked nothing is kept: an asking is a hash, by which the same one is not counted twice.
"""

from alembic import op

revision = "0032_unanswered"
down_revision = "0050_provider_keys"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_TABLES = (
    """
    CREATE TABLE unanswered_questions (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        agent_id uuid,
        question varchar(300) NOT NULL,
        normalized varchar(300) NOT NULL,
        group_id uuid NOT NULL,
        embedding halfvec(384),
        embedding_model varchar(100) NOT NULL DEFAULT '',
        dismissed_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_id, id),
        CONSTRAINT unanswered_questions_normalized UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, normalized),
        FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX unanswered_questions_group ON unanswered_questions (tenant_id, group_id)",
    """
    CREATE TABLE unanswered_askings (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        question_id uuid NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (tenant_id, question_id) REFERENCES unanswered_questions (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX unanswered_askings_question ON unanswered_askings (tenant_id, question_id, asked_at)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("unanswered_questions", "unanswered_askings"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    op.execute("ALTER TABLE messages ADD COLUMN sentences jsonb NOT NULL DEFAULT '[]'")
    op.execute("CREATE POLICY reembedding ON knowledge_documents FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(
        """
        CREATE FUNCTION tenants_embedded_otherwise(model text) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT DISTINCT tenant_id FROM knowledge_documents WHERE chunk_count > 0 AND embedding_model <> model
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION tenants_embedded_otherwise(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION tenants_embedded_otherwise(text) TO reception_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION tenants_embedded_otherwise(text)")
    op.execute("DROP POLICY reembedding ON knowledge_documents")
    op.execute("ALTER TABLE messages DROP COLUMN sentences")
    op.execute("DROP TABLE unanswered_askings, unanswered_questions")
