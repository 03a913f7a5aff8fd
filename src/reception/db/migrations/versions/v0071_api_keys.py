"""API keys of tenants, found by their shown prefix before the tenant is known; and the list of tenants, for operators.

Both functions run as the owner of the tables, see `v0070_accounts`.
"""

from alembic import op

revision = "0071_api_keys"
down_revision = "0070_accounts"
branch_labels = None
depends_on = None

_OWN = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

_STATEMENTS = (
    """
    CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        name varchar(120) NOT NULL,
        prefix varchar(16) NOT NULL UNIQUE,
        hash bytea NOT NULL CHECK (octet_length(hash) = 32),
        scopes varchar(40)[] NOT NULL,
        created_by uuid REFERENCES users ON DELETE SET NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX api_keys_tenant ON api_keys (tenant_id, id)",
    "CREATE INDEX api_keys_created_by ON api_keys (created_by)",
    "ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE api_keys FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON api_keys USING ({_OWN}) WITH CHECK ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO reception_app",
    """
    CREATE POLICY found_by_prefix ON api_keys FOR SELECT TO CURRENT_USER
        USING (current_setting('app.finding', true) = 'key')
    """,
    """
    CREATE FUNCTION find_api_key(shown text)
        RETURNS TABLE (key_id uuid, tenant_id uuid, hash bytea, scopes varchar[], expires_at timestamptz)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM set_config('app.finding', 'key', true);
        RETURN QUERY
            SELECT k.id, k.tenant_id, k.hash, k.scopes, k.expires_at
            FROM public.api_keys k WHERE k.prefix = shown AND k.revoked_at IS NULL;
        PERFORM set_config('app.finding', '', true);
    END $$
    """,
    """
    CREATE POLICY listed ON tenants FOR SELECT TO CURRENT_USER
        USING (current_setting('app.finding', true) = 'tenants')
    """,
    """
    CREATE FUNCTION list_tenants(after uuid, most integer)
        RETURNS TABLE (id uuid, slug varchar, name varchar, kind varchar, created_at timestamptz)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM set_config('app.finding', 'tenants', true);
        RETURN QUERY
            SELECT t.id, t.slug, t.name, t.kind, t.created_at FROM public.tenants t
            WHERE after IS NULL OR t.id > after ORDER BY t.id LIMIT most;
        PERFORM set_config('app.finding', '', true);
    END $$
    """,
    "REVOKE ALL ON FUNCTION find_api_key, list_tenants FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION find_api_key, list_tenants TO reception_app",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION list_tenants")
    op.execute("DROP POLICY listed ON tenants")
    op.execute("DROP FUNCTION find_api_key")
    op.execute("DROP TABLE api_keys")
