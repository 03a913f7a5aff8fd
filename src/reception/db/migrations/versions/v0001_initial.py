"""The first schema: tenants, users, agents, conversations, knowledge, resources and reservations, leads.

Every tenant table has row-level security that binds its owner too. The run-time role may read and write rows, nothing
else. Users without a tenant, the platform's own administrators, are within reach of the owning role alone.
"""

from alembic import op

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE tenants (
        id uuid PRIMARY KEY,
        slug varchar(63) NOT NULL UNIQUE,
        name varchar(120) NOT NULL,
        kind varchar(32) NOT NULL,
        timezone varchar(64) NOT NULL,
        region varchar(2) NOT NULL,
        locale varchar(35) NOT NULL,
        phone varchar(32) NOT NULL,
        address varchar(300) NOT NULL,
        hours jsonb NOT NULL,
        rules jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE users (
        id uuid PRIMARY KEY,
        tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
        email varchar(254) NOT NULL UNIQUE CHECK (email = lower(email)),
        password_hash varchar(255) NOT NULL,
        role varchar(32) NOT NULL CHECK (role IN ('platform_admin', 'owner', 'manager', 'staff', 'read_only')),
        created_at timestamptz NOT NULL DEFAULT now(),
        CHECK ((role = 'platform_admin') = (tenant_id IS NULL))
    )
    """,
    "CREATE INDEX users_tenant_id ON users (tenant_id)",
    """
    CREATE TABLE agents (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        name varchar(120) NOT NULL,
        kind varchar(32) NOT NULL,
        settings jsonb NOT NULL,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_id, id)
    )
    """,
    """
    CREATE TABLE conversations (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        agent_id uuid,
        channel varchar(16) NOT NULL,
        caller_phone varchar(32) NOT NULL DEFAULT '',
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        end_reason varchar(200) NOT NULL DEFAULT '',
        last_turn integer NOT NULL DEFAULT 0,
        state jsonb NOT NULL DEFAULT '{}',
        UNIQUE (tenant_id, id),
        FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE SET NULL (agent_id)
    )
    """,
    "CREATE INDEX conversations_started ON conversations (tenant_id, started_at)",
    "CREATE INDEX conversations_agent ON conversations (agent_id)",
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        conversation_id uuid NOT NULL,
        turn integer NOT NULL CHECK (turn >= 0),
        speaker varchar(8) NOT NULL CHECK (speaker IN ('caller', 'agent')),
        text text NOT NULL,
        commands jsonb NOT NULL DEFAULT '[]',
        citations jsonb NOT NULL DEFAULT '[]',
        heard text,
        interrupted boolean NOT NULL DEFAULT false,
        metrics jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (conversation_id, turn, speaker),
        FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX messages_tenant_id ON messages (tenant_id)",
    """
    CREATE TABLE effect_runs (
        conversation_id uuid NOT NULL,
        turn integer NOT NULL,
        index integer NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        outcome jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (conversation_id, turn, index),
        FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX effect_runs_tenant_id ON effect_runs (tenant_id)",
    """
    CREATE TABLE knowledge_documents (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        agent_id uuid,
        title varchar(200) NOT NULL,
        kind varchar(40) NOT NULL,
        content_hash varchar(64) NOT NULL,
        chunk_count integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_id, id),
        CONSTRAINT knowledge_documents_title UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, title),
        FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX knowledge_documents_hash ON knowledge_documents (tenant_id, content_hash)",
    """
    CREATE TABLE knowledge_chunks (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        document_id uuid NOT NULL,
        position integer NOT NULL,
        heading varchar(600) NOT NULL,
        text text NOT NULL,
        context varchar(900) NOT NULL,
        embedding vector(384) NOT NULL,
        search tsvector NOT NULL GENERATED ALWAYS AS (
            setweight(to_tsvector('english', text), 'A') || setweight(to_tsvector('english', context), 'B')
        ) STORED,
        UNIQUE (document_id, position),
        FOREIGN KEY (tenant_id, document_id) REFERENCES knowledge_documents (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX knowledge_chunks_tenant_id ON knowledge_chunks (tenant_id)",
    "CREATE INDEX knowledge_chunks_search ON knowledge_chunks USING gin (search)",
    "CREATE INDEX knowledge_chunks_embedding ON knowledge_chunks USING hnsw (embedding vector_cosine_ops)",
    """
    CREATE TABLE resources (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        resource_no bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
        kind varchar(16) NOT NULL CHECK (kind IN ('table', 'room', 'viewing')),
        name varchar(120) NOT NULL,
        place varchar(200) NOT NULL DEFAULT '',
        capacity integer NOT NULL CHECK (capacity > 0),
        attributes jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_id, resource_no),
        UNIQUE (tenant_id, kind, name, place)
    )
    """,
    """
    CREATE TABLE reservations (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        conversation_id uuid,
        status varchar(16) NOT NULL CHECK (status IN ('held', 'confirmed', 'cancelled', 'expired')),
        reference varchar(6),
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        party_size integer NOT NULL CHECK (party_size > 0),
        place varchar(200) NOT NULL DEFAULT '',
        guest_name varchar(120) NOT NULL DEFAULT '',
        guest_phone varchar(32) NOT NULL DEFAULT '',
        guest_email varchar(254) NOT NULL DEFAULT '',
        notes varchar(1000) NOT NULL DEFAULT '',
        hold_expires_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (ends_at > starts_at),
        CHECK (status <> 'held' OR (hold_expires_at IS NOT NULL AND conversation_id IS NOT NULL)),
        CHECK (status <> 'confirmed' OR (reference IS NOT NULL AND guest_name <> '')),
        UNIQUE (tenant_id, id),
        CONSTRAINT reservations_reference UNIQUE (tenant_id, reference)
    )
    """,
    "CREATE INDEX reservations_starts ON reservations (tenant_id, starts_at)",
    "CREATE INDEX reservations_phone ON reservations (tenant_id, guest_phone)",
    """
    CREATE UNIQUE INDEX reservations_one_hold ON reservations (conversation_id) WHERE status = 'held'
    """,
    """
    CREATE TABLE allocations (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        reservation_id uuid NOT NULL,
        resource_no bigint NOT NULL,
        period tstzrange NOT NULL CHECK (NOT isempty(period)),
        blocking boolean NOT NULL DEFAULT true,
        PRIMARY KEY (reservation_id, resource_no),
        FOREIGN KEY (tenant_id, reservation_id) REFERENCES reservations (tenant_id, id) ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, resource_no) REFERENCES resources (tenant_id, resource_no)
            DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT allocations_no_overlap EXCLUDE USING gist (
            int8range(resource_no, resource_no, '[]') WITH &&, period WITH &&
        ) WHERE (blocking)
    )
    """,
    "CREATE INDEX allocations_tenant_period ON allocations (tenant_id, lower(period)) WHERE blocking",
    """
    CREATE TABLE leads (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        conversation_id uuid,
        kind varchar(40) NOT NULL,
        name varchar(120) NOT NULL,
        phone varchar(32) NOT NULL,
        summary varchar(2000) NOT NULL,
        details jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX leads_created ON leads (tenant_id, created_at)",
)

TENANT_COLUMN = {
    "tenants": "id",
    "users": "tenant_id",
    "agents": "tenant_id",
    "conversations": "tenant_id",
    "messages": "tenant_id",
    "effect_runs": "tenant_id",
    "knowledge_documents": "tenant_id",
    "knowledge_chunks": "tenant_id",
    "resources": "tenant_id",
    "reservations": "tenant_id",
    "allocations": "tenant_id",
    "leads": "tenant_id",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, column in TENANT_COLUMN.items():
        own = f"{column} = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({own}) WITH CHECK ({own})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    op.execute("GRANT USAGE ON SCHEMA public TO reception_app")
    op.execute(
        "CREATE POLICY login ON users FOR SELECT USING (email = NULLIF(current_setting('app.login_email', true), ''))"
    )
    op.execute(
        "CREATE POLICY platform_admins ON users TO CURRENT_USER"
        " USING (tenant_id IS NULL) WITH CHECK (tenant_id IS NULL AND role = 'platform_admin')"
    )


def downgrade() -> None:
    for table in reversed(TENANT_COLUMN):
        op.execute(f"DROP TABLE {table}")
