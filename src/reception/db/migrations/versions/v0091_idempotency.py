"""Requests of every kind that carried an `Idempotency-Key`, with the sealed answer that a repetition gets; reservations
need no key of their own beside."""

from alembic import op

revision = "0091_idempotency"
down_revision = "0101_transcript_retention"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_STATEMENTS = (
    """
    CREATE TABLE idempotent_requests (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
        asked_hash bytea NOT NULL CHECK (octet_length(asked_hash) = 32),
        begun_at timestamptz NOT NULL,
        sealed_under varchar(16),
        answer bytea CHECK (octet_length(answer) <= 4194304),
        PRIMARY KEY (tenant_id, key_hash),
        CHECK ((sealed_under IS NULL) = (answer IS NULL))
    )
    """,
    "CREATE INDEX idempotent_requests_begun ON idempotent_requests (tenant_id, begun_at)",
    "ALTER TABLE idempotent_requests ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE idempotent_requests FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON idempotent_requests USING ({_OWN}) WITH CHECK ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON idempotent_requests TO reception_app",
    "ALTER TABLE reservations DROP CONSTRAINT reservations_request_key, DROP COLUMN request_key",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE idempotent_requests")
    op.execute(
        """
        ALTER TABLE reservations ADD COLUMN request_key varchar(200),
            ADD CONSTRAINT reservations_request_key UNIQUE (tenant_id, request_key)
        """
    )
