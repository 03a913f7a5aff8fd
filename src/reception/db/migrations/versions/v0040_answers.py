"""What answers depend on is counted, so that one given before a change is never given after it; and the answers kept.

`tenants.knowledge_version` goes up with every change of a document, at its commit; `tenants.version` with every change
of the business's profile or of what it lets out. Both are triggers, for no code path to forget them.
"""

from alembic import op

revision = "0040_answers"
down_revision = "0003_taking_up"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_TABLES = (
    """
    CREATE TABLE answer_cache (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        agent_id uuid NOT NULL,
        locale varchar(35) NOT NULL,
        question varchar(500) NOT NULL,
        question_hash bytea NOT NULL,
        key bytea NOT NULL,
        agent_version bigint NOT NULL,
        business_version bigint NOT NULL,
        knowledge_version bigint NOT NULL,
        model varchar(120) NOT NULL DEFAULT '',
        embedding vector(384),
        answer jsonb NOT NULL,
        cost_ms double precision NOT NULL CHECK (cost_ms >= 0),
        cost_tokens integer NOT NULL CHECK (cost_tokens >= 0),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        UNIQUE (tenant_id, question_hash),
        FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX answer_cache_agent ON answer_cache (tenant_id, agent_id, created_at)",
    """
    CREATE TABLE answer_cache_stats (
        tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
        process_hits bigint NOT NULL DEFAULT 0,
        database_hits bigint NOT NULL DEFAULT 0,
        semantic_hits bigint NOT NULL DEFAULT 0,
        misses bigint NOT NULL DEFAULT 0,
        stale_prevented bigint NOT NULL DEFAULT 0,
        saved_ms double precision NOT NULL DEFAULT 0,
        saved_tokens bigint NOT NULL DEFAULT 0,
        since timestamptz NOT NULL DEFAULT now()
    )
    """,
)

_FUNCTIONS = (
    """
    CREATE FUNCTION count_knowledge_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE tenants SET knowledge_version = knowledge_version + 1 WHERE id = coalesce(NEW.tenant_id, OLD.tenant_id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION count_business_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF to_jsonb(NEW) - 'version' - 'knowledge_version' IS DISTINCT FROM
           to_jsonb(OLD) - 'version' - 'knowledge_version' THEN
            NEW.version := OLD.version + 1;
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION count_business_version_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE tenants SET version = version + 1 WHERE id IN (SELECT tenant_id FROM changed);
        RETURN NULL;
    END $$
    """,
)

_TRIGGERS = (
    """
    CREATE CONSTRAINT TRIGGER knowledge_documents_version AFTER INSERT OR UPDATE OR DELETE ON knowledge_documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_knowledge_version()
    """,
    """
    CREATE TRIGGER tenants_version BEFORE UPDATE ON tenants
    FOR EACH ROW EXECUTE FUNCTION count_business_version()
    """,
    *(
        f"""
        CREATE TRIGGER resources_version_{event.lower()} AFTER {event} ON resources
        REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_business_version_of_changed()
        """
        for event, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tenants ADD COLUMN version bigint NOT NULL DEFAULT 1,"
        " ADD COLUMN knowledge_version bigint NOT NULL DEFAULT 1"
    )
    for statement in (*_TABLES, *_FUNCTIONS, *_TRIGGERS):
        op.execute(statement)
    for table in ("answer_cache", "answer_cache_stats"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")


def downgrade() -> None:
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER resources_version_{event} ON resources")
    op.execute("DROP TRIGGER tenants_version ON tenants")
    op.execute("DROP TRIGGER knowledge_documents_version ON knowledge_documents")
    for function in ("count_business_version_of_changed", "count_business_version", "count_knowledge_version"):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP TABLE answer_cache_stats")
    op.execute("DROP TABLE answer_cache")
    op.execute("ALTER TABLE tenants DROP COLUMN version, DROP COLUMN knowledge_version")
