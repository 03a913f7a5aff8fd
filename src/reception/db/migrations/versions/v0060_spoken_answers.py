"""A kept answer has its synthesised audio, and says who worded it.

`answer_cache.writer` names the language model, its settings and its instructions: what another wrote is not found.
Audio goes with its answer, and is found by a key of text, voice, lexicon, provider and rate.
"""

from alembic import op

revision = "0060_spoken_answers"
down_revision = "0082_messages_read"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"


def upgrade() -> None:
    op.execute("ALTER TABLE answer_cache ADD COLUMN writer varchar(300) NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE answer_cache ADD CONSTRAINT answer_cache_of_tenant UNIQUE (tenant_id, id)")
    op.execute(
        """
        CREATE TABLE answer_speech (
            tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
            answer_id uuid NOT NULL,
            speech_key bytea NOT NULL,
            audio bytea NOT NULL,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, answer_id, speech_key),
            FOREIGN KEY (tenant_id, answer_id) REFERENCES answer_cache (tenant_id, id) ON DELETE CASCADE
        )
        """
    )
    # Samples do not compress; trying takes longer than reading them.
    op.execute("ALTER TABLE answer_speech ALTER COLUMN audio SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX answer_speech_key ON answer_speech (tenant_id, speech_key)")
    op.execute("ALTER TABLE answer_speech ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE answer_speech FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON answer_speech USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON answer_speech TO reception_app")


def downgrade() -> None:
    op.execute("DROP TABLE answer_speech")
    op.execute("ALTER TABLE answer_cache DROP CONSTRAINT answer_cache_of_tenant, DROP COLUMN writer")
