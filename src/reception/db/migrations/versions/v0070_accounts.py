"""Accounts that sign in: users can be deactivated, sign-ins have sessions, failed ones are counted for all processes.

Who signs in is not known by their tenant yet: `find_login` tells the one user of an e-mail address, and only what
signing in needs. It runs as the owner of the tables, whom a policy of the owner's alone lets read users in a
transaction that says it looks for a login. From then on a session sees its user's own account.
"""

from alembic import op

revision = "0070_accounts"
down_revision = "0032_unanswered"
branch_labels = None
depends_on = None

_OWN_TENANT = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
_OWN_ACCOUNT = "NULLIF(current_setting('app.user_id', true), '')::uuid"

_USERS = (
    """
    ALTER TABLE users
        ADD COLUMN name varchar(120) NOT NULL DEFAULT '',
        ADD COLUMN active boolean NOT NULL DEFAULT true,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN last_login_at timestamptz,
        ALTER COLUMN password_hash DROP NOT NULL
    """,
    "DROP POLICY login ON users",
    f"CREATE POLICY own_account ON users FOR SELECT USING (id = {_OWN_ACCOUNT})",
    f"CREATE POLICY own_account_changed ON users FOR UPDATE USING (id = {_OWN_ACCOUNT})",
    """
    CREATE FUNCTION keep_users_in_place() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.tenant_id IS DISTINCT FROM OLD.tenant_id
           OR (NEW.role = 'platform_admin') <> (OLD.role = 'platform_admin') THEN
            RAISE insufficient_privilege USING MESSAGE = 'a user stays in their tenant';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER users_in_place BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep_users_in_place()",
    """
    CREATE POLICY found_by_login ON users FOR SELECT TO CURRENT_USER
        USING (current_setting('app.finding', true) = 'login')
    """,
    """
    CREATE FUNCTION find_login(address text)
        RETURNS TABLE (user_id uuid, tenant_id uuid, role varchar, password_hash varchar)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM set_config('app.finding', 'login', true);
        RETURN QUERY
            SELECT u.id, u.tenant_id, u.role, u.password_hash FROM public.users u WHERE u.email = address AND u.active;
        PERFORM set_config('app.finding', '', true);
    END $$
    """,
    "REVOKE ALL ON FUNCTION find_login FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION find_login TO reception_app",
)

_TABLES = {
    "user_sessions": """
        CREATE TABLE user_sessions (
            id uuid PRIMARY KEY,
            tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            client varchar(200) NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            ended_at timestamptz,
            end_reason varchar(16) NOT NULL DEFAULT ''
        )
    """,
    "refresh_tokens": """
        CREATE TABLE refresh_tokens (
            hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
            tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            session_id uuid NOT NULL REFERENCES user_sessions ON DELETE CASCADE,
            used_at timestamptz
        )
    """,
    "password_tokens": """
        CREATE TABLE password_tokens (
            user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
            hash bytea NOT NULL CHECK (octet_length(hash) = 32),
            expires_at timestamptz NOT NULL
        )
    """,
}

_INDEXES = (
    "CREATE INDEX user_sessions_user ON user_sessions (user_id, created_at)",
    "CREATE INDEX user_sessions_tenant ON user_sessions (tenant_id)",
    "CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)",
    "CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id)",
    "CREATE INDEX refresh_tokens_tenant ON refresh_tokens (tenant_id)",
    "CREATE INDEX password_tokens_tenant ON password_tokens (tenant_id)",
    "CREATE INDEX login_attempts_touched ON login_attempts (touched_at)",
)


def upgrade() -> None:
    for statement in _USERS:
        op.execute(statement)
    for table, statement in _TABLES.items():
        op.execute(statement)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT})")
        own = f"user_id = {_OWN_ACCOUNT}"
        op.execute(f"CREATE POLICY own_account ON {table} USING ({own}) WITH CHECK ({own})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO reception_app")
    # Of no tenant: who fails to sign in is known by nothing but a hash of the address tried, or of the client's.
    op.execute(
        """
        CREATE TABLE login_attempts (
            key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
            failed_at timestamptz[] NOT NULL,
            wait_s integer NOT NULL,
            blocked_until timestamptz,
            touched_at timestamptz NOT NULL
        )
        """
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON login_attempts TO reception_app")
    for index in _INDEXES:
        op.execute(index)


def downgrade() -> None:
    op.execute("DROP TABLE login_attempts")
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION find_login")
    for policy in ("found_by_login", "own_account_changed", "own_account"):
        op.execute(f"DROP POLICY {policy} ON users")
    op.execute("DROP TRIGGER users_in_place ON users")
    op.execute("DROP FUNCTION keep_users_in_place")
    op.execute("DELETE FROM users WHERE password_hash IS NULL")
    op.execute(
        "ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL, DROP COLUMN name, DROP COLUMN active,"
        " DROP COLUMN version, DROP COLUMN last_login_at"
    )
    op.execute(
        "CREATE POLICY login ON users FOR SELECT USING (email = NULLIF(current_setting('app.login_email', true), ''))"
    )
