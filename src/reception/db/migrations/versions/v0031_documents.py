"""Documents of every sort: where they come from, how far they are taken in, and what their passages state.

A document that is on its way changes nothing yet: the version of a tenant's knowledge counts what may be answered from.
"""

from alembic import op

revision = "0031_documents"
down_revision = "0030_jobs"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_KINDS = "kind IN ('menu', 'faq', 'policy', 'listing', 'price_list', 'general')"

_UPGRADE = (
    """
    ALTER TABLE knowledge_documents
        ADD COLUMN source varchar(16) NOT NULL DEFAULT 'text' CHECK (source IN ('text', 'file', 'site', 'demo')),
        ADD COLUMN source_name varchar(2000) NOT NULL DEFAULT '',
        ADD COLUMN format varchar(16) NOT NULL DEFAULT '',
        ADD COLUMN state varchar(16) NOT NULL DEFAULT 'ready'
            CHECK (state IN ('queued', 'reading', 'embedding', 'ready', 'failed')),
        ADD COLUMN progress real NOT NULL DEFAULT 1 CHECK (progress BETWEEN 0 AND 1),
        ADD COLUMN problem_code varchar(40) NOT NULL DEFAULT '',
        ADD COLUMN problem varchar(500) NOT NULL DEFAULT '',
        ADD COLUMN notes jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN page_count integer NOT NULL DEFAULT 0,
        ADD COLUMN size_bytes bigint NOT NULL DEFAULT 0,
        ADD COLUMN options jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN wanted_hash varchar(64) NOT NULL DEFAULT '',
        ADD COLUMN revision integer NOT NULL DEFAULT 1,
        ADD COLUMN embedding_model varchar(100) NOT NULL DEFAULT 'all-MiniLM-L6-v2-int8'
    """,
    "ALTER TABLE knowledge_documents NO FORCE ROW LEVEL SECURITY",
    "UPDATE knowledge_documents SET source = 'demo' WHERE kind = 'demo'",
    f"UPDATE knowledge_documents SET kind = 'general' WHERE NOT ({_KINDS})",  # noqa: S608
    "UPDATE knowledge_documents SET wanted_hash = content_hash",
    f"ALTER TABLE knowledge_documents ADD CONSTRAINT knowledge_documents_kind CHECK ({_KINDS})",
    "CREATE INDEX knowledge_documents_wanted ON knowledge_documents (tenant_id, wanted_hash)",
    """
    ALTER TABLE knowledge_chunks
        ADD COLUMN agent_id uuid,
        ADD COLUMN kind varchar(40) NOT NULL DEFAULT 'general',
        ADD COLUMN place varchar(300) NOT NULL DEFAULT '',
        ADD COLUMN fields jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN embedding_model varchar(100) NOT NULL DEFAULT 'all-MiniLM-L6-v2-int8'
    """,
    "ALTER TABLE knowledge_chunks NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE knowledge_chunks c SET agent_id = d.agent_id, kind = d.kind
    FROM knowledge_documents d WHERE d.id = c.document_id
    """,
    "ALTER TABLE knowledge_chunks FORCE ROW LEVEL SECURITY",
    "ALTER TABLE knowledge_documents FORCE ROW LEVEL SECURITY",
    "CREATE INDEX knowledge_chunks_fields ON knowledge_chunks (tenant_id) WHERE fields <> '{}'",
    """
    CREATE TABLE knowledge_uploads (
        document_id uuid NOT NULL,
        piece integer NOT NULL CHECK (piece >= 0),
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        content bytea NOT NULL,
        PRIMARY KEY (document_id, piece),
        FOREIGN KEY (tenant_id, document_id) REFERENCES knowledge_documents (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "ALTER TABLE knowledge_uploads ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE knowledge_uploads FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON knowledge_uploads USING ({_OWN}) WITH CHECK ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_uploads TO reception_app",
    "DROP TRIGGER knowledge_documents_version ON knowledge_documents",
    """
    CREATE CONSTRAINT TRIGGER knowledge_deleted AFTER DELETE ON knowledge_documents
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_knowledge_version()
    """,
    """
    CREATE CONSTRAINT TRIGGER knowledge_changed AFTER UPDATE ON knowledge_documents
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN ((OLD.revision, OLD.title, OLD.kind, OLD.agent_id)
            IS DISTINCT FROM (NEW.revision, NEW.title, NEW.kind, NEW.agent_id))
        EXECUTE FUNCTION count_knowledge_version()
    """,
)

_DOWNGRADE = (
    "DROP TRIGGER knowledge_changed ON knowledge_documents",
    "DROP TRIGGER knowledge_deleted ON knowledge_documents",
    """
    CREATE CONSTRAINT TRIGGER knowledge_documents_version AFTER INSERT OR UPDATE OR DELETE ON knowledge_documents
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_knowledge_version()
    """,
    "DROP TABLE knowledge_uploads",
    """
    ALTER TABLE knowledge_chunks
        DROP COLUMN agent_id, DROP COLUMN kind, DROP COLUMN place, DROP COLUMN fields, DROP COLUMN embedding_model
    """,
    """
    ALTER TABLE knowledge_documents
        DROP CONSTRAINT knowledge_documents_kind, DROP COLUMN source, DROP COLUMN source_name, DROP COLUMN format,
        DROP COLUMN state, DROP COLUMN progress, DROP COLUMN problem_code, DROP COLUMN problem, DROP COLUMN notes,
        DROP COLUMN page_count, DROP COLUMN size_bytes, DROP COLUMN options, DROP COLUMN wanted_hash,
        DROP COLUMN revision, DROP COLUMN embedding_model
    """,
)


def upgrade() -> None:
    for statement in _UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWNGRADE:
        op.execute(statement)
