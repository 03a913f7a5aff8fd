"""Agents as data: a definition, a draft beside what is published, every version, and the one that each call had."""

from alembic import op

revision = "0020_agent_versions"
down_revision = "0040_answers"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE agents
            ADD COLUMN definition jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN revision integer NOT NULL DEFAULT 1,
            ADD COLUMN draft jsonb
        """
    )
    op.execute(
        """
        CREATE TABLE agent_versions (
            agent_id uuid NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
            name varchar(120) NOT NULL,
            settings jsonb NOT NULL,
            definition jsonb NOT NULL,
            note varchar(200) NOT NULL DEFAULT '',
            restores integer,
            published_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (agent_id, version),
            FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX agent_versions_tenant_id ON agent_versions (tenant_id)")
    # The owner is bound by the policies too, and has no tenant here.
    op.execute("ALTER TABLE agents NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        INSERT INTO agent_versions (agent_id, version, tenant_id, name, settings, definition)
        SELECT id, version, tenant_id, name, settings, definition FROM agents
        """
    )
    op.execute("ALTER TABLE agents FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE agent_versions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE agent_versions FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON agent_versions USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON agent_versions TO reception_app")
    op.execute("ALTER TABLE conversations ADD COLUMN agent_version integer")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN agent_version")
    op.execute("DROP TABLE agent_versions")
    op.execute("ALTER TABLE agents DROP COLUMN definition, DROP COLUMN revision, DROP COLUMN draft")
